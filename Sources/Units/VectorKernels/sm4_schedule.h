// SPDX-License-Identifier: Apache-2.0
//
// SM4's key expansion (GB/T 32907-2016 section 7.3) around any S-box.

#ifndef UACCE_SM4_SCHEDULE_H
#define UACCE_SM4_SCHEDULE_H

#include "sm4_words.h"
#include "wipe.h"

// Expands a key; substitute is a function that puts the four bytes of a word through the S-box.
#define SM4_EXPAND_KEY(key, round_keys, substitute)                                                                    \
    do {                                                                                                               \
        uint32_t words[4] = {                                                                                          \
            sm4_load_word(key) ^ 0xa3b1bac6u,                                                                          \
            sm4_load_word((key) + 4) ^ 0x56aa3350u,                                                                    \
            sm4_load_word((key) + 8) ^ 0x677d9197u,                                                                    \
            sm4_load_word((key) + 12) ^ 0xb27022dcu,                                                                   \
        };                                                                                                             \
        for (unsigned round = 0; round < 32; round++) {                                                                \
            uint32_t sum = words[(round + 1) % 4] ^ words[(round + 2) % 4] ^ words[(round + 3) % 4];                   \
            uint32_t substituted = substitute(sum ^ sm4_round_constant(round));                                        \
            words[round % 4] ^= substituted ^ sm4_rotated(substituted, 13) ^ sm4_rotated(substituted, 23);             \
            (round_keys)[round] = words[round % 4];                                                                    \
        }                                                                                                              \
        wipe(words, sizeof words);                                                                                     \
    } while (0)

// CK: byte j (0 first) of word i is 7 * (4 * i + j) modulo 256.
static inline uint32_t sm4_round_constant(unsigned round)
{
    uint32_t constant = 0;
    for (unsigned byte = 0; byte < 4; byte++)
        constant = constant << 8 | (7 * (4 * round + byte) & 0xff);
    return constant;
}

#endif
