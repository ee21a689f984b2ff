// SPDX-License-Identifier: Apache-2.0
//
// ECB, CBC decryption, CFB decryption and CTR: the modes whose blocks do not wait for each other.
//
// Each has a step for four registers of blocks, which runs while there is text.

#include "aes_functions.h"

#if defined(__x86_64__) && !defined(UACCE_PORTABLE)

#include <string.h>

#include "aes_steps.h"

// The blocks that go before those of a step: the last of `before`, and what lies one block back. (To shift all of them
// through registers takes a tenth longer.)
AES_STEP void load_previous(__m512i before, const uint8_t *in, size_t byte_count, __m512i *previous)
{
    __m512i first;
    load_registers(in, byte_count, &first, 1);
    previous[0] = _mm512_alignr_epi64(first, before, 6);
    // Before a part of a block there is a whole one.
    byte_count = (byte_count + 15) & ~(size_t)15;
    for (int i = 1; i < NARROW; i++)
        previous[i] = _mm512_maskz_loadu_epi8(bytes_there(byte_count, i), in + REGISTER_BYTES * i - 16);
}

// As if it had been the last block of a register.
AES_STEP __m512i as_last_block(const uint8_t *iv)
{
    return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)iv));
}

// A step takes up to STEP_BYTES, and returns what the next has to know: the last register of ciphertext.
typedef __m512i step_function(
    const struct rounds *rounds, __m512i before, const uint8_t *in, uint8_t *out, size_t byte_count);

AES_STEP __m512i ecb_step(
    const struct rounds *rounds, int encrypt, __m512i before, const uint8_t *in, uint8_t *out, size_t byte_count)
{
    __m512i blocks[NARROW];
    load_registers(in, byte_count, blocks, NARROW);
    cipher_step(rounds, encrypt, blocks);
    store_registers(out, byte_count, blocks, NARROW);
    return before;
}

AES_STEP __m512i ecb_encrypt_step(
    const struct rounds *rounds, __m512i before, const uint8_t *in, uint8_t *out, size_t byte_count)
{
    return ecb_step(rounds, 1, before, in, out, byte_count);
}

AES_STEP __m512i ecb_decrypt_step(
    const struct rounds *rounds, __m512i before, const uint8_t *in, uint8_t *out, size_t byte_count)
{
    return ecb_step(rounds, 0, before, in, out, byte_count);
}

AES_STEP __m512i cbc_decrypt_step(
    const struct rounds *rounds, __m512i before, const uint8_t *in, uint8_t *out, size_t byte_count)
{
    __m512i blocks[NARROW], previous[NARROW];
    load_registers(in, byte_count, blocks, NARROW);
    load_previous(before, in, byte_count, previous);
    before = blocks[NARROW - 1];
    cipher_step(rounds, 0, blocks);
    xor_registers(blocks, previous, NARROW);
    store_registers(out, byte_count, blocks, NARROW);
    return before;
}

AES_STEP __m512i cfb_decrypt_step(
    const struct rounds *rounds, __m512i before, const uint8_t *in, uint8_t *out, size_t byte_count)
{
    __m512i blocks[NARROW], text[NARROW];
    load_previous(before, in, byte_count, blocks);
    cipher_step(rounds, 1, blocks);
    load_registers(in, byte_count, text, NARROW);
    before = text[NARROW - 1];
    xor_registers(text, blocks, NARROW);
    store_registers(out, byte_count, text, NARROW);
    return before;
}

// The lower half of the counter is counted in the register, so it must not overflow on the way. Here `before` holds the
// counters of the step's first four blocks, with their bytes in reverse.
AES_STEP __m512i ctr_step(
    const struct rounds *rounds, __m512i before, const uint8_t *in, uint8_t *out, size_t byte_count)
{
    const __m512i four = _mm512_set_epi64(0, 4, 0, 4, 0, 4, 0, 4);
    __m512i blocks[NARROW], text[NARROW];
    for (int i = 0; i < NARROW; i++) {
        blocks[i] = reversed_blocks(before);
        before = _mm512_add_epi64(before, four);
    }
    cipher_step(rounds, 1, blocks);
    load_registers(in, byte_count, text, NARROW);
    xor_registers(text, blocks, NARROW);
    store_registers(out, byte_count, text, NARROW);
    return before;
}

