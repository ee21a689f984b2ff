// SPDX-License-Identifier: Apache-2.0
//
// SM4 with SSSE3 and AES-NI: 4 blocks a register. AESENCLAST is AES's S-box after a permutation of bytes, ShiftRows,
// which the rotations that follow undo.

#if defined(__x86_64__) && !defined(UACCE_PORTABLE)
#include "sm4_cbc_lanes.h"
#include "sm4_field.h"
#include "sm4_kernels.h"
#include "sm4_schedule.h"
#include "sm4_words.h"
#include "sm4_xts.h"
#include "wipe.h"
#include <immintrin.h>

#define SM4_TARGET __attribute__((target("ssse3,aes")))
#define SM4_KERNEL(name) name##_aesni
#define SM4_LANES 4
#define SM4_PASS 2
#define VECTOR_STEP SM4_TARGET static inline __attribute__((always_inline))

typedef uint32_t sm4_vector __attribute__((vector_size(16)));
typedef uint64_t sm4_vector64 __attribute__((vector_size(16)));

// T of a round: the sum of two parts, of which the first is there earlier.
struct sm4_substituted {
    sm4_vector early, late;
};

VECTOR_STEP sm4_vector splat(uint32_t word) { return (sm4_vector)_mm_set1_epi32((int)word); }

VECTOR_STEP sm4_vector sum3(sm4_vector a, sm4_vector b, sm4_vector c) { return a ^ b ^ c; }

VECTOR_STEP sm4_vector swap_bytes(sm4_vector words)
{
    const __m128i order = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
    return (sm4_vector)_mm_shuffle_epi8((__m128i)words, order);
}

VECTOR_STEP sm4_vector reverse_blocks(sm4_vector blocks)
{
    const __m128i order = _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    return (sm4_vector)_mm_shuffle_epi8((__m128i)blocks, order);
}

// Half bytes, as PSHUFB wants them to look something up.
VECTOR_STEP __m128i low_halves(__m128i bytes) { return _mm_and_si128(bytes, _mm_set1_epi8(15)); }
VECTOR_STEP __m128i high_halves(__m128i bytes) { return low_halves(_mm_srli_epi16(bytes, 4)); }

VECTOR_STEP __m128i mapped(__m128i low_table, __m128i high_table, __m128i low, __m128i high)
{
    return _mm_xor_si128(_mm_shuffle_epi8(low_table, low), _mm_shuffle_epi8(high_table, high));
}

VECTOR_STEP sm4_vector enter(sm4_vector words)
{
    return (sm4_vector)mapped(_mm_setr_epi8(SM4_ENTER_LOW), _mm_setr_epi8(SM4_ENTER_HIGH), low_halves((__m128i)words),
                              high_halves((__m128i)words));
}

VECTOR_STEP sm4_vector leave(sm4_vector words)
{
    return (sm4_vector)mapped(_mm_setr_epi8(SM4_LEAVE_LOW), _mm_setr_epi8(SM4_LEAVE_HIGH), low_halves((__m128i)words),
                              high_halves((__m128i)words));
}

// ShiftRows puts byte 5 * n modulo 16 into place n. These undo it, and rotate words by so many bytes too.
VECTOR_STEP __m128i shifted_rows_0(__m128i bytes)
{
    return _mm_shuffle_epi8(bytes, _mm_setr_epi8(0, 13, 10, 7, 4, 1, 14, 11, 8, 5, 2, 15, 12, 9, 6, 3));
}

VECTOR_STEP __m128i shifted_rows_1(__m128i bytes)
{
    return _mm_shuffle_epi8(bytes, _mm_setr_epi8(7, 0, 13, 10, 11, 4, 1, 14, 15, 8, 5, 2, 3, 12, 9, 6));
}

VECTOR_STEP __m128i shifted_rows_2(__m128i bytes)
{
    return _mm_shuffle_epi8(bytes, _mm_setr_epi8(10, 7, 0, 13, 14, 11, 4, 1, 2, 15, 8, 5, 6, 3, 12, 9));
}

