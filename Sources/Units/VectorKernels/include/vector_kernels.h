// SPDX-License-Identifier: Apache-2.0
//
// Block cipher SM4 and digest compression for many blocks or many messages at once.
//
// libcrypto and the multi-buffer libraries leave two gaps that these kernels fill: SM4 over vectors, and digests of
// many messages at once that continue from a chaining value instead of taking whole messages only.
//
// Every kernel is pure computation on the caller's memory: no allocation, no locks, no state, safe to call from any
// thread. Buffers need no alignment; input and output are the same address or do not overlap; nothing is read or
// written past the given lengths. Copies of keys and states that the functions make are wiped before they return.

#ifndef UACCE_VECTOR_KERNELS_H
#define UACCE_VECTOR_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "aes_kernels.h"

#pragma clang assume_nonnull begin

// What a kernel is made of; each level includes the ones before it.
enum vector_level {
    // C. SM4 looks its S-box up in a table, so its time may tell a neighbour on the same processor about the key; all
    // other levels take the same time whatever the data.
    VECTOR_LEVEL_PORTABLE,
    VECTOR_LEVEL_AESNI,  // SSSE3 and AES-NI: SM4, 4 blocks a register. Digests as portable.
    VECTOR_LEVEL_AVX2,   // AVX2 and GFNI: SM4, 8 blocks a register; 8 digests (4 of SHA-512).
    VECTOR_LEVEL_AVX512, // AVX-512 F, BW, VL and GFNI: SM4, 16 blocks a register; 16 digests (8 of SHA-512).
};

// How the tweak of XTS goes from one block to the next: a multiplication by x in GF(2^128) with bits numbered as
// IEEE 1619 does (first byte lowest), or as GB/T 17964-2021 does (first bit highest, as in GCM).
enum sm4_xts_standard {
    SM4_XTS_IEEE,
    SM4_XTS_GB,
};

// One buffer of many to be encrypted in CBC mode.
struct sm4_cbc_lane {
    const uint32_t *round_keys; // 32 words of sm4_expand_key
    const uint8_t *in;
    uint8_t *out;      // in, or no byte of any lane's input
    size_t byte_count; // a multiple of 16; what is more is left alone
    uint8_t *iv;       // 16 bytes; becomes the last block of ciphertext
};

// Blocks of one message of many to be digested.
struct digest_lane {
    // The chaining value, words in host order: 4 of 32 bits for MD5, 5 for SHA-1, 8 for SHA-256 and SM3, 8 of 64 bits
    // for SHA-512. Aligned as those words.
    void *state;
    const uint8_t *blocks;
    size_t block_count; // of 64 bytes, 128 for SHA-512
};

// round_keys: 32 words of sm4_expand_key; in reverse for the functions that decrypt blocks, which are ECB, CBC and XTS
// decryption. Lengths are in blocks of 16 bytes.
typedef void sm4_ecb_function(const uint32_t *round_keys, const uint8_t *in, uint8_t *out, size_t block_count);

// iv: 16 bytes of IV or counter, which come back as those for the block that follows.
typedef void sm4_chained_function(const uint32_t *round_keys, uint8_t *iv, const uint8_t *in, uint8_t *out,
                                  size_t block_count);

// A data unit of at least 16 bytes (of fewer nothing is done), with ciphertext stealing when it does not end with a whole
// block. tweak: 16 bytes, already encrypted with the second key; they come back as those for the block that follows,
// which means nothing after stealing.
typedef void sm4_xts_function(const uint32_t *round_keys, enum sm4_xts_standard standard, uint8_t *tweak,
                              const uint8_t *in, uint8_t *out, size_t byte_count);

typedef void digest_lanes_function(struct digest_lane *lanes, size_t lane_count);

// Kernels of one level.
struct vector_kernels {
    enum vector_level level;
    const char *name;

    // Expands a key of 16 bytes into 32 words, in the order and meaning of GB/T 32907-2016.
    void (*sm4_expand_key)(const uint8_t *key, uint32_t *round_keys);
    sm4_ecb_function *sm4_ecb;
    sm4_chained_function *sm4_ctr; // the counter is a number of 128 bits, first byte highest
    sm4_chained_function *sm4_cbc_encrypt;
    sm4_chained_function *sm4_cbc_decrypt;
    sm4_chained_function *sm4_cfb_encrypt; // feedback of whole blocks
    sm4_chained_function *sm4_cfb_decrypt;
    sm4_chained_function *sm4_ofb;
    sm4_xts_function *sm4_xts_encrypt;
    sm4_xts_function *sm4_xts_decrypt;
    // Any number of buffers side by side, each with its own key, IV and length.
    void (*sm4_cbc_encrypt_lanes)(struct sm4_cbc_lane *lanes, size_t lane_count);

    // Compression of any number of messages side by side, each of its own number of blocks. SHA-224 is sha256 and SHA-384
    // sha512 from other initial values; padding is the caller's.
    digest_lanes_function *md5_lanes;
    digest_lanes_function *sha1_lanes;
    digest_lanes_function *sha256_lanes;
    digest_lanes_function *sha512_lanes;
    digest_lanes_function *sm3_lanes;
};

// The highest level this processor and operating system can run.
enum vector_level vector_kernels_level(void);

// Kernels of a level, or of vector_kernels_level() when that is lower.
const struct vector_kernels *vector_kernels_for(enum vector_level level);

#pragma clang assume_nonnull end
#endif
