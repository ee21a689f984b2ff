// SPDX-License-Identifier: Apache-2.0
//
// SM4 (GB/T 32907-2016) in plain C, one block at a time, for processors without the instructions of the other levels.
// The S-box is a table: see VECTOR_LEVEL_PORTABLE for what that means.

#include "sm4_kernels.h"
#include "sm4_schedule.h"
#include "sm4_words.h"
#include "sm4_xts.h"
#include "wipe.h"

// GB/T 32907-2016 section 6.2; sm4_field.h has the formula.
static const uint8_t substitution[256] = {
    0xd6, 0x90, 0xe9, 0xfe, 0xcc, 0xe1, 0x3d, 0xb7, 0x16, 0xb6, 0x14, 0xc2, 0x28, 0xfb, 0x2c, 0x05,
    0x2b, 0x67, 0x9a, 0x76, 0x2a, 0xbe, 0x04, 0xc3, 0xaa, 0x44, 0x13, 0x26, 0x49, 0x86, 0x06, 0x99,
    0x9c, 0x42, 0x50, 0xf4, 0x91, 0xef, 0x98, 0x7a, 0x33, 0x54, 0x0b, 0x43, 0xed, 0xcf, 0xac, 0x62,
    0xe4, 0xb3, 0x1c, 0xa9, 0xc9, 0x08, 0xe8, 0x95, 0x80, 0xdf, 0x94, 0xfa, 0x75, 0x8f, 0x3f, 0xa6,
    0x47, 0x07, 0xa7, 0xfc, 0xf3, 0x73, 0x17, 0xba, 0x83, 0x59, 0x3c, 0x19, 0xe6, 0x85, 0x4f, 0xa8,
    0x68, 0x6b, 0x81, 0xb2, 0x71, 0x64, 0xda, 0x8b, 0xf8, 0xeb, 0x0f, 0x4b, 0x70, 0x56, 0x9d, 0x35,
    0x1e, 0x24, 0x0e, 0x5e, 0x63, 0x58, 0xd1, 0xa2, 0x25, 0x22, 0x7c, 0x3b, 0x01, 0x21, 0x78, 0x87,
    0xd4, 0x00, 0x46, 0x57, 0x9f, 0xd3, 0x27, 0x52, 0x4c, 0x36, 0x02, 0xe7, 0xa0, 0xc4, 0xc8, 0x9e,
    0xea, 0xbf, 0x8a, 0xd2, 0x40, 0xc7, 0x38, 0xb5, 0xa3, 0xf7, 0xf2, 0xce, 0xf9, 0x61, 0x15, 0xa1,
    0xe0, 0xae, 0x5d, 0xa4, 0x9b, 0x34, 0x1a, 0x55, 0xad, 0x93, 0x32, 0x30, 0xf5, 0x8c, 0xb1, 0xe3,
    0x1d, 0xf6, 0xe2, 0x2e, 0x82, 0x66, 0xca, 0x60, 0xc0, 0x29, 0x23, 0xab, 0x0d, 0x53, 0x4e, 0x6f,
    0xd5, 0xdb, 0x37, 0x45, 0xde, 0xfd, 0x8e, 0x2f, 0x03, 0xff, 0x6a, 0x72, 0x6d, 0x6c, 0x5b, 0x51,
    0x8d, 0x1b, 0xaf, 0x92, 0xbb, 0xdd, 0xbc, 0x7f, 0x11, 0xd9, 0x5c, 0x41, 0x1f, 0x10, 0x5a, 0xd8,
    0x0a, 0xc1, 0x31, 0x88, 0xa5, 0xcd, 0x7b, 0xbd, 0x2d, 0x74, 0xd0, 0x12, 0xb8, 0xe5, 0xb4, 0xb0,
    0x89, 0x69, 0x97, 0x4a, 0x0c, 0x96, 0x77, 0x7e, 0x65, 0xb9, 0xf1, 0x09, 0xc5, 0x6e, 0xc6, 0x84,
    0x18, 0xf0, 0x7d, 0xec, 0x3a, 0xdc, 0x4d, 0x20, 0x79, 0xee, 0x5f, 0x3e, 0xd7, 0xcb, 0x39, 0x48,
};

static inline uint32_t substitute(uint32_t word)
{
    return (uint32_t)substitution[word >> 24] << 24 | (uint32_t)substitution[word >> 16 & 0xff] << 16 |
           (uint32_t)substitution[word >> 8 & 0xff] << 8 | substitution[word & 0xff];
}

static inline uint32_t mixed(uint32_t word)
{
    word = substitute(word);
    return word ^ sm4_rotated(word, 2) ^ sm4_rotated(word, 10) ^ sm4_rotated(word, 18) ^ sm4_rotated(word, 24);
}

void sm4_expand_key_portable(const uint8_t *key, uint32_t *round_keys) { SM4_EXPAND_KEY(key, round_keys, substitute); }

