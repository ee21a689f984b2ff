// SPDX-License-Identifier: Apache-2.0
//
// GCM (NIST SP 800-38D): CTR and GHASH, which run side by side, as neither waits for the other but once in 32 blocks.
//
// GHASH numbers the bits of a block from the first to the last. With its bytes in reverse a block is a polynomial whose
// coefficients go down, and the product of two such numbers is one place short of where it belongs: the hash key is
// divided by x once to make up for it.

#include "aes_functions.h"

#if defined(__x86_64__) && !defined(UACCE_PORTABLE)

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
    struct product product = { _mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512() };
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

AES_TARGET void aes_gcm_expand_key(const uint8_t *key, size_t key_byte_count, struct aes_gcm_key *expanded)
{
    expanded->round_count = aes_expand_encryption(key, key_byte_count, expanded->encryption);
    const __m128i hash_key = reversed_block(
        cipher_block(expanded->encryption, expanded->round_count, 1, _mm_setzero_si128()));
    // Shifting left divides by x; the bit that falls out is x^0, which becomes 1/x.
    const __m128i carries = _mm_srli_epi64(hash_key, 63);
    const __m128i fallen = _mm_sub_epi64(_mm_setzero_si128(), _mm_unpackhi_epi64(carries, carries));
    const __m128i first = _mm_xor_si128(
        _mm_or_si128(_mm_slli_epi64(hash_key, 1), _mm_slli_si128(carries, 8)),
        _mm_and_si128(fallen, _mm_set_epi64x((long long)INVERSE_OF_X, 1)));
    // The powers go down in memory, so that they lie beside the blocks that they belong to.
    uint8_t(*powers)[16] = expanded->powers + AES_GCM_POWERS - 1;
    const __m512i one = _mm512_broadcast_i32x4(first);
    __m512i power = one;
    store_block(*powers, first);
    for (int i = 1; i < 4; i++) {
        power = multiplied(power, one);
        store_block(*--powers, _mm512_castsi512_si128(power));
    }
    __m512i four = _mm512_loadu_si512(powers);
    for (int i = 4; i < AES_GCM_POWERS; i += 4) {
        four = multiplied(four, power);
        _mm512_storeu_si512(powers -= 4, four);
    }
}

// The accumulator after so many bytes in some registers, of which the rest is zero: the first block meets the highest
// power, and the accumulator with it.
AES_STEP __m128i absorbed(
    const struct aes_gcm_key *key, __m128i accumulator, const __m512i *blocks, size_t byte_count, const int registers)
{
    const size_t block_count = (byte_count + 15) / 16;
    const uint8_t *powers = key->powers[AES_GCM_POWERS - block_count];
    struct product sum = { _mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512() };
    for (int i = registers - 1; i >= 0; i--) {
        __m512i numbers = reversed_blocks(blocks[i]);
        if (i == 0)
            numbers = _mm512_xor_si512(numbers, _mm512_zextsi128_si512(accumulator));
        add_product(
            &sum, numbers,
            _mm512_maskz_loadu_epi8(bytes_there(16 * block_count, i), powers + REGISTER_BYTES * i));
    }
    return sum_of_blocks(reduced(&sum));
}

// Counters of GCM have 32 bits. With their bytes in reverse they are the lowest.
AES_STEP __m512i next_counters(const uint8_t *counter)
{
    return _mm512_add_epi32(
        reversed_blocks(_mm512_broadcast_i32x4(load_block(counter))),
        _mm512_set_epi32(0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 1));
}

struct gcm_state {
    __m512i counters; // of the next four blocks, with their bytes in reverse
    __m128i accumulator; // with its bytes in reverse
};

AES_STEP void gcm_step(
    const struct aes_gcm_key *key, int encrypt, struct gcm_state *state, const uint8_t *in, uint8_t *out,
    size_t byte_count, const int registers)
{
    const __m512i four = _mm512_set_epi32(0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 4);
    __m512i text[WIDE], blocks[WIDE];
    for (int i = 0; i < registers; i++) {
        blocks[i] = reversed_blocks(state->counters);
        state->counters = _mm512_add_epi32(state->counters, four);
    }
    cipher_registers(key->encryption, key->round_count, 1, blocks, registers);
    load_registers(in, byte_count, text, registers);
    if (!encrypt)
        state->accumulator = absorbed(key, state->accumulator, text, byte_count, registers);
    xor_registers(blocks, text, registers);
    store_registers(out, byte_count, blocks, registers);
    if (!encrypt)
        return;
    // Of the key stream behind the end nothing may enter.
    for (int i = 0; i < registers; i++)
        blocks[i] = _mm512_maskz_mov_epi8(bytes_there(byte_count, i), blocks[i]);
    state->accumulator = absorbed(key, state->accumulator, blocks, byte_count, registers);
}

