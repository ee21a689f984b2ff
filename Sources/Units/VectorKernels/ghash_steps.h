// SPDX-License-Identifier: Apache-2.0
//
// GHASH's arithmetic (NIST SP 800-38D, 6.3), four blocks to a register.
//
// GHASH numbers the bits of a block from the first to the last. With its bytes in reverse a block is a polynomial whose
// coefficients go down, and the product of two such numbers is one place short of where it belongs: the hash key is
// divided by x once to make up for it.

#ifndef UACCE_GHASH_STEPS_H
#define UACCE_GHASH_STEPS_H

#include "aes_steps.h"

// 1/x modulo x^128 + x^7 + x^2 + x + 1 is x^127 + x^6 + x + 1: as a number, this and 1 in the lower half.
#define INVERSE_OF_X 0xc200000000000000

// A sum of products of two halves each: low by low, high by high, and of each number's two halves added up, which is all
// four products of halves together. A multiplication takes as long as four rounds of AES: Karatsuba's three are enough.
struct product {
    __m512i low, high, both;
};

AES_STEP __m512i swapped_halves(__m512i blocks) { return _mm512_shuffle_epi32(blocks, _MM_PERM_BADC); }

AES_STEP __m512i added_halves(__m512i blocks) { return _mm512_xor_si512(blocks, swapped_halves(blocks)); }

AES_STEP struct product no_product(void)
{
    return (struct product){ _mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512() };
}

// All three, xored.
AES_STEP __m512i sum_of_three(__m512i a, __m512i b, __m512i c) { return _mm512_ternarylogic_epi64(a, b, c, 0x96); }

AES_STEP void add_product(struct product *sum, __m512i left, __m512i right)
{
    const __m512i both = _mm512_clmulepi64_epi128(added_halves(left), added_halves(right), 0x00);
    sum->low = _mm512_xor_si512(sum->low, _mm512_clmulepi64_epi128(left, right, 0x00));
    sum->high = _mm512_xor_si512(sum->high, _mm512_clmulepi64_epi128(left, right, 0x11));
    sum->both = _mm512_xor_si512(sum->both, both);
}

// Brings the lowest half of a sum up by 64 places, and then the next: what falls out below is multiplied by 1/x^64.
AES_STEP __m512i reduced(const struct product *sum)
{
    const __m512i inverse = _mm512_set1_epi64((long long)INVERSE_OF_X);
    const __m512i low = sum->low, high = sum->high;
    __m512i middle = sum_of_three(sum->both, low, high);
    middle = sum_of_three(middle, swapped_halves(low), _mm512_clmulepi64_epi128(low, inverse, 0x00));
    return sum_of_three(high, swapped_halves(middle), _mm512_clmulepi64_epi128(middle, inverse, 0x00));
}

AES_STEP __m512i multiplied(__m512i left, __m512i right)
{
    struct product product = no_product();
    add_product(&product, left, right);
    return reduced(&product);
}

AES_STEP __m128i sum_of_blocks(__m512i blocks)
{
    const __m256i two = _mm256_xor_si256(_mm512_castsi512_si256(blocks), _mm512_extracti64x4_epi64(blocks, 1));
    return _mm_xor_si128(_mm256_castsi256_si128(two), _mm256_extracti128_si256(two, 1));
}

AES_STEP __m128i reversed_block(__m128i block)
{
    return _mm_shuffle_epi8(block, _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

AES_STEP __m128i load_block(const uint8_t *block) { return _mm_loadu_si128((const __m128i *)block); }
AES_STEP void store_block(uint8_t *block, __m128i value) { _mm_storeu_si128((__m128i *)block, value); }

#endif
