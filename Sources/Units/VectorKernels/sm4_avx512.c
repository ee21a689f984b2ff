// SPDX-License-Identifier: Apache-2.0
//
// SM4 with AVX-512 and GFNI: 16 blocks a register.

#if defined(__x86_64__) && !defined(UACCE_PORTABLE)
#include "sm4_cbc_lanes.h"
#include "sm4_field.h"
#include "sm4_kernels.h"
#include "sm4_words.h"
#include "sm4_xts.h"
#include "wipe.h"
#include <immintrin.h>

#define SM4_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,gfni")))
#define SM4_KERNEL(name) name##_avx512
#define SM4_LANES 16
#define SM4_PASS 4
#define VECTOR_STEP SM4_TARGET static inline __attribute__((always_inline))

typedef uint32_t sm4_vector __attribute__((vector_size(64)));
typedef uint64_t sm4_vector64 __attribute__((vector_size(64)));

// T of a round: the sum of two parts, of which the first is there earlier.
struct sm4_substituted {
    sm4_vector early, late;
};

VECTOR_STEP sm4_vector splat(uint32_t word) { return (sm4_vector)_mm512_set1_epi32((int)word); }

VECTOR_STEP sm4_vector sum3(sm4_vector a, sm4_vector b, sm4_vector c)
{
    return (sm4_vector)_mm512_ternarylogic_epi32((__m512i)a, (__m512i)b, (__m512i)c, 0x96);
}

VECTOR_STEP sm4_vector swap_bytes(sm4_vector words)
{
    const __m512i order = _mm512_broadcast_i32x4(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
    return (sm4_vector)_mm512_shuffle_epi8((__m512i)words, order);
}

VECTOR_STEP sm4_vector reverse_blocks(sm4_vector blocks)
{
    const __m512i order = _mm512_broadcast_i32x4(_mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    return (sm4_vector)_mm512_shuffle_epi8((__m512i)blocks, order);
}

VECTOR_STEP sm4_vector enter(sm4_vector words)
{
    return (sm4_vector)_mm512_gf2p8affine_epi64_epi8((__m512i)words, _mm512_set1_epi64(SM4_MATRIX_ENTER), 0);
}

VECTOR_STEP sm4_vector leave(sm4_vector words)
{
    return (sm4_vector)_mm512_gf2p8affine_epi64_epi8((__m512i)words, _mm512_set1_epi64((long long)SM4_MATRIX_LEAVE), 0);
}

VECTOR_STEP struct sm4_substituted substitute(sm4_vector argument)
{
    const __m512i bytes = (__m512i)argument;
    const __m512i out0 = _mm512_gf2p8affineinv_epi64_epi8(bytes, _mm512_set1_epi64(SM4_MATRIX_OUT0), SM4_OUT_CONSTANT);
    const __m512i out1 = _mm512_gf2p8affineinv_epi64_epi8(bytes, _mm512_set1_epi64(SM4_MATRIX_OUT1), 0);
    const __m512i out3 = _mm512_gf2p8affineinv_epi64_epi8(bytes, _mm512_set1_epi64(SM4_MATRIX_OUT3), 0);
    return (struct sm4_substituted){
        (sm4_vector)out0,
        sum3((sm4_vector)_mm512_rol_epi32(out1, 8), (sm4_vector)_mm512_rol_epi32(out1, 16),
             (sm4_vector)_mm512_rol_epi32(out3, 24)),
    };
}

VECTOR_STEP sm4_vector interleave_low(sm4_vector a, sm4_vector b)
{
    return (sm4_vector)_mm512_unpacklo_epi32((__m512i)a, (__m512i)b);
}

VECTOR_STEP sm4_vector interleave_high(sm4_vector a, sm4_vector b)
{
    return (sm4_vector)_mm512_unpackhi_epi32((__m512i)a, (__m512i)b);
}

VECTOR_STEP sm4_vector interleave_low_pairs(sm4_vector a, sm4_vector b)
{
    return (sm4_vector)_mm512_unpacklo_epi64((__m512i)a, (__m512i)b);
}

VECTOR_STEP sm4_vector interleave_high_pairs(sm4_vector a, sm4_vector b)
{
    return (sm4_vector)_mm512_unpackhi_epi64((__m512i)a, (__m512i)b);
}

VECTOR_STEP sm4_vector follow(sm4_vector previous, sm4_vector current)
{
    return (sm4_vector)_mm512_alignr_epi64((__m512i)current, (__m512i)previous, 6);
}

VECTOR_STEP sm4_vector exchange_halves(sm4_vector blocks)
{
    return (sm4_vector)_mm512_shuffle_epi32((__m512i)blocks, _MM_PERM_BADC);
}

VECTOR_STEP void load_lane_blocks(sm4_vector *registers, const uint8_t *const *in, size_t at)
{
    for (int index = 0; index < 4; index++) {
        __m512i blocks = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(in[index] + at)));
        blocks = _mm512_inserti32x4(blocks, _mm_loadu_si128((const __m128i *)(in[4 + index] + at)), 1);
        blocks = _mm512_inserti32x4(blocks, _mm_loadu_si128((const __m128i *)(in[8 + index] + at)), 2);
        blocks = _mm512_inserti32x4(blocks, _mm_loadu_si128((const __m128i *)(in[12 + index] + at)), 3);
        registers[index] = (sm4_vector)blocks;
    }
}

VECTOR_STEP void store_lane_blocks(const sm4_vector *registers, uint8_t *const *out, size_t at)
{
    for (int index = 0; index < 4; index++) {
        __m512i blocks = (__m512i)registers[index];
        _mm_storeu_si128((__m128i *)(out[index] + at), _mm512_castsi512_si128(blocks));
        _mm_storeu_si128((__m128i *)(out[4 + index] + at), _mm512_extracti32x4_epi32(blocks, 1));
        _mm_storeu_si128((__m128i *)(out[8 + index] + at), _mm512_extracti32x4_epi32(blocks, 2));
        _mm_storeu_si128((__m128i *)(out[12 + index] + at), _mm512_extracti32x4_epi32(blocks, 3));
    }
}

#include "sm4_rounds.h"

#include "sm4_parallel.h"
#include "sm4_serial.h"

#include "sm4_lanes.h"
#endif
