// SPDX-License-Identifier: Apache-2.0
//
// Words of 32 bits in SM4's byte order, first byte highest.

#ifndef UACCE_SM4_WORDS_H
#define UACCE_SM4_WORDS_H

#include <stdint.h>

static inline uint32_t sm4_rotated(uint32_t word, int places) { return word << places | word >> (32 - places); }

static inline uint32_t sm4_load_word(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static inline void sm4_store_word(uint8_t *bytes, uint32_t word)
{
    bytes[0] = (uint8_t)(word >> 24);
    bytes[1] = (uint8_t)(word >> 16);
    bytes[2] = (uint8_t)(word >> 8);
    bytes[3] = (uint8_t)word;
}

#endif