AES_STEP void gcm_crypt(
    const struct aes_gcm_key *key, int encrypt, const uint8_t *counter, uint8_t *accumulator, const uint8_t *in,
    uint8_t *out, size_t byte_count)
{
    enum { WHOLE = WIDE * REGISTER_BYTES };
    struct gcm_state state = { next_counters(counter), reversed_block(load_block(accumulator)) };
    for (; byte_count >= WHOLE; byte_count -= WHOLE, in += WHOLE, out += WHOLE)
        gcm_step(key, encrypt, &state, in, out, WHOLE, WIDE);
    if (byte_count > NARROW * REGISTER_BYTES)
        gcm_step(key, encrypt, &state, in, out, byte_count, WIDE);
    else if (byte_count != 0)
        gcm_step(key, encrypt, &state, in, out, byte_count, NARROW);
    store_block(accumulator, reversed_block(state.accumulator));
}

AES_TARGET void aes_gcm_encrypt(
    const struct aes_gcm_key *key, const uint8_t *counter, uint8_t *accumulator, const uint8_t *in, uint8_t *out,
    size_t byte_count)
{
    gcm_crypt(key, 1, counter, accumulator, in, out, byte_count);
}

AES_TARGET void aes_gcm_decrypt(
    const struct aes_gcm_key *key, const uint8_t *counter, uint8_t *accumulator, const uint8_t *in, uint8_t *out,
    size_t byte_count)
{
    gcm_crypt(key, 0, counter, accumulator, in, out, byte_count);
}

AES_STEP __m128i absorb_step(
    const struct aes_gcm_key *key, __m128i accumulator, const uint8_t *data, size_t byte_count, const int registers)
{
    __m512i blocks[WIDE];
    load_registers(data, byte_count, blocks, registers);
    return absorbed(key, accumulator, blocks, byte_count, registers);
}

AES_TARGET void aes_gcm_absorb(
    const struct aes_gcm_key *key, uint8_t *accumulator, const uint8_t *data, size_t byte_count)
{
    enum { WHOLE = WIDE * REGISTER_BYTES };
    __m128i sum = reversed_block(load_block(accumulator));
    for (; byte_count >= WHOLE; byte_count -= WHOLE, data += WHOLE)
        sum = absorb_step(key, sum, data, WHOLE, WIDE);
    if (byte_count > NARROW * REGISTER_BYTES)
        sum = absorb_step(key, sum, data, byte_count, WIDE);
    else if (byte_count > REGISTER_BYTES)
        sum = absorb_step(key, sum, data, byte_count, NARROW);
    else if (byte_count != 0)
        sum = absorb_step(key, sum, data, byte_count, 1);
    store_block(accumulator, reversed_block(sum));
}

AES_TARGET void aes_gcm_tag(
    const struct aes_gcm_key *key, const uint8_t *first_counter, const uint8_t *accumulator,
    uint64_t additional_byte_count, uint64_t byte_count, uint8_t *tag)
{
    // In bits, and as numbers: no bytes to be put in reverse.
    const __m128i lengths = _mm_set_epi64x((long long)(8 * additional_byte_count), (long long)(8 * byte_count));
    const __m128i last = _mm_xor_si128(reversed_block(load_block(accumulator)), lengths);
    const __m512i power = _mm512_zextsi128_si512(load_block(key->powers[AES_GCM_POWERS - 1]));
    const __m128i hash = reversed_block(_mm512_castsi512_si128(multiplied(_mm512_zextsi128_si512(last), power)));
    const __m128i mask = cipher_block(key->encryption, key->round_count, 1, load_block(first_counter));
    store_block(tag, _mm_xor_si128(hash, mask));
}

#endif
