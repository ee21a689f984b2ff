// SPDX-License-Identifier: Apache-2.0
//
// Blocks of 16 lanes (8 of 64-bit words) into registers of AVX-512, one for each word of the block.

#ifndef UACCE_DIGEST_AVX512_LOAD_H
#define UACCE_DIGEST_AVX512_LOAD_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define DIGEST_TARGET __attribute__((target("avx512f,avx512bw,avx512vl")))
#define VECTOR_STEP DIGEST_TARGET static inline __attribute__((always_inline))

// Registers index, index + count, index + 2 * count and index + 3 * count, for each index below count, are a square of
// 4 x 4 parts of 128 bits: transposes it.
VECTOR_STEP void exchange_parts(__m512i *registers, int count)
{
    for (int index = 0; index < count; index++) {
        __m512i a = registers[index], b = registers[index + count];
        __m512i c = registers[index + 2 * count], d = registers[index + 3 * count];
        __m512i low_ab = _mm512_shuffle_i64x2(a, b, 0x44), high_ab = _mm512_shuffle_i64x2(a, b, 0xee);
        __m512i low_cd = _mm512_shuffle_i64x2(c, d, 0x44), high_cd = _mm512_shuffle_i64x2(c, d, 0xee);
        registers[index] = _mm512_shuffle_i64x2(low_ab, low_cd, 0x88);
        registers[index + count] = _mm512_shuffle_i64x2(low_ab, low_cd, 0xdd);
        registers[index + 2 * count] = _mm512_shuffle_i64x2(high_ab, high_cd, 0x88);
        registers[index + 3 * count] = _mm512_shuffle_i64x2(high_ab, high_cd, 0xdd);
    }
}

// The 16 x 16 words of one block of each lane become one register for each word of the block.
VECTOR_STEP void transpose32(__m512i *words, const uint8_t *const *blocks, size_t at)
{
    // Transposes each 4 x 4 words of four lanes in place, then the square of such squares.
    for (int lane = 0; lane < 16; lane += 4) {
        __m512i a = _mm512_loadu_si512(blocks[lane] + at), b = _mm512_loadu_si512(blocks[lane + 1] + at);
        __m512i c = _mm512_loadu_si512(blocks[lane + 2] + at), d = _mm512_loadu_si512(blocks[lane + 3] + at);
        __m512i low_ab = _mm512_unpacklo_epi32(a, b), high_ab = _mm512_unpackhi_epi32(a, b);
        __m512i low_cd = _mm512_unpacklo_epi32(c, d), high_cd = _mm512_unpackhi_epi32(c, d);
        words[lane] = _mm512_unpacklo_epi64(low_ab, low_cd);
        words[lane + 1] = _mm512_unpackhi_epi64(low_ab, low_cd);
        words[lane + 2] = _mm512_unpacklo_epi64(high_ab, high_cd);
        words[lane + 3] = _mm512_unpackhi_epi64(high_ab, high_cd);
    }
    exchange_parts(words, 4);
}

// The same with the bytes of each word in reverse.
VECTOR_STEP void transpose_swapped32(__m512i *words, const uint8_t *const *blocks, size_t at)
{
    const __m512i order = _mm512_broadcast_i32x4(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
    transpose32(words, blocks, at);
    for (int word = 0; word < 16; word++)
        words[word] = _mm512_shuffle_epi8(words[word], order);
}

// The 8 x 16 words of 64 bits of one block of each lane, bytes in reverse: eight words of each, then the other eight.
VECTOR_STEP void transpose_swapped64(__m512i *words, const uint8_t *const *blocks, size_t at)
{
    const __m512i order = _mm512_broadcast_i32x4(_mm_set_epi8(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
    for (int half = 0; half < 2; half++, at += 64) {
        __m512i rows[8];
        for (int lane = 0; lane < 8; lane += 2) {
            __m512i a = _mm512_loadu_si512(blocks[lane] + at), b = _mm512_loadu_si512(blocks[lane + 1] + at);
            rows[lane] = _mm512_unpacklo_epi64(a, b);
            rows[lane + 1] = _mm512_unpackhi_epi64(a, b);
        }
        exchange_parts(rows, 2);
        for (int word = 0; word < 8; word++)
            words[8 * half + word] = _mm512_shuffle_epi8(rows[word], order);
    }
}

#endif
