// SPDX-License-Identifier: Apache-2.0

#include "aes_xts.h"
#include "vector_kernels.h"
#include "wipe.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

#define XTS_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,vaes,vpclmulqdq,aes,ssse3")))
#define XTS_STEP XTS_TARGET static inline __attribute__((always_inline))

int aes_xts_is_available(void)
{
    unsigned eax, ebx, ecx, edx;
    if (vector_kernels_level() < VECTOR_LEVEL_AVX512 || !__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx))
        return 0;
    return (ecx & bit_VAES) && (ecx & bit_VPCLMULQDQ) && (ebx & bit_AVX512DQ);
}

// FIPS 197, 5.2, for keys of 4 and of 8 words. The processor's substitution takes the same time for every key.
XTS_STEP int expand(const uint8_t *key, size_t key_byte_count, uint8_t (*round_keys)[16])
{
    const size_t key_words = key_byte_count / 4, round_count = key_words + 6;
    uint32_t words[4 * AES_XTS_ROUND_KEYS], constant = 1;
    memcpy(words, key, key_byte_count);
    for (size_t index = key_words; index < 4 * (round_count + 1); index++) {
        uint32_t word = words[index - 1];
        if (index % 4 == 0 && (index % key_words == 0 || key_words == 8)) {
            // Lane 0: the bytes substituted; lane 1: rotated as well.
            __m128i assisted = _mm_aeskeygenassist_si128(_mm_set1_epi32((int)word), 0);
            if (index % key_words == 0) {
                word = (uint32_t)_mm_extract_epi32(assisted, 1) ^ constant;
                constant = constant << 1 ^ (constant >> 7) * 0x11b;
            } else {
                word = (uint32_t)_mm_extract_epi32(assisted, 0);
            }
        }
        words[index] = words[index - key_words] ^ word;
    }
    memcpy(round_keys, words, 16 * (round_count + 1));
    wipe(words, sizeof words);
    return (int)round_count;
}

XTS_TARGET void aes_xts_expand_key(const uint8_t *key, size_t key_byte_count, struct aes_xts_key *expanded)
{
    const size_t half = key_byte_count / 2;
    const int round_count = expand(key, half, expanded->encryption);
    expand(key + half, half, expanded->tweak);
    expanded->round_count = round_count;
    // The equivalent inverse cipher (FIPS 197, 5.3.5).
    for (int round = 0; round <= round_count; round++) {
        __m128i words = _mm_loadu_si128((const __m128i *)expanded->encryption[round_count - round]);
        if (round != 0 && round != round_count)
            words = _mm_aesimc_si128(words);
        _mm_storeu_si128((__m128i *)expanded->decryption[round], words);
    }
}

XTS_STEP __m128i cipher_block(const uint8_t (*round_keys)[16], int round_count, int encrypt, __m128i block)
{
    block = _mm_xor_si128(block, _mm_loadu_si128((const __m128i *)round_keys[0]));
    for (int round = 1; round < round_count; round++) {
        __m128i words = _mm_loadu_si128((const __m128i *)round_keys[round]);
        block = encrypt ? _mm_aesenc_si128(block, words) : _mm_aesdec_si128(block, words);
    }
    __m128i words = _mm_loadu_si128((const __m128i *)round_keys[round_count]);
    return encrypt ? _mm_aesenclast_si128(block, words) : _mm_aesdeclast_si128(block, words);
}

XTS_STEP __m512i round_key(const uint8_t (*round_keys)[16], int round)
{
    return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)round_keys[round]));
}

// Registers of four blocks that are worked on at once.
#define XTS_REGISTERS 4

XTS_STEP void cipher_registers(const uint8_t (*round_keys)[16], int round_count, int encrypt, __m512i *blocks)
{
    __m512i words = round_key(round_keys, 0);
    for (int i = 0; i < XTS_REGISTERS; i++)
        blocks[i] = _mm512_xor_si512(blocks[i], words);
    for (int round = 1; round < round_count; round++) {
        words = round_key(round_keys, round);
        for (int i = 0; i < XTS_REGISTERS; i++)
            blocks[i] = encrypt ? _mm512_aesenc_epi128(blocks[i], words) : _mm512_aesdec_epi128(blocks[i], words);
    }
    words = round_key(round_keys, round_count);
    for (int i = 0; i < XTS_REGISTERS; i++)
        blocks[i] = encrypt ? _mm512_aesenclast_epi128(blocks[i], words) : _mm512_aesdeclast_epi128(blocks[i], words);
}

// Multiplies by x: towards the highest bit of the last byte; what falls out becomes 0x87 in the first (IEEE 1619, 5.2).
XTS_STEP __m128i doubled(__m128i tweak)
{
    const __m128i fallen = _mm_shuffle_epi32(_mm_srai_epi32(tweak, 31), 0x13);
    return _mm_xor_si128(_mm_add_epi64(tweak, tweak), _mm_and_si128(fallen, _mm_set_epi64x(1, 0x87)));
}

