// SPDX-License-Identifier: Apache-2.0
//
// AES over vectors, up to 32 blocks at once, and one after the other where blocks wait for each other.
//
// libcrypto 3.0 does four blocks at once. intel-ipsec-mb 1.3 has no XTS, and each of its calls sets a variable of the
// whole process, for whose cache line two threads fight; here nothing is shared.
//
// As vector_kernels.h says of all kernels: pure computation, constant time, nothing left behind.

#ifndef UACCE_AES_KERNELS_H
#define UACCE_AES_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

#define AES_ROUND_KEYS 15 // of AES-256 (FIPS 197, table 3)
#define AES_GCM_POWERS 32

// An expanded key of 16, 24 or 32 bytes.
struct aes_key {
    uint8_t encryption[AES_ROUND_KEYS][16];
    uint8_t decryption[AES_ROUND_KEYS][16]; // of the equivalent inverse cipher (FIPS 197, 5.3.5)
    int round_count;                        // 10, 12 or 14
};

// Both keys of XTS.
struct aes_xts_key {
    struct aes_key data;
    uint8_t tweak[AES_ROUND_KEYS][16];
};

// A key of GCM.
struct aes_gcm_key {
    // The hash key to the power of 32, 31, ... 1, as aes_gcm.c wants them. Best at a multiple of 64 bytes.
    uint8_t powers[AES_GCM_POWERS][16];
    uint8_t encryption[AES_ROUND_KEYS][16];
    int round_count;
};

// iv: 16 bytes, only read. in and out are equal or do not overlap. Modes that take whole blocks leave more alone.
typedef void aes_cipher_function(
    const struct aes_key *key, const uint8_t *_Nullable iv, const uint8_t *in, uint8_t *out, size_t byte_count);

// One data unit of at least 16 bytes; of fewer nothing is done.
typedef void aes_xts_function(
    const struct aes_xts_key *key, const uint8_t *iv, const uint8_t *in, uint8_t *out, size_t byte_count);

// Goes on with a message of GCM (NIST SP 800-38D): whole blocks, or its end.
// counter: the block before the first to be used, only read. accumulator: GHASH's, 16 bytes, which goes on; the
// ciphertext enters it, filled up with zeros.
typedef void aes_gcm_function(
    const struct aes_gcm_key *key, const uint8_t *counter, uint8_t *accumulator, const uint8_t *in, uint8_t *out,
    size_t byte_count);

struct aes_kernels {
    // Keys of 16, 24 or 32 bytes; of XTS two together, 32 or 64.
    void (*expand_key)(const uint8_t *key, size_t key_byte_count, struct aes_key *expanded);
    void (*expand_xts_key)(const uint8_t *key, size_t key_byte_count, struct aes_xts_key *expanded);
    void (*expand_gcm_key)(const uint8_t *key, size_t key_byte_count, struct aes_gcm_key *expanded);

    aes_cipher_function *ecb_encrypt; // without an IV
    aes_cipher_function *ecb_decrypt;
    aes_cipher_function *cbc_encrypt; // block after block
    aes_cipher_function *cbc_decrypt;
    aes_cipher_function *ctr; // the counter is a number of 128 bits, first byte highest; any number of bytes
    aes_cipher_function *cfb_encrypt; // feedback of whole blocks; any number of bytes; block after block
    aes_cipher_function *cfb_decrypt; // likewise, many at once
    aes_cipher_function *ofb; // any number of bytes; block after block
    aes_xts_function *xts_encrypt;
    aes_xts_function *xts_decrypt;

    aes_gcm_function *gcm_encrypt;
    aes_gcm_function *gcm_decrypt;
    // Lets data into the accumulator, filled up with zeros to whole blocks.
    void (*gcm_absorb)(const struct aes_gcm_key *key, uint8_t *accumulator, const uint8_t *data, size_t byte_count);
    // A message's tag of 16 bytes, behind all that is authenticated. first_counter: the block that belongs to the tag.
    void (*gcm_tag)(
        const struct aes_gcm_key *key, const uint8_t *first_counter, const uint8_t *accumulator,
        uint64_t additional_byte_count, uint64_t byte_count, uint8_t *tag);
};

// NULL where the processor or the operating system does not have AVX-512, VAES and VPCLMULQDQ.
const struct aes_kernels *_Nullable aes_kernels(void);

#pragma clang assume_nonnull end
#endif
