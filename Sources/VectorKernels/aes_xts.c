// SPDX-License-Identifier: Apache-2.0

#include "aes_functions.h"

#if defined(__x86_64__)

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

// Multiplies four tweaks by x to the power of 8 and of 16: whole bytes, so that what falls out takes one product.
AES_STEP __m512i moved(__m512i shifted, __m512i fallen)
{
    return _mm512_xor_si512(shifted, _mm512_clmulepi64_epi128(fallen, _mm512_set1_epi64(0x87), 0x00));
}

AES_STEP __m512i moved_8(__m512i tweaks)
{
    return moved(_mm512_bslli_epi128(tweaks, 1), _mm512_bsrli_epi128(tweaks, 15));
}

AES_STEP __m512i moved_16(__m512i tweaks)
{
    return moved(_mm512_bslli_epi128(tweaks, 2), _mm512_bsrli_epi128(tweaks, 14));
}

// The tweaks of the first sixteen blocks.
AES_STEP void first_tweaks(__m128i tweak, __m512i *tweaks)
{
    __m128i next[8];
    for (int i = 0; i < 8; i++, tweak = doubled(tweak))
        next[i] = tweak;
    tweaks[0] = _mm512_loadu_si512(next);
    tweaks[1] = _mm512_loadu_si512(next + 4);
    tweaks[2] = moved_8(tweaks[0]);
    tweaks[3] = moved_8(tweaks[1]);
    wipe(next, sizeof next);
}

// Whole blocks. Returns the tweak of the block that follows.
AES_STEP __m128i cipher_blocks(
    const uint8_t (*round_keys)[16], int round_count, int encrypt, __m128i tweak, const uint8_t *in, uint8_t *out,
    size_t block_count)
{
    __m512i tweaks[NARROW], blocks[NARROW];
    first_tweaks(tweak, tweaks);
    for (; block_count >= 16; block_count -= 16, in += 256, out += 256) {
        for (int i = 0; i < NARROW; i++)
            blocks[i] = _mm512_xor_si512(_mm512_loadu_si512(in + 64 * i), tweaks[i]);
        cipher_registers(round_keys, round_count, encrypt, blocks, NARROW);
        for (int i = 0; i < NARROW; i++) {
            _mm512_storeu_si512(out + 64 * i, _mm512_xor_si512(blocks[i], tweaks[i]));
            tweaks[i] = moved_16(tweaks[i]);
        }
    }
    if (block_count != 0) {
        // What is not there reads as zero and is not written.
        __mmask8 there[NARROW];
        for (int i = 0; i < NARROW; i++) {
            const size_t count = block_count > 4 * (size_t)i ? block_count - 4 * (size_t)i : 0;
            there[i] = count >= 4 ? 0xff : (__mmask8)((1u << 2 * count) - 1);
            blocks[i] = _mm512_xor_si512(_mm512_maskz_loadu_epi64(there[i], in + 64 * i), tweaks[i]);
        }
        cipher_registers(round_keys, round_count, encrypt, blocks, NARROW);
        for (int i = 0; i < NARROW; i++)
            _mm512_mask_storeu_epi64(out + 64 * i, there[i], _mm512_xor_si512(blocks[i], tweaks[i]));
    }
    __m128i after[4 * NARROW];
    for (int i = 0; i < NARROW; i++)
        _mm512_storeu_si512(after + 4 * i, tweaks[i]);
    tweak = after[block_count];
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
    const size_t part = byte_count % 16, stealing = part != 0, block_count = byte_count / 16 - stealing;
    __m128i tweak = cipher_block(key->tweak, round_count, 1, _mm_loadu_si128((const __m128i *)iv));
    tweak = cipher_blocks(round_keys, round_count, encrypt, tweak, in, out, block_count);
    if (!stealing)
        return;
    in += 16 * block_count;
    out += 16 * block_count;
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
