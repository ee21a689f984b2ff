// SPDX-License-Identifier: Apache-2.0
//
// What XTS adds to its blocks: the tweaks to begin with, and ciphertext stealing.

#ifndef UACCE_SM4_XTS_H
#define UACCE_SM4_XTS_H

#include "vector_kernels.h"
#include "wipe.h"

// The tweak of the block that follows: times x.
static inline void sm4_double_tweak(uint8_t *tweak, int reflected)
{
    if (reflected) { // one place towards the last byte; x^128 is 0xe1 in the first
        unsigned fallen = tweak[15] & 1;
        for (int index = 15; index > 0; index--)
            tweak[index] = (uint8_t)(tweak[index] >> 1 | tweak[index - 1] << 7);
        tweak[0] = (uint8_t)(tweak[0] >> 1 ^ (0u - fallen & 0xe1));
    } else { // one place towards the last byte, bits the other way round; x^128 is 0x87 in the first
        unsigned fallen = tweak[15] >> 7;
        for (int index = 15; index > 0; index--)
            tweak[index] = (uint8_t)(tweak[index] << 1 | tweak[index - 1] >> 7);
        tweak[0] = (uint8_t)(tweak[0] << 1 ^ (0u - fallen & 0x87));
    }
}

// A tweak as the vector kernels keep it: bytes in reverse for the reflected standard. Either way round.
static inline void sm4_copy_tweak(uint8_t *copy, const uint8_t *tweak, int reflected)
{
    for (int index = 0; index < 16; index++)
        copy[index] = tweak[reflected ? 15 - index : index];
}

// The tweaks of the first blocks, as the vector kernels keep them.
static inline void sm4_first_tweaks(uint8_t *tweaks, int count, const uint8_t *first, int reflected)
{
    uint8_t tweak[16];
    memcpy(tweak, first, sizeof tweak);
    for (int index = 0; index < count; index++) {
        sm4_copy_tweak(tweaks + 16 * index, tweak, reflected);
        sm4_double_tweak(tweak, reflected);
    }
    wipe(tweak, sizeof tweak);
}

// Whole blocks; the tweak becomes that of the block that follows.
typedef void sm4_xts_blocks_function(const uint32_t *round_keys, enum sm4_xts_standard standard, uint8_t *tweak,
                                     const uint8_t *in, uint8_t *out, size_t block_count);

// The part of a block at the end takes from the ciphertext before it what it lacks, and gives its own ciphertext in
// exchange; the block made up so is encrypted last but stands before.
static inline void sm4_xts_encrypt_unit(sm4_xts_blocks_function *encrypt, const uint32_t *round_keys,
                                        enum sm4_xts_standard standard, uint8_t *tweak, const uint8_t *in, uint8_t *out,
                                        size_t byte_count)
{
    if (byte_count < 16)
        return;
    size_t whole = byte_count / 16 * 16, part = byte_count % 16;
    encrypt(round_keys, standard, tweak, in, out, whole / 16);
    if (part == 0)
        return;
    uint8_t *last = out + whole - 16, block[16];
    memcpy(block, in + whole, part);
    memcpy(block + part, last + part, 16 - part);
    memcpy(out + whole, last, part);
    encrypt(round_keys, standard, tweak, block, last, 1);
    wipe(block, sizeof block);
}

// Decryption meets the block made up first, with the tweak of the part.
static inline void sm4_xts_decrypt_unit(sm4_xts_blocks_function *decrypt, const uint32_t *round_keys,
                                        enum sm4_xts_standard standard, uint8_t *tweak, const uint8_t *in, uint8_t *out,
                                        size_t byte_count)
{
    if (byte_count < 16)
        return;
    size_t whole = byte_count / 16 * 16, part = byte_count % 16;
    if (part == 0) {
        decrypt(round_keys, standard, tweak, in, out, whole / 16);
        return;
    }
    decrypt(round_keys, standard, tweak, in, out, whole / 16 - 1);
    uint8_t last_tweak[16], made_up[16], block[16];
    memcpy(last_tweak, tweak, sizeof last_tweak);
    sm4_double_tweak(last_tweak, standard == SM4_XTS_GB);
    decrypt(round_keys, standard, last_tweak, in + whole - 16, made_up, 1);
    memcpy(block, in + whole, part);
    memcpy(block + part, made_up + part, 16 - part);
    memcpy(out + whole, made_up, part);
    decrypt(round_keys, standard, tweak, block, out + whole - 16, 1);
    wipe(last_tweak, sizeof last_tweak);
    wipe(made_up, sizeof made_up);
    wipe(block, sizeof block);
}

#endif
