// SPDX-License-Identifier: Apache-2.0
//
// GHASH (NIST SP 800-38D) with the carry-less multiplication of x86-64, which Swift has no name for. Other processors
// get the same functions, which are never called there.
//
// Blocks are loaded byte-reversed: the coefficient of x^i is bit 127 - i of a 128-bit register. The carry-less product
// of two such numbers is one place short of the same order; that place is won back once, in the table, whose powers of H
// are divided by x. 1/x modulo x^128 + x^7 + x^2 + x + 1 is x^127 + x^6 + x + 1, in a register 0xC2 << 120 | 1.

#ifndef UACCE_GHASH_PCLMUL_H
#define UACCE_GHASH_PCLMUL_H

#include <stddef.h>
#include <stdint.h>

// H to the power of 1 to 8, each divided by x, and the exclusive or of its halves for Karatsuba's multiplication.
#define GHASH_PCLMUL_POWERS 8
struct ghash_pclmul_table {
    _Alignas(16) uint8_t power[GHASH_PCLMUL_POWERS][16];
    _Alignas(16) uint8_t folded[GHASH_PCLMUL_POWERS][16];
};

#if defined(__x86_64__) && !defined(UACCE_PORTABLE)
#include <cpuid.h>
#include <emmintrin.h>
#include <tmmintrin.h>
#include <wmmintrin.h>

#define GHASH_PCLMUL static inline __attribute__((target("pclmul,ssse3"), unused))
#define GHASH_PCLMUL_STEP static inline __attribute__((target("pclmul,ssse3"), always_inline, unused))

static inline int ghash_pclmul_is_available(void)
{
    unsigned eax, ebx, ecx, edx;
    return __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & bit_PCLMUL) && (ecx & bit_SSSE3);
}

