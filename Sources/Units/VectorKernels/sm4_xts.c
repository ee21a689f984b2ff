// SPDX-License-Identifier: Apache-2.0

#include "sm4_xts.h"
#include "wipe.h"

static uint64_t load_big_endian(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static void store_big_endian(uint8_t *bytes, uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    memcpy(bytes, &word, sizeof word);
}

void sm4_double_tweak(uint8_t *tweak, enum sm4_xts_standard standard)
{
    uint64_t first = load_big_endian(tweak), second = load_big_endian(tweak + 8);
    if (standard == SM4_XTS_GB) { // towards the lowest bit of the last byte; what falls out becomes 0xe1 in the first
        uint64_t fallen = second & 1;
        second = second >> 1 | first << 63;
        first = first >> 1 ^ ((0 - fallen) & 0xe1ull << 56);
    } else { // towards the highest bit of the last byte; what falls out becomes 0x87 in the first
        first = __builtin_bswap64(first);
        second = __builtin_bswap64(second);
        uint64_t fallen = second >> 63;
        second = second << 1 | first >> 63;
        first = first << 1 ^ ((0 - fallen) & 0x87);
        first = __builtin_bswap64(first);
        second = __builtin_bswap64(second);
    }
    store_big_endian(tweak, first);
    store_big_endian(tweak + 8, second);
}

void sm4_first_tweaks(uint8_t *tweaks, int count, const uint8_t *first, enum sm4_xts_standard standard)
{
    uint8_t tweak[16];
    memcpy(tweak, first, sizeof tweak);
    for (int index = 0; index < count; index++) {
        memcpy(tweaks + 16 * index, tweak, sizeof tweak);
        sm4_double_tweak(tweak, standard);
    }
    wipe(tweak, sizeof tweak);
}

// The part of a block at the end takes from the ciphertext before it what it lacks, and gives its own ciphertext in
// exchange; the block made up so is encrypted last but stands before.
void sm4_xts_encrypt_unit(sm4_xts_blocks_function *encrypt, const uint32_t *round_keys, enum sm4_xts_standard standard,
                          uint8_t *tweak, const uint8_t *in, uint8_t *out, size_t byte_count)
{
    if (byte_count < 16)
        return;
    size_t whole = byte_count / 16 * 16, part = byte_count % 16;
    encrypt(round_keys, standard, tweak, in, out, whole / 16);
    if (part == 0)
        return;
    uint8_t *last = out + whole - 16, block[16];
    memcpy(block, in + whole, part);
    memcpy(block + part, last + part, 16 - part);
    memcpy(out + whole, last, part);
    encrypt(round_keys, standard, tweak, block, last, 1);
    wipe(block, sizeof block);
}

// Decryption meets the block made up first, with the tweak of the part.
void sm4_xts_decrypt_unit(sm4_xts_blocks_function *decrypt, const uint32_t *round_keys, enum sm4_xts_standard standard,
                          uint8_t *tweak, const uint8_t *in, uint8_t *out, size_t byte_count)
{
    if (byte_count < 16)
        return;
    size_t whole = byte_count / 16 * 16, part = byte_count % 16;
    if (part == 0) {
        decrypt(round_keys, standard, tweak, in, out, whole / 16);
        return;
    }
    decrypt(round_keys, standard, tweak, in, out, whole / 16 - 1);
    uint8_t last_tweak[16], made_up[16], block[16];
    memcpy(last_tweak, tweak, sizeof last_tweak);
    sm4_double_tweak(last_tweak, standard);
    decrypt(round_keys, standard, last_tweak, in + whole - 16, made_up, 1);
    memcpy(block, in + whole, part);
    memcpy(block + part, made_up + part, 16 - part);
    memcpy(out + whole, made_up, part);
    decrypt(round_keys, standard, tweak, block, out + whole - 16, 1);
    wipe(last_tweak, sizeof last_tweak);
    wipe(made_up, sizeof made_up);
    wipe(block, sizeof block);
}
