// SPDX-License-Identifier: Apache-2.0
//
// AES-XTS (IEEE 1619-2018, NIST SP 800-38E) over vectors: 16 blocks at once, which neither libcrypto 3.0 nor
// intel-ipsec-mb 1.3 does.
//
// As vector_kernels.h says of all kernels: pure computation, constant time, nothing left behind.

#ifndef UACCE_AES_XTS_H
#define UACCE_AES_XTS_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

#define AES_XTS_ROUND_KEYS 15 // of AES-256 (FIPS 197, table 3)

// Both keys of XTS, expanded.
struct aes_xts_key {
    uint8_t encryption[AES_XTS_ROUND_KEYS][16];
    uint8_t decryption[AES_XTS_ROUND_KEYS][16];
    uint8_t tweak[AES_XTS_ROUND_KEYS][16];
    int round_count; // 10 or 14
};

// Whether this processor and operating system have AVX-512, VAES and VPCLMULQDQ. Nothing else below may be called where
// they have not.
int aes_xts_is_available(void);

// key: the data key, then the tweak key, key_byte_count bytes together: 32 (AES-128) or 64 (AES-256).
void aes_xts_expand_key(const uint8_t *key, size_t key_byte_count, struct aes_xts_key *expanded);

// One data unit of at least 16 bytes; of fewer nothing is done. iv: 16 bytes. in and out are equal or do not overlap.
void aes_xts_encrypt(const struct aes_xts_key *key, const uint8_t *iv, const uint8_t *in, uint8_t *out,
                     size_t byte_count);
void aes_xts_decrypt(const struct aes_xts_key *key, const uint8_t *iv, const uint8_t *in, uint8_t *out,
                     size_t byte_count);

#pragma clang assume_nonnull end
#endif