VECTOR_STEP __m128i shifted_rows_3(__m128i bytes)
{
    return _mm_shuffle_epi8(bytes, _mm_setr_epi8(13, 10, 7, 0, 1, 14, 11, 4, 5, 2, 15, 8, 9, 6, 3, 12));
}

VECTOR_STEP struct sm4_substituted substitute(sm4_vector argument)
{
    const __m128i bytes = _mm_aesenclast_si128((__m128i)argument, _mm_setzero_si128());
    const __m128i low = low_halves(bytes), high = high_halves(bytes);
    const __m128i out0 = mapped(_mm_setr_epi8(SM4_OUT0_LOW), _mm_setr_epi8(SM4_OUT0_HIGH), low, high);
    const __m128i out1 = mapped(_mm_setr_epi8(SM4_OUT1_LOW), _mm_setr_epi8(SM4_OUT1_HIGH), low, high);
    const __m128i out3 = mapped(_mm_setr_epi8(SM4_OUT3_LOW), _mm_setr_epi8(SM4_OUT3_HIGH), low, high);
    return (struct sm4_substituted){
        (sm4_vector)shifted_rows_0(out0),
        (sm4_vector)shifted_rows_1(out1) ^ (sm4_vector)shifted_rows_2(out1) ^ (sm4_vector)shifted_rows_3(out3),
    };
}

VECTOR_STEP sm4_vector interleave_low(sm4_vector a, sm4_vector b)
{
    return (sm4_vector)_mm_unpacklo_epi32((__m128i)a, (__m128i)b);
}

VECTOR_STEP sm4_vector interleave_high(sm4_vector a, sm4_vector b)
{
    return (sm4_vector)_mm_unpackhi_epi32((__m128i)a, (__m128i)b);
}

VECTOR_STEP sm4_vector interleave_low_pairs(sm4_vector a, sm4_vector b)
{
    return (sm4_vector)_mm_unpacklo_epi64((__m128i)a, (__m128i)b);
}

VECTOR_STEP sm4_vector interleave_high_pairs(sm4_vector a, sm4_vector b)
{
    return (sm4_vector)_mm_unpackhi_epi64((__m128i)a, (__m128i)b);
}

VECTOR_STEP sm4_vector follow(sm4_vector previous, sm4_vector current)
{
    (void)current;
    return previous;
}

VECTOR_STEP sm4_vector exchange_halves(sm4_vector blocks)
{
    return (sm4_vector)_mm_shuffle_epi32((__m128i)blocks, 0x4e);
}

VECTOR_STEP void load_lane_blocks(sm4_vector *registers, const uint8_t *const *in, size_t at)
{
    for (int index = 0; index < 4; index++)
        registers[index] = (sm4_vector)_mm_loadu_si128((const __m128i *)(in[index] + at));
}

VECTOR_STEP void store_lane_blocks(const sm4_vector *registers, uint8_t *const *out, size_t at)
{
    for (int index = 0; index < 4; index++)
        _mm_storeu_si128((__m128i *)(out[index] + at), (__m128i)registers[index]);
}

#include "sm4_rounds.h"

#include "sm4_parallel.h"
#include "sm4_serial.h"

#include "sm4_lanes.h"

// The same word in all places makes ShiftRows a permutation of equal words.
VECTOR_STEP uint32_t substitute_word(uint32_t word)
{
    const sm4_vector argument = enter(splat(word)) ^ splat(SM4_KEY_CONSTANT);
    const __m128i bytes = _mm_aesenclast_si128((__m128i)argument, _mm_setzero_si128());
    const __m128i plain = mapped(_mm_setr_epi8(SM4_SBOX_LOW), _mm_setr_epi8(SM4_SBOX_HIGH), low_halves(bytes),
                                 high_halves(bytes));
    return (uint32_t)_mm_cvtsi128_si32(plain);
}

SM4_TARGET void sm4_expand_key_aesni(const uint8_t *key, uint32_t *round_keys)
{
    SM4_EXPAND_KEY(key, round_keys, substitute_word);
}
#endif
