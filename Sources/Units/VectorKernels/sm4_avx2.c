// SPDX-License-Identifier: Apache-2.0
//
// SM4 with AVX2 and GFNI: 8 blocks a register.

#if defined(__x86_64__) && !defined(UACCE_PORTABLE)
#include "sm4_cbc_lanes.h"
#include "sm4_field.h"
#include "sm4_kernels.h"
#include "sm4_words.h"
#include "sm4_xts.h"
#include "wipe.h"
#include <immintrin.h>

#define SM4_TARGET __attribute__((target("avx2,gfni")))
#define SM4_KERNEL(name) name##_avx2
#define SM4_LANES 8
#define SM4_PASS 2
#define VECTOR_STEP SM4_TARGET static inline __attribute__((always_inline))

typedef uint32_t sm4_vector __attribute__((vector_size(32)));
typedef uint64_t sm4_vector64 __attribute__((vector_size(32)));

// T of a round: the sum of two parts, of which the first is there earlier.
struct sm4_substituted {
    sm4_vector early, late;
};

VECTOR_STEP sm4_vector splat(uint32_t word) { return (sm4_vector)_mm256_set1_epi32((int)word); }

VECTOR_STEP sm4_vector sum3(sm4_vector a, sm4_vector b, sm4_vector c) { return a ^ b ^ c; }

VECTOR_STEP sm4_vector swap_bytes(sm4_vector words)
{
    const __m256i order = _mm256_broadcastsi128_si256(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
    return (sm4_vector)_mm256_shuffle_epi8((__m256i)words, order);
}

VECTOR_STEP sm4_vector reverse_blocks(sm4_vector blocks)
{
    const __m256i order = _mm256_broadcastsi128_si256(_mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    return (sm4_vector)_mm256_shuffle_epi8((__m256i)blocks, order);
}

VECTOR_STEP sm4_vector enter(sm4_vector words)
{
    return (sm4_vector)_mm256_gf2p8affine_epi64_epi8((__m256i)words, _mm256_set1_epi64x(SM4_MATRIX_ENTER), 0);
}

VECTOR_STEP sm4_vector leave(sm4_vector words)
{
    return (sm4_vector)_mm256_gf2p8affine_epi64_epi8((__m256i)words, _mm256_set1_epi64x((long long)SM4_MATRIX_LEAVE), 0);
}

VECTOR_STEP __m256i rotate_bytes(__m256i words, int bytes)
{
    const int order = 0x03020100 + (4 - bytes) * 0x01010101; // of each byte the lowest two bits are wanted
    __m256i places = _mm256_and_si256(_mm256_set1_epi32(order), _mm256_set1_epi32(0x03030303));
    places = _mm256_or_si256(places, _mm256_broadcastsi128_si256(_mm_set_epi32(0x0c0c0c0c, 0x08080808, 0x04040404, 0)));
    return _mm256_shuffle_epi8(words, places);
}

VECTOR_STEP struct sm4_substituted substitute(sm4_vector argument)
{
    const __m256i bytes = (__m256i)argument;
    const __m256i out0 = _mm256_gf2p8affineinv_epi64_epi8(bytes, _mm256_set1_epi64x(SM4_MATRIX_OUT0), SM4_OUT_CONSTANT);
    const __m256i out1 = _mm256_gf2p8affineinv_epi64_epi8(bytes, _mm256_set1_epi64x(SM4_MATRIX_OUT1), 0);
    const __m256i out3 = _mm256_gf2p8affineinv_epi64_epi8(bytes, _mm256_set1_epi64x(SM4_MATRIX_OUT3), 0);
    return (struct sm4_substituted){
        (sm4_vector)out0,
        (sm4_vector)rotate_bytes(out3, 3) ^ (sm4_vector)rotate_bytes(out1, 1) ^ (sm4_vector)rotate_bytes(out1, 2),
    };
}

VECTOR_STEP sm4_vector interleave_low(sm4_vector a, sm4_vector b)
{
    return (sm4_vector)_mm256_unpacklo_epi32((__m256i)a, (__m256i)b);
}

VECTOR_STEP sm4_vector interleave_high(sm4_vector a, sm4_vector b)
{
    return (sm4_vector)_mm256_unpackhi_epi32((__m256i)a, (__m256i)b);
}

VECTOR_STEP sm4_vector interleave_low_pairs(sm4_vector a, sm4_vector b)
{
    return (sm4_vector)_mm256_unpacklo_epi64((__m256i)a, (__m256i)b);
}

VECTOR_STEP sm4_vector interleave_high_pairs(sm4_vector a, sm4_vector b)
{
    return (sm4_vector)_mm256_unpackhi_epi64((__m256i)a, (__m256i)b);
}

VECTOR_STEP sm4_vector follow(sm4_vector previous, sm4_vector current)
{
    return (sm4_vector)_mm256_permute2x128_si256((__m256i)previous, (__m256i)current, 0x21);
}

VECTOR_STEP sm4_vector exchange_halves(sm4_vector blocks)
{
    return (sm4_vector)_mm256_shuffle_epi32((__m256i)blocks, 0x4e);
}

VECTOR_STEP void load_lane_blocks(sm4_vector *registers, const uint8_t *const *in, size_t at)
{
    for (int index = 0; index < 4; index++) {
        __m256i blocks = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(in[index] + at)));
        blocks = _mm256_inserti128_si256(blocks, _mm_loadu_si128((const __m128i *)(in[4 + index] + at)), 1);
        registers[index] = (sm4_vector)blocks;
    }
}

VECTOR_STEP void store_lane_blocks(const sm4_vector *registers, uint8_t *const *out, size_t at)
{
    for (int index = 0; index < 4; index++) {
        __m256i blocks = (__m256i)registers[index];
        _mm_storeu_si128((__m128i *)(out[index] + at), _mm256_castsi256_si128(blocks));
        _mm_storeu_si128((__m128i *)(out[4 + index] + at), _mm256_extracti128_si256(blocks, 1));
    }
}

#include "sm4_rounds.h"

#include "sm4_parallel.h"
#include "sm4_serial.h"

#include "sm4_lanes.h"
#endif
