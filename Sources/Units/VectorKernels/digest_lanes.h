// SPDX-License-Identifier: Apache-2.0
//
// Digests of many messages side by side: which message is in which lane. The same for every level and digest.

#ifndef UACCE_DIGEST_LANES_H
#define UACCE_DIGEST_LANES_H

#include "vector_kernels.h"

// Feeds as many blocks of each lane into its state. columns: for each word of the state a row of one word of each lane.
typedef void digest_compress_function(void *columns, const uint8_t *const *blocks, size_t block_count);

// How to compress lanes of one digest.
struct digest_engine {
    size_t lane_count;  // of one register, at most 16
    size_t state_words; // at most 8
    size_t word_bytes;  // 4 or 8
    size_t block_bytes;
    digest_compress_function *compress;
    digest_compress_function *compress_pair;  // with twice as many lanes, or NULL
    digest_compress_function *compress_alone; // with one lane, whose columns are the state itself
};

void digest_in_lanes(const struct digest_engine *engine, struct digest_lane *lanes, size_t lane_count);

digest_compress_function md5_compress_avx512_pair, sha1_compress_avx512_pair, sha256_compress_avx512_pair,
    sha512_compress_avx512_pair, sm3_compress_avx512_pair;

// The compress_alone of all levels.
digest_compress_function md5_compress_portable, sha1_compress_portable, sha256_compress_portable,
    sha512_compress_portable, sm3_compress_portable;

#endif
