// SPDX-License-Identifier: Apache-2.0
//
// What the table of aes_kernels.c is made of. Where there are no vectors, nothing.

#ifndef UACCE_AES_FUNCTIONS_H
#define UACCE_AES_FUNCTIONS_H

#include "aes_kernels.h"

void aes_expand_key(const uint8_t *key, size_t key_byte_count, struct aes_key *expanded);
void aes_xts_expand_key(const uint8_t *key, size_t key_byte_count, struct aes_xts_key *expanded);
void aes_gcm_expand_key(const uint8_t *key, size_t key_byte_count, struct aes_gcm_key *expanded);

aes_cipher_function aes_ecb_encrypt, aes_ecb_decrypt, aes_cbc_encrypt, aes_cbc_decrypt, aes_ctr, aes_cfb_encrypt,
    aes_cfb_decrypt, aes_ofb;
aes_xts_function aes_xts_encrypt, aes_xts_decrypt;
aes_gcm_function aes_gcm_encrypt, aes_gcm_decrypt;
void aes_gcm_absorb(const struct aes_gcm_key *key, uint8_t *accumulator, const uint8_t *data, size_t byte_count);
void aes_gcm_tag(
    const struct aes_gcm_key *key, const uint8_t *first_counter, const uint8_t *accumulator,
    uint64_t additional_byte_count, uint64_t byte_count, uint8_t *tag);

#endif
