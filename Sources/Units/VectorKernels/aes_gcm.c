// SPDX-License-Identifier: Apache-2.0
//
// GCM (NIST SP 800-38D): CTR and GHASH, side by side.

#include "aes_functions.h"

#if defined(__x86_64__) && !defined(UACCE_PORTABLE)

#include "aes_steps.h"
#include "ghash_steps.h"

// Bytes of a wide step. What is left goes in steps of STEP_BYTES.
enum { WHOLE = WIDE * REGISTER_BYTES };

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

// Adds the product of register i of so many bytes, of which the rest is zero: the first block of all meets the highest
// power that is needed, and the accumulator with it.
AES_STEP void add_blocks(
    struct product *sum, const struct aes_gcm_key *key, __m128i accumulator, __m512i blocks, size_t byte_count, int i)
{
    const size_t block_count = (byte_count + 15) / 16;
    const uint8_t *powers = key->powers[AES_GCM_POWERS - block_count] + REGISTER_BYTES * i;
    __m512i numbers = reversed_blocks(blocks);
    if (i == 0)
        numbers = _mm512_xor_si512(numbers, _mm512_zextsi128_si512(accumulator));
    add_product(sum, numbers, _mm512_maskz_loadu_epi8(bytes_there(16 * block_count, i), powers));
}

// The accumulator after so many bytes in some registers.
AES_STEP __m128i absorbed(
    const struct aes_gcm_key *key, __m128i accumulator, const __m512i *blocks, size_t byte_count, const int registers)
{
    struct product sum = no_product();
    // The accumulator comes last: it is what the next step waits for.
    for (int i = registers - 1; i >= 0; i--)
        add_blocks(&sum, key, accumulator, blocks[i], byte_count, i);
    return sum_of_blocks(reduced(&sum));
}

AES_STEP __m128i absorb_step(
    const struct aes_gcm_key *key, __m128i accumulator, const uint8_t *data, size_t byte_count, const int registers)
{
    __m512i blocks[WIDE];
    load_registers(data, byte_count, blocks, registers);
    return absorbed(key, accumulator, blocks, byte_count, registers);
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

AES_STEP void count_blocks(struct gcm_state *state, __m512i *blocks, const int registers)
{
    const __m512i four = _mm512_set_epi32(0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 4);
    for (int i = 0; i < registers; i++) {
        blocks[i] = reversed_blocks(state->counters);
        state->counters = _mm512_add_epi32(state->counters, four);
    }
}

// WHOLE bytes from in to out, and, if there are any, as many into the accumulator, a product after each round.
AES_STEP void whole_step(
    const struct aes_gcm_key *key, struct gcm_state *state, const uint8_t *absorbing, const uint8_t *in, uint8_t *out)
{
    const uint8_t(*round_keys)[16] = key->encryption;
    struct product sum = no_product();
    __m512i blocks[WIDE], text[WIDE];
    count_blocks(state, blocks, WIDE);
    for (int i = 0; i < WIDE; i++)
        blocks[i] = _mm512_xor_si512(blocks[i], round_key(round_keys, 0));
    int round = 1;
    for (; round <= WIDE; round++) {
        cipher_round(round_key(round_keys, round), 1, blocks, WIDE);
        const int i = WIDE - round;
        if (absorbing)
            add_blocks(&sum, key, state->accumulator, _mm512_loadu_si512(absorbing + REGISTER_BYTES * i), WHOLE, i);
    }
    for (; round < key->round_count; round++)
        cipher_round(round_key(round_keys, round), 1, blocks, WIDE);
    cipher_last_round(round_key(round_keys, round), 1, blocks, WIDE);
    if (absorbing)
        state->accumulator = sum_of_blocks(reduced(&sum));
    load_registers(in, WHOLE, text, WIDE);
    xor_registers(text, blocks, WIDE);
    store_registers(out, WHOLE, text, WIDE);
}

// Up to STEP_BYTES bytes, which may be the end.
AES_STEP void last_step(
    const struct aes_gcm_key *key, int encrypt, struct gcm_state *state, const uint8_t *in, uint8_t *out,
    size_t byte_count)
{
    __m512i text[NARROW], blocks[NARROW];
    count_blocks(state, blocks, NARROW);
    encrypt_registers(key->encryption, key->round_count, blocks);
    load_registers(in, byte_count, text, NARROW);
    if (!encrypt)
        state->accumulator = absorbed(key, state->accumulator, text, byte_count, NARROW);
    xor_registers(blocks, text, NARROW);
    store_registers(out, byte_count, blocks, NARROW);
    if (!encrypt)
        return;
    // Of the key stream behind the end nothing may enter.
    for (int i = 0; i < NARROW; i++)
        blocks[i] = _mm512_maskz_mov_epi8(bytes_there(byte_count, i), blocks[i]);
    state->accumulator = absorbed(key, state->accumulator, blocks, byte_count, NARROW);
}

AES_STEP void gcm_crypt(
    const struct aes_gcm_key *key, int encrypt, const uint8_t *counter, uint8_t *accumulator, const uint8_t *in,
    uint8_t *out, size_t byte_count)
{
    struct gcm_state state = { next_counters(counter), reversed_block(load_block(accumulator)) };
    // It is ciphertext that is absorbed: what comes in; or what went out the step before, since a processor does not look
    // so far ahead that it would begin the next blocks while it waits for these.
    const int lags = encrypt && byte_count >= WHOLE;
    if (lags) {
        whole_step(key, &state, NULL, in, out);
        byte_count -= WHOLE, in += WHOLE, out += WHOLE;
    }
    for (; byte_count >= WHOLE; byte_count -= WHOLE, in += WHOLE, out += WHOLE) {
        if (!encrypt)
            state.accumulator = absorb_step(key, state.accumulator, in, WHOLE, WIDE);
        whole_step(key, &state, encrypt ? out - WHOLE : NULL, in, out);
    }
    if (lags)
        state.accumulator = absorb_step(key, state.accumulator, out - WHOLE, WHOLE, WIDE);
    while (byte_count != 0) {
        const size_t bytes = byte_count < STEP_BYTES ? byte_count : STEP_BYTES;
        last_step(key, encrypt, &state, in, out, bytes);
        byte_count -= bytes, in += bytes, out += bytes;
    }
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

AES_TARGET void aes_gcm_absorb(
    const struct aes_gcm_key *key, uint8_t *accumulator, const uint8_t *data, size_t byte_count)
{
    __m128i sum = reversed_block(load_block(accumulator));
    for (; byte_count >= WHOLE; byte_count -= WHOLE, data += WHOLE)
        sum = absorb_step(key, sum, data, WHOLE, WIDE);
    for (; byte_count > STEP_BYTES; byte_count -= STEP_BYTES, data += STEP_BYTES)
        sum = absorb_step(key, sum, data, STEP_BYTES, NARROW);
    if (byte_count > REGISTER_BYTES)
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
