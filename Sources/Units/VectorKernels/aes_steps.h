// SPDX-License-Identifier: Apache-2.0
//
// What the AES kernels have in common: rounds over registers of four blocks, and lengths that do not fill them.

#ifndef UACCE_AES_STEPS_H
#define UACCE_AES_STEPS_H

#include <immintrin.h>

#include "aes_functions.h"

#define AES_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,vaes,vpclmulqdq,aes,ssse3,bmi2")))
#define AES_STEP AES_TARGET static inline __attribute__((always_inline))

// Registers that are worked on side by side.
enum { WIDE = 8, NARROW = 4, REGISTER_BYTES = 64 };

// FIPS 197, 5.2, for keys of 4, 6 and 8 words. Returns the number of rounds.
int aes_expand_encryption(const uint8_t *key, size_t key_byte_count, uint8_t (*round_keys)[16]);

AES_STEP __m512i round_key(const uint8_t (*round_keys)[16], int round)
{
    return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)round_keys[round]));
}

AES_STEP __m128i cipher_block(const uint8_t (*round_keys)[16], int round_count, int encrypt, __m128i block)
{
    block = _mm_xor_si128(block, _mm_loadu_si128((const __m128i *)round_keys[0]));
    for (int round = 1; round < round_count; round++) {
        __m128i words = _mm_loadu_si128((const __m128i *)round_keys[round]);
        block = encrypt ? _mm_aesenc_si128(block, words) : _mm_aesdec_si128(block, words);
    }
    __m128i words = _mm_loadu_si128((const __m128i *)round_keys[round_count]);
    return encrypt ? _mm_aesenclast_si128(block, words) : _mm_aesdeclast_si128(block, words);
}

AES_STEP void cipher_round(__m512i words, int encrypt, __m512i *blocks, const int registers)
{
    for (int i = 0; i < registers; i++)
        blocks[i] = encrypt ? _mm512_aesenc_epi128(blocks[i], words) : _mm512_aesdec_epi128(blocks[i], words);
}

AES_STEP void cipher_last_round(__m512i words, int encrypt, __m512i *blocks, const int registers)
{
    for (int i = 0; i < registers; i++)
        blocks[i] = encrypt ? _mm512_aesenclast_epi128(blocks[i], words) : _mm512_aesdeclast_epi128(blocks[i], words);
}

// Four registers through all rounds, whose keys are loaded as they are needed.
AES_STEP void encrypt_registers(const uint8_t (*round_keys)[16], int round_count, __m512i *blocks)
{
    for (int i = 0; i < NARROW; i++)
        blocks[i] = _mm512_xor_si512(blocks[i], round_key(round_keys, 0));
    for (int round = 1; round < round_count; round++)
        cipher_round(round_key(round_keys, round), 1, blocks, NARROW);
    cipher_last_round(round_key(round_keys, round_count), 1, blocks, NARROW);
}

enum { STEP_BYTES = NARROW * REGISTER_BYTES };

// Round keys in registers of their own, for who goes through text in steps of four registers: to load them again for every
// step takes CTR a twentieth longer. How many they are has to be known when it is compiled.
struct rounds {
    __m512i keys[AES_ROUND_KEYS];
    int count;
};

AES_STEP struct rounds load_rounds(const uint8_t (*round_keys)[16], const int round_count)
{
    struct rounds rounds = { .count = round_count };
    for (int round = 0; round <= round_count; round++)
        rounds.keys[round] = round_key(round_keys, round);
    return rounds;
}

AES_STEP void cipher_step(const struct rounds *rounds, int encrypt, __m512i *blocks)
{
    for (int i = 0; i < NARROW; i++)
        blocks[i] = _mm512_xor_si512(blocks[i], rounds->keys[0]);
#pragma clang loop unroll(full)
    for (int round = 1; round < rounds->count; round++)
        cipher_round(rounds->keys[round], encrypt, blocks, NARROW);
    cipher_last_round(rounds->keys[rounds->count], encrypt, blocks, NARROW);
}

// The bytes of each block in reverse: numbers of 128 bits that have their first byte highest.
AES_STEP __m512i reversed_blocks(__m512i blocks)
{
    const __m128i order = _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    return _mm512_shuffle_epi8(blocks, _mm512_broadcast_i32x4(order));
}

// Which bytes of register i are there, of so many in all.
AES_STEP __mmask64 bytes_there(size_t byte_count, int i)
{
    const size_t before = REGISTER_BYTES * (size_t)i, left = byte_count > before ? byte_count - before : 0;
    return _bzhi_u64(~UINT64_C(0), left < REGISTER_BYTES ? (unsigned)left : REGISTER_BYTES);
}

// Registers out of memory, and into it. What is not there reads as zero, and is not written.
AES_STEP void load_registers(const uint8_t *in, size_t byte_count, __m512i *blocks, const int registers)
{
    for (int i = 0; i < registers; i++)
        blocks[i] = _mm512_maskz_loadu_epi8(bytes_there(byte_count, i), in + REGISTER_BYTES * i);
}

AES_STEP void store_registers(uint8_t *out, size_t byte_count, const __m512i *blocks, const int registers)
{
    for (int i = 0; i < registers; i++)
        _mm512_mask_storeu_epi8(out + REGISTER_BYTES * i, bytes_there(byte_count, i), blocks[i]);
}

AES_STEP void xor_registers(__m512i *blocks, const __m512i *others, const int registers)
{
    for (int i = 0; i < registers; i++)
        blocks[i] = _mm512_xor_si512(blocks[i], others[i]);
}

#endif
