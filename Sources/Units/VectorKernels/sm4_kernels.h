// SPDX-License-Identifier: Apache-2.0
//
// The SM4 functions of each level, as vector_kernels.h describes them.

#ifndef UACCE_SM4_KERNELS_H
#define UACCE_SM4_KERNELS_H

#include "vector_kernels.h"

#define SM4_DECLARE(level)                                                                                             \
    void sm4_expand_key_##level(const uint8_t *key, uint32_t *round_keys);                                             \
    sm4_ecb_function sm4_ecb_##level;                                                                                  \
    sm4_chained_function sm4_ctr_##level, sm4_cbc_encrypt_##level, sm4_cbc_decrypt_##level;                            \
    sm4_chained_function sm4_cfb_encrypt_##level, sm4_cfb_decrypt_##level, sm4_ofb_##level;                            \
    sm4_xts_function sm4_xts_encrypt_##level, sm4_xts_decrypt_##level;                                                 \
    void sm4_cbc_encrypt_lanes_##level(struct sm4_cbc_lane *lanes, size_t lane_count);

SM4_DECLARE(portable)
SM4_DECLARE(aesni)
SM4_DECLARE(avx2)
SM4_DECLARE(avx512)

// All x86-64 levels expand keys alike, one word at a time.
#define sm4_expand_key_avx2 sm4_expand_key_aesni
#define sm4_expand_key_avx512 sm4_expand_key_aesni

#endif