// Multiplies four tweaks by x to the power of 8 and of 16: whole bytes, so that what falls out takes one product.
XTS_STEP __m512i moved(__m512i shifted, __m512i fallen)
{
    return _mm512_xor_si512(shifted, _mm512_clmulepi64_epi128(fallen, _mm512_set1_epi64(0x87), 0x00));
}

XTS_STEP __m512i moved_8(__m512i tweaks)
{
    return moved(_mm512_bslli_epi128(tweaks, 1), _mm512_bsrli_epi128(tweaks, 15));
}

XTS_STEP __m512i moved_16(__m512i tweaks)
{
    return moved(_mm512_bslli_epi128(tweaks, 2), _mm512_bsrli_epi128(tweaks, 14));
}

// The tweaks of the first sixteen blocks.
XTS_STEP void first_tweaks(__m128i tweak, __m512i *tweaks)
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
XTS_STEP __m128i cipher_blocks(
    const uint8_t (*round_keys)[16], int round_count, int encrypt, __m128i tweak, const uint8_t *in, uint8_t *out,
    size_t block_count)
{
    __m512i tweaks[XTS_REGISTERS], blocks[XTS_REGISTERS];
    first_tweaks(tweak, tweaks);
    for (; block_count >= 16; block_count -= 16, in += 256, out += 256) {
        for (int i = 0; i < XTS_REGISTERS; i++)
            blocks[i] = _mm512_xor_si512(_mm512_loadu_si512(in + 64 * i), tweaks[i]);
        cipher_registers(round_keys, round_count, encrypt, blocks);
        for (int i = 0; i < XTS_REGISTERS; i++) {
            _mm512_storeu_si512(out + 64 * i, _mm512_xor_si512(blocks[i], tweaks[i]));
            tweaks[i] = moved_16(tweaks[i]);
        }
    }
    if (block_count != 0) {
        // What is not there reads as zero and is not written.
        __mmask8 there[XTS_REGISTERS];
        for (int i = 0; i < XTS_REGISTERS; i++) {
            const size_t count = block_count > 4 * (size_t)i ? block_count - 4 * (size_t)i : 0;
            there[i] = count >= 4 ? 0xff : (__mmask8)((1u << 2 * count) - 1);
            blocks[i] = _mm512_xor_si512(_mm512_maskz_loadu_epi64(there[i], in + 64 * i), tweaks[i]);
        }
        cipher_registers(round_keys, round_count, encrypt, blocks);
        for (int i = 0; i < XTS_REGISTERS; i++)
            _mm512_mask_storeu_epi64(out + 64 * i, there[i], _mm512_xor_si512(blocks[i], tweaks[i]));
    }
    __m128i after[4 * XTS_REGISTERS];
    for (int i = 0; i < XTS_REGISTERS; i++)
        _mm512_storeu_si512(after + 4 * i, tweaks[i]);
    tweak = after[block_count];
    wipe(after, sizeof after);
    return tweak;
}

XTS_STEP __m128i masked_block(
    const uint8_t (*round_keys)[16], int round_count, int encrypt, __m128i tweak, __m128i block)
{
    return _mm_xor_si128(tweak, cipher_block(round_keys, round_count, encrypt, _mm_xor_si128(block, tweak)));
}

// A data unit. Of one that ends with a part of a block, the last whole block gives up its end to the part (5.3.2): the
// two change places, and decryption meets them with their tweaks exchanged.
XTS_STEP void cipher_unit(
    const struct aes_xts_key *key, int encrypt, const uint8_t *iv, const uint8_t *in, uint8_t *out, size_t byte_count)
{
    if (byte_count < 16)
        return;
    const uint8_t(*round_keys)[16] = encrypt ? key->encryption : key->decryption;
    const int round_count = key->round_count;
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

XTS_TARGET void aes_xts_encrypt(
    const struct aes_xts_key *key, const uint8_t *iv, const uint8_t *in, uint8_t *out, size_t byte_count)
{
    cipher_unit(key, 1, iv, in, out, byte_count);
}

XTS_TARGET void aes_xts_decrypt(
    const struct aes_xts_key *key, const uint8_t *iv, const uint8_t *in, uint8_t *out, size_t byte_count)
{
    cipher_unit(key, 0, iv, in, out, byte_count);
}

#else

int aes_xts_is_available(void) { return 0; }
void aes_xts_expand_key(const uint8_t *key, size_t key_byte_count, struct aes_xts_key *expanded)
{
    (void)key, (void)key_byte_count, (void)expanded;
}
void aes_xts_encrypt(
    const struct aes_xts_key *key, const uint8_t *iv, const uint8_t *in, uint8_t *out, size_t byte_count)
{
    (void)key, (void)iv, (void)in, (void)out, (void)byte_count;
}
void aes_xts_decrypt(
    const struct aes_xts_key *key, const uint8_t *iv, const uint8_t *in, uint8_t *out, size_t byte_count)
{
    (void)key, (void)iv, (void)in, (void)out, (void)byte_count;
}

#endif
