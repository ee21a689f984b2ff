// SPDX-License-Identifier: Apache-2.0
//
// ECB, CBC decryption, CFB decryption and CTR.
//
// Each has a step for some registers of blocks, which runs WIDE while there are as many, and once over what is left.

#include "aes_functions.h"

#if defined(__x86_64__)

#include <string.h>

#include "aes_steps.h"

// The blocks that go before those of some registers: the last of `before`, and what lies one block back. (To shift all
// of them through registers takes a tenth longer.)
AES_STEP void load_previous(
    __m512i before, const uint8_t *in, size_t byte_count, __m512i *previous, const int registers)
{
    __m512i first;
    load_registers(in, byte_count, &first, 1);
    previous[0] = _mm512_alignr_epi64(first, before, 6);
    // Before a part of a block there is a whole one.
    byte_count = (byte_count + 15) & ~(size_t)15;
    for (int i = 1; i < registers; i++)
        previous[i] = _mm512_maskz_loadu_epi8(bytes_there(byte_count, i), in + REGISTER_BYTES * i - 16);
}

// As if it had been the last block of a register.
AES_STEP __m512i as_last_block(const uint8_t *iv)
{
    return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)iv));
}

// A step takes up to 64 bytes a register and returns what the next has to know: the last register of ciphertext.
typedef __m512i step_function(
    const struct aes_key *key, __m512i before, const uint8_t *in, uint8_t *out, size_t byte_count,
    const int registers);

AES_STEP __m512i ecb_encrypt_step(
    const struct aes_key *key, __m512i before, const uint8_t *in, uint8_t *out, size_t byte_count, const int registers)
{
    __m512i blocks[WIDE];
    load_registers(in, byte_count, blocks, registers);
    cipher_registers(key->encryption, key->round_count, 1, blocks, registers);
    store_registers(out, byte_count, blocks, registers);
    return before;
}

AES_STEP __m512i ecb_decrypt_step(
    const struct aes_key *key, __m512i before, const uint8_t *in, uint8_t *out, size_t byte_count, const int registers)
{
    __m512i blocks[WIDE];
    load_registers(in, byte_count, blocks, registers);
    cipher_registers(key->decryption, key->round_count, 0, blocks, registers);
    store_registers(out, byte_count, blocks, registers);
    return before;
}

AES_STEP __m512i cbc_decrypt_step(
    const struct aes_key *key, __m512i before, const uint8_t *in, uint8_t *out, size_t byte_count, const int registers)
{
    __m512i blocks[WIDE], previous[WIDE];
    load_registers(in, byte_count, blocks, registers);
    load_previous(before, in, byte_count, previous, registers);
    before = blocks[registers - 1];
    cipher_registers(key->decryption, key->round_count, 0, blocks, registers);
    xor_registers(blocks, previous, registers);
    store_registers(out, byte_count, blocks, registers);
    return before;
}

AES_STEP __m512i cfb_decrypt_step(
    const struct aes_key *key, __m512i before, const uint8_t *in, uint8_t *out, size_t byte_count, const int registers)
{
    __m512i blocks[WIDE], text[WIDE];
    load_previous(before, in, byte_count, blocks, registers);
    cipher_registers(key->encryption, key->round_count, 1, blocks, registers);
    load_registers(in, byte_count, text, registers);
    before = text[registers - 1];
    xor_registers(text, blocks, registers);
    store_registers(out, byte_count, text, registers);
    return before;
}

AES_STEP void run_steps(
    step_function *step, const struct aes_key *key, __m512i before, const uint8_t *in, uint8_t *out,
    size_t byte_count)
{
    enum { WHOLE = WIDE * REGISTER_BYTES };
    for (; byte_count >= WHOLE; byte_count -= WHOLE, in += WHOLE, out += WHOLE)
        before = step(key, before, in, out, WHOLE, WIDE);
    if (byte_count > NARROW * REGISTER_BYTES)
        step(key, before, in, out, byte_count, WIDE);
    else if (byte_count != 0)
        step(key, before, in, out, byte_count, NARROW);
}

AES_TARGET void aes_ecb_encrypt(
    const struct aes_key *key, const uint8_t *iv, const uint8_t *in, uint8_t *out, size_t byte_count)
{
    (void)iv;
    run_steps(ecb_encrypt_step, key, _mm512_setzero_si512(), in, out, byte_count & ~(size_t)15);
}

AES_TARGET void aes_ecb_decrypt(
    const struct aes_key *key, const uint8_t *iv, const uint8_t *in, uint8_t *out, size_t byte_count)
{
    (void)iv;
    run_steps(ecb_decrypt_step, key, _mm512_setzero_si512(), in, out, byte_count & ~(size_t)15);
}

AES_TARGET void aes_cbc_decrypt(
    const struct aes_key *key, const uint8_t *iv, const uint8_t *in, uint8_t *out, size_t byte_count)
{
    run_steps(cbc_decrypt_step, key, as_last_block(iv), in, out, byte_count & ~(size_t)15);
}

AES_TARGET void aes_cfb_decrypt(
    const struct aes_key *key, const uint8_t *iv, const uint8_t *in, uint8_t *out, size_t byte_count)
{
    run_steps(cfb_decrypt_step, key, as_last_block(iv), in, out, byte_count);
}

// The lower half of the counter is counted in the register, so it must not overflow in a step. Here `before` holds the
// counters of the step's first four blocks, with their bytes in reverse.
AES_STEP __m512i ctr_step(
    const struct aes_key *key, __m512i before, const uint8_t *in, uint8_t *out, size_t byte_count, const int registers)
{
    const __m512i four = _mm512_set_epi64(0, 4, 0, 4, 0, 4, 0, 4);
    __m512i blocks[WIDE];
    for (int i = 0; i < registers; i++) {
        blocks[i] = reversed_blocks(before);
        before = _mm512_add_epi64(before, four);
    }
    cipher_registers(key->encryption, key->round_count, 1, blocks, registers);
    __m512i text[WIDE];
    load_registers(in, byte_count, text, registers);
    xor_registers(text, blocks, registers);
    store_registers(out, byte_count, text, registers);
    return before;
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
        // 2^64 - low blocks; of 2^64 the 32 bits of a length have no need.
        const uint64_t before_carry = 0 - low, block_count = (byte_count + 15) / 16;
        const int carries = low != 0 && block_count > before_carry;
        const size_t bytes = carries ? 16 * before_carry : byte_count;
        const __m512i counters =
            _mm512_add_epi64(_mm512_broadcast_i32x4(_mm_set_epi64x((long long)high, (long long)low)), first_four);
        run_steps(ctr_step, key, counters, in, out, bytes);
        in += bytes;
        out += bytes;
        byte_count -= bytes;
        high++;
        low = 0;
    }
}

#endif