AES_STEP void run_rounds(
    step_function *step, const uint8_t (*round_keys)[16], const int round_count, __m512i before, const uint8_t *in,
    uint8_t *out, size_t byte_count)
{
    const struct rounds rounds = load_rounds(round_keys, round_count);
    for (; byte_count >= STEP_BYTES; byte_count -= STEP_BYTES, in += STEP_BYTES, out += STEP_BYTES)
        before = step(&rounds, before, in, out, STEP_BYTES);
    if (byte_count != 0)
        step(&rounds, before, in, out, byte_count);
}

// How many rounds there are is known in each of the three, so that their keys can be in registers.
AES_STEP void run_steps(
    step_function *step, const uint8_t (*round_keys)[16], int round_count, __m512i before, const uint8_t *in,
    uint8_t *out, size_t byte_count)
{
    switch (round_count) {
    case 10: run_rounds(step, round_keys, 10, before, in, out, byte_count); break;
    case 12: run_rounds(step, round_keys, 12, before, in, out, byte_count); break;
    default: run_rounds(step, round_keys, 14, before, in, out, byte_count); break;
    }
}

AES_TARGET void aes_ecb_encrypt(
    const struct aes_key *key, const uint8_t *iv, const uint8_t *in, uint8_t *out, size_t byte_count)
{
    (void)iv;
    const __m512i nothing = _mm512_setzero_si512();
    run_steps(ecb_encrypt_step, key->encryption, key->round_count, nothing, in, out, byte_count & ~(size_t)15);
}

AES_TARGET void aes_ecb_decrypt(
    const struct aes_key *key, const uint8_t *iv, const uint8_t *in, uint8_t *out, size_t byte_count)
{
    (void)iv;
    const __m512i nothing = _mm512_setzero_si512();
    run_steps(ecb_decrypt_step, key->decryption, key->round_count, nothing, in, out, byte_count & ~(size_t)15);
}

AES_TARGET void aes_cbc_decrypt(
    const struct aes_key *key, const uint8_t *iv, const uint8_t *in, uint8_t *out, size_t byte_count)
{
    const __m512i before = as_last_block(iv);
    run_steps(cbc_decrypt_step, key->decryption, key->round_count, before, in, out, byte_count & ~(size_t)15);
}

AES_TARGET void aes_cfb_decrypt(
    const struct aes_key *key, const uint8_t *iv, const uint8_t *in, uint8_t *out, size_t byte_count)
{
    run_steps(cfb_decrypt_step, key->encryption, key->round_count, as_last_block(iv), in, out, byte_count);
}

AES_TARGET void aes_ctr(
    const struct aes_key *key, const uint8_t *iv, const uint8_t *in, uint8_t *out, size_t byte_count)
{
    const __m512i first_four = _mm512_set_epi64(0, 3, 0, 2, 0, 1, 0, 0);
    uint64_t high, low;
    memcpy(&high, iv, 8);
    memcpy(&low, iv + 8, 8);
    high = __builtin_bswap64(high);
    low = __builtin_bswap64(low);
    while (byte_count != 0) {
        // So many blocks until the lower half begins again; if it is 0, more than a length can have.
        const uint64_t before_carry = 0 - low, block_count = (byte_count + 15) / 16;
        const size_t bytes = low != 0 && block_count > before_carry ? 16 * before_carry : byte_count;
        const __m128i counter = _mm_set_epi64x((long long)high, (long long)low);
        run_steps(
            ctr_step, key->encryption, key->round_count,
            _mm512_add_epi64(_mm512_broadcast_i32x4(counter), first_four), in, out, bytes);
        in += bytes;
        out += bytes;
        byte_count -= bytes;
        high++;
        low = 0;
    }
}

#endif