GHASH_PCLMUL_STEP __m128i ghash_pclmul_reversed(__m128i block)
{
    return _mm_shuffle_epi8(block, _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

GHASH_PCLMUL_STEP __m128i ghash_pclmul_swapped(__m128i value) { return _mm_shuffle_epi32(value, 0x4e); }

// Sums of products, not yet reduced.
struct ghash_pclmul_sum {
    __m128i low, middle, high;
};

GHASH_PCLMUL_STEP struct ghash_pclmul_sum ghash_pclmul_nothing(void)
{
    struct ghash_pclmul_sum sum = {_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128()};
    return sum;
}

// Adds value * power; folded is the exclusive or of the power's halves.
GHASH_PCLMUL_STEP void ghash_pclmul_add(struct ghash_pclmul_sum *sum, __m128i value, __m128i power, __m128i folded)
{
    __m128i halves = _mm_xor_si128(value, ghash_pclmul_swapped(value));
    sum->low = _mm_xor_si128(sum->low, _mm_clmulepi64_si128(value, power, 0x00));
    sum->high = _mm_xor_si128(sum->high, _mm_clmulepi64_si128(value, power, 0x11));
    sum->middle = _mm_xor_si128(sum->middle, _mm_clmulepi64_si128(halves, folded, 0x00));
}

// The sum modulo the polynomial. The low register holds the powers from 128 on; each of its halves is folded once:
// x^128 is x^7 + x^2 + x + 1, of which the last term is the exchange of halves.
GHASH_PCLMUL_STEP __m128i ghash_pclmul_reduced(struct ghash_pclmul_sum sum)
{
    const __m128i terms = _mm_set_epi64x(0, (long long)0xc200000000000000ull);
    __m128i middle = _mm_xor_si128(sum.middle, _mm_xor_si128(sum.low, sum.high));
    __m128i low = _mm_xor_si128(sum.low, _mm_slli_si128(middle, 8));
    __m128i high = _mm_xor_si128(sum.high, _mm_srli_si128(middle, 8));
    low = _mm_xor_si128(ghash_pclmul_swapped(low), _mm_clmulepi64_si128(low, terms, 0x00));
    low = _mm_xor_si128(ghash_pclmul_swapped(low), _mm_clmulepi64_si128(low, terms, 0x00));
    return _mm_xor_si128(high, low);
}

// Fills in the table for the 16 bytes of H.
GHASH_PCLMUL void ghash_pclmul_prepare(struct ghash_pclmul_table *table, const void *hash_key)
{
    __m128i key = ghash_pclmul_reversed(_mm_loadu_si128((const __m128i *)hash_key));
    // Shifting left divides by x; the bit that falls out is x^0, which becomes 1/x. A mask, not a branch.
    __m128i fallen = _mm_shuffle_epi32(_mm_srai_epi32(key, 31), 0xff);
    __m128i carried = _mm_slli_si128(_mm_srli_epi64(key, 63), 8);
    __m128i inverse = _mm_set_epi64x((long long)0xc200000000000000ull, 1);
    key = _mm_or_si128(_mm_slli_epi64(key, 1), carried);
    key = _mm_xor_si128(key, _mm_and_si128(fallen, inverse));

    __m128i folded = _mm_xor_si128(key, ghash_pclmul_swapped(key));
    __m128i power = key;
    for (int index = 0;; index++) {
        _mm_store_si128((__m128i *)table->power[index], power);
        _mm_store_si128((__m128i *)table->folded[index], _mm_xor_si128(power, ghash_pclmul_swapped(power)));
        if (index == GHASH_PCLMUL_POWERS - 1)
            break;
        struct ghash_pclmul_sum product = ghash_pclmul_nothing();
        ghash_pclmul_add(&product, power, key, folded);
        power = ghash_pclmul_reduced(product);
    }
}

GHASH_PCLMUL_STEP void ghash_pclmul_add_block(struct ghash_pclmul_sum *sum, const struct ghash_pclmul_table *table,
                                              int index, __m128i block)
{
    ghash_pclmul_add(sum, block, _mm_load_si128((const __m128i *)table->power[index]),
                     _mm_load_si128((const __m128i *)table->folded[index]));
}

GHASH_PCLMUL_STEP __m128i ghash_pclmul_load(const uint8_t *blocks, int index)
{
    return ghash_pclmul_reversed(_mm_loadu_si128((const __m128i *)blocks + index));
}

// Feeds whole blocks into the 16 bytes of the accumulator.
GHASH_PCLMUL void ghash_pclmul_absorb(const struct ghash_pclmul_table *table, void *accumulator, const void *blocks,
                                      size_t block_count)
{
    const uint8_t *next = (const uint8_t *)blocks;
    __m128i hash = ghash_pclmul_reversed(_mm_loadu_si128((const __m128i *)accumulator));
    while (block_count >= 8) {
        struct ghash_pclmul_sum sum = ghash_pclmul_nothing();
        ghash_pclmul_add_block(&sum, table, 7, _mm_xor_si128(hash, ghash_pclmul_load(next, 0)));
        ghash_pclmul_add_block(&sum, table, 6, ghash_pclmul_load(next, 1));
        ghash_pclmul_add_block(&sum, table, 5, ghash_pclmul_load(next, 2));
        ghash_pclmul_add_block(&sum, table, 4, ghash_pclmul_load(next, 3));
        ghash_pclmul_add_block(&sum, table, 3, ghash_pclmul_load(next, 4));
        ghash_pclmul_add_block(&sum, table, 2, ghash_pclmul_load(next, 5));
        ghash_pclmul_add_block(&sum, table, 1, ghash_pclmul_load(next, 6));
        ghash_pclmul_add_block(&sum, table, 0, ghash_pclmul_load(next, 7));
        hash = ghash_pclmul_reduced(sum);
        next += 128;
        block_count -= 8;
    }
    if (block_count != 0) {
        struct ghash_pclmul_sum sum = ghash_pclmul_nothing();
        while (block_count != 0) {
            block_count--;
            ghash_pclmul_add_block(&sum, table, (int)block_count, _mm_xor_si128(hash, ghash_pclmul_load(next, 0)));
            hash = _mm_setzero_si128();
            next += 16;
        }
        hash = ghash_pclmul_reduced(sum);
    }
    _mm_storeu_si128((__m128i *)accumulator, ghash_pclmul_reversed(hash));
}

#undef GHASH_PCLMUL
#undef GHASH_PCLMUL_STEP

#else

static inline int ghash_pclmul_is_available(void) { return 0; }
static inline void ghash_pclmul_prepare(struct ghash_pclmul_table *table, const void *hash_key) {}
static inline void ghash_pclmul_absorb(const struct ghash_pclmul_table *table, void *accumulator, const void *blocks,
                                       size_t block_count)
{
}

#endif
#endif
