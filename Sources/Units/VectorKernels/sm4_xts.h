// SPDX-License-Identifier: Apache-2.0
//
// What XTS adds to its blocks: the tweaks to begin with, and ciphertext stealing. The same for every level.

#ifndef UACCE_SM4_XTS_H
#define UACCE_SM4_XTS_H

#include "vector_kernels.h"

// The tweak of the block that follows: times x.
void sm4_double_tweak(uint8_t *tweak, enum sm4_xts_standard standard);

// The tweaks of the first blocks.
void sm4_first_tweaks(uint8_t *tweaks, int count, const uint8_t *first, enum sm4_xts_standard standard);

// Whole blocks; the tweak becomes that of the block that follows.
typedef void sm4_xts_blocks_function(const uint32_t *round_keys, enum sm4_xts_standard standard, uint8_t *tweak,
                                     const uint8_t *in, uint8_t *out, size_t block_count);

// A data unit, given how to do whole blocks.
void sm4_xts_encrypt_unit(sm4_xts_blocks_function *encrypt, const uint32_t *round_keys, enum sm4_xts_standard standard,
                          uint8_t *tweak, const uint8_t *in, uint8_t *out, size_t byte_count);
void sm4_xts_decrypt_unit(sm4_xts_blocks_function *decrypt, const uint32_t *round_keys, enum sm4_xts_standard standard,
                          uint8_t *tweak, const uint8_t *in, uint8_t *out, size_t byte_count);

#endif
