// SPDX-License-Identifier: Apache-2.0
//
// A handful of streams in progress, each as a pair of contexts: the module under test and the default provider.

#ifndef STREAMS_H
#define STREAMS_H

#include "provider_program.h"

enum { DIGESTS = 3, CIPHERS = 5 };
static const char *const digest_names[DIGESTS] = {"SHA2-256", "SHA2-512", "SM3"};
// Blocks held back and chained, keystreams left in mid-block, a feedback register.
static const char *const cipher_names[CIPHERS] = {
    "AES-128-CBC", "AES-256-CTR", "SM4-CFB", "AES-192-OFB", "DES-EDE3-CBC",
};

// Fetched once: a child of a process with other threads must not take libcrypto's locks to fetch.
struct algorithms {
    EVP_MD *digests[DIGESTS][2];
    EVP_CIPHER *ciphers[CIPHERS][2];
};

struct streams {
    EVP_MD_CTX *digests[DIGESTS][2];
    EVP_CIPHER_CTX *ciphers[CIPHERS][2];
};

static inline void fetch_algorithms(struct algorithms *all, OSSL_LIB_CTX *library)
{
    static const char *const properties[2] = {"provider=uacce", "provider=default"};
    for (int side = 0; side < 2; side++) {
        for (int index = 0; index < DIGESTS; index++)
            REQUIRE(all->digests[index][side] = EVP_MD_fetch(library, digest_names[index], properties[side]));
        for (int index = 0; index < CIPHERS; index++)
            REQUIRE(all->ciphers[index][side] = EVP_CIPHER_fetch(library, cipher_names[index], properties[side]));
    }
}

static inline void free_algorithms(struct algorithms *all)
{
    for (int side = 0; side < 2; side++) {
        for (int index = 0; index < DIGESTS; index++) EVP_MD_free(all->digests[index][side]);
        for (int index = 0; index < CIPHERS; index++) EVP_CIPHER_free(all->ciphers[index][side]);
    }
}

static inline void begin_streams(struct streams *streams, const struct algorithms *all, uint64_t seed)
{
    unsigned char key[32], iv[16];
    fill(key, sizeof key, seed);
    fill(iv, sizeof iv, seed + 1);
    for (int side = 0; side < 2; side++) {
        for (int index = 0; index < DIGESTS; index++) {
            REQUIRE((streams->digests[index][side] = EVP_MD_CTX_new()) != NULL);
            REQUIRE(EVP_DigestInit_ex2(streams->digests[index][side], all->digests[index][side], NULL));
        }
        for (int index = 0; index < CIPHERS; index++) {
            REQUIRE((streams->ciphers[index][side] = EVP_CIPHER_CTX_new()) != NULL);
            REQUIRE(EVP_CipherInit_ex2(streams->ciphers[index][side], all->ciphers[index][side], key, iv, 1, NULL));
        }
    }
}

// Some bytes more through every stream, compared.
static inline void continue_streams(struct streams *streams, size_t count, uint64_t seed)
{
    unsigned char *input = malloc(count + 1), *output[2] = {malloc(count + 64), malloc(count + 64)};
    REQUIRE(input != NULL && output[0] != NULL && output[1] != NULL);
    fill(input, count, seed);
    for (int index = 0; index < DIGESTS; index++)
        for (int side = 0; side < 2; side++) REQUIRE(EVP_DigestUpdate(streams->digests[index][side], input, count));
    for (int index = 0; index < CIPHERS; index++) {
        int lengths[2];
        for (int side = 0; side < 2; side++)
            REQUIRE(EVP_CipherUpdate(streams->ciphers[index][side], output[side], &lengths[side], input, (int)count));
        if (lengths[0] != lengths[1] || memcmp(output[0], output[1], lengths[0]) != 0)
            die("%s: update differs", cipher_names[index]);
    }
    free(input);
    free(output[0]);
    free(output[1]);
}

// Takes every stream to its end, compared, and frees it.
static inline void end_streams(struct streams *streams)
{
    unsigned char output[2][EVP_MAX_MD_SIZE];
    for (int index = 0; index < DIGESTS; index++) {
        unsigned int lengths[2];
        for (int side = 0; side < 2; side++) {
            REQUIRE(EVP_DigestFinal_ex(streams->digests[index][side], output[side], &lengths[side]));
            EVP_MD_CTX_free(streams->digests[index][side]);
        }
        if (lengths[0] != lengths[1] || memcmp(output[0], output[1], lengths[0]) != 0)
            die("%s: digest differs", digest_names[index]);
    }
    for (int index = 0; index < CIPHERS; index++) {
        int lengths[2];
        for (int side = 0; side < 2; side++) {
            REQUIRE(EVP_CipherFinal_ex(streams->ciphers[index][side], output[side], &lengths[side]));
            EVP_CIPHER_CTX_free(streams->ciphers[index][side]);
        }
        if (lengths[0] != lengths[1] || memcmp(output[0], output[1], lengths[0]) != 0)
            die("%s: final differs", cipher_names[index]);
    }
}

#endif
