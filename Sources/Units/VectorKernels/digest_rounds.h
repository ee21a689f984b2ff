// SPDX-License-Identifier: Apache-2.0
//
// Compression by all digests, for any number of lanes. To be included by a file that defines
//
//     DIGEST_TARGET                              attribute naming the processor's features
//     DIGEST_COMPRESS(name)                      names of the functions
//     lanes32, lanes64                           types that have one word of each lane
//     splat32, splat64                           the same word in all lanes
//     choose, majority, parity                   of bits: x ? y : z; at least two; an odd number; 32 or 64 at the end
//     or_not32                                   y + (x or not z)
//     load_big_endian32, load_little_endian32,   16 words of a block of each lane
//     load_big_endian64
//
// With one lane, a lanes32 is a uint32_t and all of this is ordinary C.

#define DIGEST_STEP DIGEST_TARGET static inline __attribute__((always_inline))

DIGEST_STEP lanes32 rotate32(lanes32 words, const int places) { return words << places | words >> (32 - places); }
DIGEST_STEP lanes64 rotate64(lanes64 words, const int places) { return words << places | words >> (64 - places); }

#include "md5_rounds.h"

#include "sha1_rounds.h"

#include "sha256_rounds.h"

#include "sha512_rounds.h"

#include "sm3_rounds.h"
