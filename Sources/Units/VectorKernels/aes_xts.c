// SPDX-License-Identifier: Apache-2.0

#include "aes_functions.h"

#if defined(__x86_64__) && !defined(UACCE_PORTABLE)

#include "aes_steps.h"
#include "wipe.h"

AES_TARGET void aes_xts_expand_key(const uint8_t *key, size_t key_byte_count, struct aes_xts_key *expanded)
{
    const size_t half = key_byte_count / 2;
    aes_expand_key(key, half, &expanded->data);
    aes_expand_encryption(key + half, half, expanded->tweak);
}

// Multiplies by x: towards the highest bit of the last byte; what falls out becomes 0x87 in the first (IEEE 1619, 5.2).
AES_STEP __m128i doubled(__m128i tweak)
{
    const __m128i fallen = _mm_shuffle_epi32(_mm_srai_epi32(tweak, 31), 0x13);
    return _mm_xor_si128(_mm_add_epi64(tweak, tweak), _mm_and_si128(fallen, _mm_set_epi64x(1, 0x87)));
}

// Four tweaks, x to the power of `first` and the three after it times one that is in every lane; first + 3 < 64.
AES_STEP __m512i four_tweaks(__m512i tweak, int first)
{
    const __m512i powers = _mm512_add_epi64(_mm512_set1_epi64(first), _mm512_set_epi64(3, 3, 2, 2, 1, 1, 0, 0));
    const __m512i rest = _mm512_sub_epi64(_mm512_set1_epi64(64), powers);
    const __m512i shifted = _mm512_sllv_epi64(tweak, powers), fallen = _mm512_srlv_epi64(tweak, rest);
    // What falls out of the lower half goes into the upper; out of the upper, it becomes so many times 0x87 in the lower.
    return _mm512_ternarylogic_epi64(
        shifted, _mm512_bslli_epi128(fallen, 8), _mm512_clmulepi64_epi128(fallen, _mm512_set1_epi64(0x87), 0x01), 0x96);
}

// Multiplies four tweaks by x to the power of 16, the number of blocks in a step: two bytes.
AES_STEP __m512i moved_16(__m512i tweaks)
{
    const __m512i fallen = _mm512_bsrli_epi128(tweaks, 14);
    return _mm512_xor_si512(
        _mm512_bslli_epi128(tweaks, 2), _mm512_clmulepi64_epi128(fallen, _mm512_set1_epi64(0x87), 0x00));
}

AES_STEP void xts_step(
    const struct rounds *rounds, int encrypt, const __m512i *tweaks, const uint8_t *in, uint8_t *out,
    size_t byte_count)
{
    __m512i blocks[NARROW];
    load_registers(in, byte_count, blocks, NARROW);
    xor_registers(blocks, tweaks, NARROW);
    cipher_step(rounds, encrypt, blocks);
    xor_registers(blocks, tweaks, NARROW);
    store_registers(out, byte_count, blocks, NARROW);
}

// Whole blocks. Returns the tweak of the block that follows.
AES_STEP __m128i cipher_blocks(
    const uint8_t (*round_keys)[16], const int round_count, int encrypt, __m128i tweak, const uint8_t *in,
    uint8_t *out, size_t byte_count)
{
    const struct rounds rounds = load_rounds(round_keys, round_count);
    __m512i tweaks[NARROW];
    for (int i = 0; i < NARROW; i++)
        tweaks[i] = four_tweaks(_mm512_broadcast_i32x4(tweak), 4 * i);
    for (; byte_count >= STEP_BYTES; byte_count -= STEP_BYTES, in += STEP_BYTES, out += STEP_BYTES) {
        xts_step(&rounds, encrypt, tweaks, in, out, STEP_BYTES);
        for (int i = 0; i < NARROW; i++)
            tweaks[i] = moved_16(tweaks[i]);
    }
    if (byte_count != 0)
        xts_step(&rounds, encrypt, tweaks, in, out, byte_count);
    __m128i after[4 * NARROW];
    for (int i = 0; i < NARROW; i++)
        _mm512_storeu_si512(after + 4 * i, tweaks[i]);
    tweak = after[byte_count / 16];
    wipe(after, sizeof after);
    return tweak;
}

AES_STEP __m128i masked_block(
    const uint8_t (*round_keys)[16], int round_count, int encrypt, __m128i tweak, __m128i block)
{
    return _mm_xor_si128(tweak, cipher_block(round_keys, round_count, encrypt, _mm_xor_si128(block, tweak)));
}

// A data unit. Of one that ends with a part of a block, the last whole block gives up its end to the part (5.3.2): the
// two change places, and decryption meets them with their tweaks exchanged.
AES_STEP void cipher_unit(
    const struct aes_xts_key *key, int encrypt, const uint8_t *iv, const uint8_t *in, uint8_t *out, size_t byte_count)
{
    if (byte_count < 16)
        return;
    const uint8_t(*round_keys)[16] = encrypt ? key->data.encryption : key->data.decryption;
    const int round_count = key->data.round_count;
    const size_t part = byte_count % 16, stealing = part != 0, whole_bytes = byte_count - part - 16 * stealing;
    __m128i tweak = cipher_block(key->tweak, round_count, 1, _mm_loadu_si128((const __m128i *)iv));
    if (round_count == 10)
        tweak = cipher_blocks(round_keys, 10, encrypt, tweak, in, out, whole_bytes);
    else
        tweak = cipher_blocks(round_keys, 14, encrypt, tweak, in, out, whole_bytes);
    if (!stealing)
        return;
    in += whole_bytes;
    out += whole_bytes;
    const __m128i next = doubled(tweak);
    const __mmask16 there = (__mmask16)((1u << part) - 1);
    const __m128i whole = masked_block(
        round_keys, round_count, encrypt, encrypt ? tweak : next, _mm_loadu_si128((const __m128i *)in));
    const __m128i made_up = _mm_mask_loadu_epi8(whole, there, in + 16);
    _mm_mask_storeu_epi8(out + 16, there, whole);
    _mm_storeu_si128(
        (__m128i *)out, masked_block(round_keys, round_count, encrypt, encrypt ? next : tweak, made_up));
}

AES_TARGET void aes_xts_encrypt(
    const struct aes_xts_key *key, const uint8_t *iv, const uint8_t *in, uint8_t *out, size_t byte_count)
{
    cipher_unit(key, 1, iv, in, out, byte_count);
}

AES_TARGET void aes_xts_decrypt(
    const struct aes_xts_key *key, const uint8_t *iv, const uint8_t *in, uint8_t *out, size_t byte_count)
{
    cipher_unit(key, 0, iv, in, out, byte_count);
}

#endif
