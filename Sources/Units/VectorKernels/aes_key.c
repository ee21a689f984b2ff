// SPDX-License-Identifier: Apache-2.0

#if defined(__x86_64__) && !defined(UACCE_PORTABLE)

#include "aes_steps.h"
#include "wipe.h"

// The processor's substitution takes the same time for every key.
AES_TARGET int aes_expand_encryption(const uint8_t *key, size_t key_byte_count, uint8_t (*round_keys)[16])
{
    const size_t key_words = key_byte_count / 4, round_count = key_words + 6;
    uint32_t words[4 * AES_ROUND_KEYS], constant = 1;
    memcpy(words, key, key_byte_count);
    for (size_t index = key_words; index < 4 * (round_count + 1); index++) {
        uint32_t word = words[index - 1];
        const size_t place = index % key_words;
        if (place == 0 || (place == 4 && key_words == 8)) {
            // Lane 0: the bytes substituted; lane 1: rotated as well.
            __m128i assisted = _mm_aeskeygenassist_si128(_mm_set1_epi32((int)word), 0);
            if (place == 0) {
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

AES_TARGET void aes_expand_key(const uint8_t *key, size_t key_byte_count, struct aes_key *expanded)
{
    const int round_count = aes_expand_encryption(key, key_byte_count, expanded->encryption);
    expanded->round_count = round_count;
    for (int round = 0; round <= round_count; round++) {
        __m128i words = _mm_loadu_si128((const __m128i *)expanded->encryption[round_count - round]);
        if (round != 0 && round != round_count)
            words = _mm_aesimc_si128(words);
        _mm_storeu_si128((__m128i *)expanded->decryption[round], words);
    }
}

#endif
