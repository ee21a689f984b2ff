// SPDX-License-Identifier: Apache-2.0
//
// CBC encryption of many buffers side by side: which buffer is in which lane. The same for every level; a level brings
// how to fill a lane and how to encrypt some blocks of all of them.

#ifndef UACCE_SM4_CBC_LANES_H
#define UACCE_SM4_CBC_LANES_H

#include "vector_kernels.h"

// More lanes than any level has.
#define SM4_CBC_LANES_LIMIT 32

// Keys and chains of all lanes, one lane after the other in each row, in the level's own form.
struct sm4_cbc_columns {
    _Alignas(64) uint32_t round_keys[32][SM4_CBC_LANES_LIMIT];
    _Alignas(64) uint32_t chain[4][SM4_CBC_LANES_LIMIT];
};

// How a level works on lanes.
struct sm4_cbc_engine {
    size_t lane_count;
    void (*load)(struct sm4_cbc_columns *columns, size_t lane, const uint32_t *round_keys, const uint8_t *iv);
    void (*store)(const struct sm4_cbc_columns *columns, size_t lane, uint8_t *iv);
    // The same number of blocks in every lane; all blocks are read before the ones of the same place are written.
    void (*encrypt)(struct sm4_cbc_columns *columns, const uint8_t *const *in, uint8_t *const *out, size_t block_count);
    // One buffer by itself.
    void (*encrypt_alone)(const uint32_t *round_keys, uint8_t *iv, const uint8_t *in, uint8_t *out, size_t block_count);
};

void sm4_cbc_encrypt_in_lanes(const struct sm4_cbc_engine *engine, struct sm4_cbc_lane *lanes, size_t lane_count);

#endif
