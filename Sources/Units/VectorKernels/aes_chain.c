// SPDX-License-Identifier: Apache-2.0
//
// CBC encryption, CFB encryption and OFB: each block waits for the one before, so that all that counts is how long one
// takes. Nothing is between two blocks but the rounds: the last round's key takes with it what the next block's first
// round wants to have added, and its own text. What comes out is made by a second last round beside it.

#include "aes_functions.h"

#if defined(__x86_64__) && !defined(UACCE_PORTABLE)

#include "aes_steps.h"

enum chain { CBC, CFB, OFB };

AES_STEP __m128i load_block(const uint8_t *in) { return _mm_loadu_si128((const __m128i *)in); }

// What the rounds of the next block begin with, beside the last round and the first key.
AES_STEP __m128i fed_back(const enum chain chain, __m128i text, __m128i next_text)
{
    switch (chain) {
    case CBC: return next_text;
    case CFB: return text;
    default: return _mm_setzero_si128();
    }
}

AES_STEP void run_chain(
    const enum chain chain, const uint8_t (*round_keys)[16], const int round_count, const uint8_t *iv, const uint8_t *in,
    uint8_t *out, size_t byte_count)
{
    __m128i keys[AES_ROUND_KEYS];
#pragma clang loop unroll(full)
    for (int round = 0; round <= round_count; round++)
        keys[round] = load_block(round_keys[round]);
    const __m128i last = keys[round_count], last_and_first = _mm_xor_si128(last, keys[0]);

    __m128i text = byte_count >= 16 ? load_block(in) : _mm_setzero_si128();
    __m128i block = _mm_xor_si128(_mm_xor_si128(load_block(iv), keys[0]), fed_back(chain, _mm_setzero_si128(), text));
    for (; byte_count >= 16; byte_count -= 16, in += 16, out += 16) {
        const __m128i next_text = byte_count >= 32 ? load_block(in + 16) : _mm_setzero_si128();
#pragma clang loop unroll(full)
        for (int round = 1; round < round_count; round++)
            block = _mm_aesenc_si128(block, keys[round]);
        const __m128i ending = chain == CBC ? last : _mm_xor_si128(last, text);
        _mm_storeu_si128((__m128i *)out, _mm_aesenclast_si128(block, ending));
        block = _mm_aesenclast_si128(block, _mm_xor_si128(last_and_first, fed_back(chain, text, next_text)));
        text = next_text;
    }
    if (chain == CBC || byte_count == 0)
        return;
    const __mmask16 there = (__mmask16)((1u << byte_count) - 1);
#pragma clang loop unroll(full)
    for (int round = 1; round < round_count; round++)
        block = _mm_aesenc_si128(block, keys[round]);
    block = _mm_aesenclast_si128(block, _mm_xor_si128(last, _mm_maskz_loadu_epi8(there, in)));
    _mm_mask_storeu_epi8(out, there, block);
}

// How many rounds there are is known in each of the three, so that their keys can be in registers.
AES_STEP void run_any_chain(
    const enum chain chain, const struct aes_key *key, const uint8_t *iv, const uint8_t *in, uint8_t *out,
    size_t byte_count)
{
    switch (key->round_count) {
    case 10: run_chain(chain, key->encryption, 10, iv, in, out, byte_count); break;
    case 12: run_chain(chain, key->encryption, 12, iv, in, out, byte_count); break;
    default: run_chain(chain, key->encryption, 14, iv, in, out, byte_count); break;
    }
}

AES_TARGET void aes_cbc_encrypt(
    const struct aes_key *key, const uint8_t *iv, const uint8_t *in, uint8_t *out, size_t byte_count)
{
    run_any_chain(CBC, key, iv, in, out, byte_count & ~(size_t)15);
}

AES_TARGET void aes_cfb_encrypt(
    const struct aes_key *key, const uint8_t *iv, const uint8_t *in, uint8_t *out, size_t byte_count)
{
    run_any_chain(CFB, key, iv, in, out, byte_count);
}

AES_TARGET void aes_ofb(
    const struct aes_key *key, const uint8_t *iv, const uint8_t *in, uint8_t *out, size_t byte_count)
{
    run_any_chain(OFB, key, iv, in, out, byte_count);
}

#endif
