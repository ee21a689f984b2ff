// SPDX-License-Identifier: Apache-2.0
//
// Digests in plain C: one lane.

#include "digest_constants.h"
#include "digest_kernels.h"
#include "digest_lanes.h"
#include <string.h>

#define DIGEST_TARGET
#define DIGEST_KERNEL(name) name##_lanes_portable
#define DIGEST_COMPRESS(name) name##_compress_portable
#define LANES32 1
#define DIGEST_COMPRESS_PAIR(name) NULL

typedef uint32_t lanes32;
typedef uint64_t lanes64;

static inline lanes32 splat32(uint32_t word) { return word; }
static inline lanes64 splat64(uint64_t word) { return word; }

static inline lanes32 choose32(lanes32 x, lanes32 y, lanes32 z) { return z ^ (x & (y ^ z)); }
static inline lanes32 majority32(lanes32 x, lanes32 y, lanes32 z) { return (x & y) | (z & (x | y)); }
static inline lanes32 parity32(lanes32 x, lanes32 y, lanes32 z) { return x ^ y ^ z; }
static inline lanes32 or_not32(lanes32 x, lanes32 y, lanes32 z) { return y ^ (x | ~z); }
static inline lanes64 choose64(lanes64 x, lanes64 y, lanes64 z) { return z ^ (x & (y ^ z)); }
static inline lanes64 majority64(lanes64 x, lanes64 y, lanes64 z) { return (x & y) | (z & (x | y)); }
static inline lanes64 parity64(lanes64 x, lanes64 y, lanes64 z) { return x ^ y ^ z; }

static inline void load_little_endian32(lanes32 *words, const uint8_t *const *blocks, size_t at)
{
    for (int word = 0; word < 16; word++) {
        const uint8_t *bytes = *blocks + at + 4 * word;
        words[word] = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
    }
}

static inline void load_big_endian32(lanes32 *words, const uint8_t *const *blocks, size_t at)
{
    load_little_endian32(words, blocks, at);
    for (int word = 0; word < 16; word++)
        words[word] = __builtin_bswap32(words[word]);
}

static inline void load_big_endian64(lanes64 *words, const uint8_t *const *blocks, size_t at)
{
    for (int word = 0; word < 16; word++) {
        const uint8_t *bytes = *blocks + at + 8 * word;
        words[word] = 0;
        for (int byte = 0; byte < 8; byte++)
            words[word] = words[word] << 8 | bytes[byte];
    }
}

#include "digest_rounds.h"

#include "digest_engines.h"