static void crypt_block(const uint32_t *round_keys, const uint8_t *in, uint8_t *out)
{
    uint32_t a = sm4_load_word(in), b = sm4_load_word(in + 4), c = sm4_load_word(in + 8), d = sm4_load_word(in + 12);
    for (int round = 0; round < 32; round += 4) {
        a ^= mixed(b ^ c ^ d ^ round_keys[round]);
        b ^= mixed(c ^ d ^ a ^ round_keys[round + 1]);
        c ^= mixed(d ^ a ^ b ^ round_keys[round + 2]);
        d ^= mixed(a ^ b ^ c ^ round_keys[round + 3]);
    }
    sm4_store_word(out, d);
    sm4_store_word(out + 4, c);
    sm4_store_word(out + 8, b);
    sm4_store_word(out + 12, a);
}

static inline void add_blocks(uint8_t *sum, const uint8_t *a, const uint8_t *b)
{
    for (int index = 0; index < 16; index++)
        sum[index] = a[index] ^ b[index];
}

void sm4_ecb_portable(const uint32_t *round_keys, const uint8_t *in, uint8_t *out, size_t block_count)
{
    for (; block_count > 0; block_count--, in += 16, out += 16)
        crypt_block(round_keys, in, out);
}

void sm4_ctr_portable(const uint32_t *round_keys, uint8_t *counter, const uint8_t *in, uint8_t *out, size_t block_count)
{
    for (; block_count > 0; block_count--, in += 16, out += 16) {
        uint8_t stream[16];
        crypt_block(round_keys, counter, stream);
        add_blocks(out, in, stream);
        for (int index = 15; index >= 0 && ++counter[index] == 0; index--) {
        }
    }
}

void sm4_cbc_encrypt_portable(const uint32_t *round_keys, uint8_t *iv, const uint8_t *in, uint8_t *out,
                              size_t block_count)
{
    for (; block_count > 0; block_count--, in += 16, out += 16) {
        add_blocks(iv, iv, in);
        crypt_block(round_keys, iv, iv);
        memcpy(out, iv, 16);
    }
}

void sm4_cbc_decrypt_portable(const uint32_t *round_keys, uint8_t *iv, const uint8_t *in, uint8_t *out,
                              size_t block_count)
{
    for (; block_count > 0; block_count--, in += 16, out += 16) {
        uint8_t text[16], next[16];
        memcpy(next, in, 16);
        crypt_block(round_keys, in, text);
        add_blocks(out, text, iv);
        memcpy(iv, next, 16);
    }
}

void sm4_cfb_encrypt_portable(const uint32_t *round_keys, uint8_t *iv, const uint8_t *in, uint8_t *out,
                              size_t block_count)
{
    for (; block_count > 0; block_count--, in += 16, out += 16) {
        crypt_block(round_keys, iv, iv);
        add_blocks(iv, iv, in);
        memcpy(out, iv, 16);
    }
}

void sm4_cfb_decrypt_portable(const uint32_t *round_keys, uint8_t *iv, const uint8_t *in, uint8_t *out,
                              size_t block_count)
{
    for (; block_count > 0; block_count--, in += 16, out += 16) {
        uint8_t stream[16];
        crypt_block(round_keys, iv, stream);
        memcpy(iv, in, 16);
        add_blocks(out, iv, stream);
    }
}

void sm4_ofb_portable(const uint32_t *round_keys, uint8_t *iv, const uint8_t *in, uint8_t *out, size_t block_count)
{
    for (; block_count > 0; block_count--, in += 16, out += 16) {
        crypt_block(round_keys, iv, iv);
        add_blocks(out, in, iv);
    }
}

static void xts_blocks(const uint32_t *round_keys, enum sm4_xts_standard standard, uint8_t *tweak, const uint8_t *in,
                       uint8_t *out, size_t block_count)
{
    for (; block_count > 0; block_count--, in += 16, out += 16) {
        uint8_t text[16];
        add_blocks(text, in, tweak);
        crypt_block(round_keys, text, text);
        add_blocks(out, text, tweak);
        sm4_double_tweak(tweak, standard);
    }
}

void sm4_xts_encrypt_portable(const uint32_t *round_keys, enum sm4_xts_standard standard, uint8_t *tweak,
                              const uint8_t *in, uint8_t *out, size_t byte_count)
{
    sm4_xts_encrypt_unit(xts_blocks, round_keys, standard, tweak, in, out, byte_count);
}

void sm4_xts_decrypt_portable(const uint32_t *round_keys, enum sm4_xts_standard standard, uint8_t *tweak,
                              const uint8_t *in, uint8_t *out, size_t byte_count)
{
    sm4_xts_decrypt_unit(xts_blocks, round_keys, standard, tweak, in, out, byte_count);
}

void sm4_cbc_encrypt_lanes_portable(struct sm4_cbc_lane *lanes, size_t lane_count)
{
    for (; lane_count > 0; lane_count--, lanes++)
        sm4_cbc_encrypt_portable(lanes->round_keys, lanes->iv, lanes->in, lanes->out, lanes->byte_count / 16);
}
