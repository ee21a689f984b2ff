// SPDX-License-Identifier: Apache-2.0
//
// Digests with AVX-512: 16 lanes of 32-bit words, 8 of 64.

#if defined(__x86_64__)
#include "digest_constants.h"
#include "digest_kernels.h"
#include "digest_lanes.h"
#include <immintrin.h>

#define DIGEST_TARGET __attribute__((target("avx512f,avx512bw,avx512vl")))
#define DIGEST_KERNEL(name) name##_lanes_avx512
#define DIGEST_COMPRESS(name) name##_compress_avx512
#define LANES32 16
#define LANES64 8
#define VECTOR_STEP DIGEST_TARGET static inline __attribute__((always_inline))

typedef uint32_t lanes32 __attribute__((vector_size(64)));
typedef uint64_t lanes64 __attribute__((vector_size(64)));

VECTOR_STEP lanes32 splat32(uint32_t word) { return (lanes32)_mm512_set1_epi32((int)word); }
VECTOR_STEP lanes64 splat64(uint64_t word) { return (lanes64)_mm512_set1_epi64((long long)word); }

// Any function of three bits is one instruction, told by its values for 000, 001, ... 111, lowest bit first.
#define TERNARY32(x, y, z, values)                                                                                     \
    ((lanes32)_mm512_ternarylogic_epi32((__m512i)(x), (__m512i)(y), (__m512i)(z), values))
#define TERNARY64(x, y, z, values)                                                                                     \
    ((lanes64)_mm512_ternarylogic_epi64((__m512i)(x), (__m512i)(y), (__m512i)(z), values))

VECTOR_STEP lanes32 choose32(lanes32 x, lanes32 y, lanes32 z) { return TERNARY32(x, y, z, 0xca); }
VECTOR_STEP lanes32 majority32(lanes32 x, lanes32 y, lanes32 z) { return TERNARY32(x, y, z, 0xe8); }
VECTOR_STEP lanes32 parity32(lanes32 x, lanes32 y, lanes32 z) { return TERNARY32(x, y, z, 0x96); }
VECTOR_STEP lanes32 or_not32(lanes32 x, lanes32 y, lanes32 z) { return TERNARY32(x, y, z, 0x39); }
VECTOR_STEP lanes64 choose64(lanes64 x, lanes64 y, lanes64 z) { return TERNARY64(x, y, z, 0xca); }
VECTOR_STEP lanes64 majority64(lanes64 x, lanes64 y, lanes64 z) { return TERNARY64(x, y, z, 0xe8); }
VECTOR_STEP lanes64 parity64(lanes64 x, lanes64 y, lanes64 z) { return TERNARY64(x, y, z, 0x96); }

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
VECTOR_STEP void load_little_endian32(lanes32 *words, const uint8_t *const *blocks, size_t at)
{
    __m512i rows[16];
    // Transposes each 4 x 4 words of four lanes in place, then the square of such squares.
    for (int lane = 0; lane < 16; lane += 4) {
        __m512i a = _mm512_loadu_si512(blocks[lane] + at), b = _mm512_loadu_si512(blocks[lane + 1] + at);
        __m512i c = _mm512_loadu_si512(blocks[lane + 2] + at), d = _mm512_loadu_si512(blocks[lane + 3] + at);
        __m512i low_ab = _mm512_unpacklo_epi32(a, b), high_ab = _mm512_unpackhi_epi32(a, b);
        __m512i low_cd = _mm512_unpacklo_epi32(c, d), high_cd = _mm512_unpackhi_epi32(c, d);
        rows[lane] = _mm512_unpacklo_epi64(low_ab, low_cd);
        rows[lane + 1] = _mm512_unpackhi_epi64(low_ab, low_cd);
        rows[lane + 2] = _mm512_unpacklo_epi64(high_ab, high_cd);
        rows[lane + 3] = _mm512_unpackhi_epi64(high_ab, high_cd);
    }
    exchange_parts(rows, 4);
    for (int word = 0; word < 16; word++)
        words[word] = (lanes32)rows[word];
}

VECTOR_STEP void load_big_endian32(lanes32 *words, const uint8_t *const *blocks, size_t at)
{
    const __m512i order = _mm512_broadcast_i32x4(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
    load_little_endian32(words, blocks, at);
    for (int word = 0; word < 16; word++)
        words[word] = (lanes32)_mm512_shuffle_epi8((__m512i)words[word], order);
}

// Eight words of each lane, then the other eight.
VECTOR_STEP void load_big_endian64(lanes64 *words, const uint8_t *const *blocks, size_t at)
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
            words[8 * half + word] = (lanes64)_mm512_shuffle_epi8(rows[word], order);
    }
}

#include "digest_rounds.h"
#endif
