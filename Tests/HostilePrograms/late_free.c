// SPDX-License-Identifier: Apache-2.0
//
// What a program has of OpenSSL is freed by a destructor that runs after OPENSSL_cleanup: an SSL_CTX, contexts of digests,
// ciphers and MACs, or fetched algorithms, one kind in each process. Some are used once more before they are freed.
//
// Arguments: none. Linked with libssl.

#include <openssl/evp.h>
#include "hostile.h"
#include <openssl/ssl.h>

static int kind;
static SSL_CTX *tls;
static EVP_MD_CTX *digesting;
static EVP_CIPHER_CTX *encrypting;
static EVP_MAC_CTX *authenticating;
static EVP_MD *digest;
static EVP_CIPHER *cipher;
static unsigned char input[5000], output[6000];

// Registered before libcrypto registers its own at exit, so this one comes later, as a destructor does.
__attribute__((destructor)) static void free_late(void)
{
    SSL_CTX_free(tls);
    EVP_MD_CTX_free(digesting);
    EVP_CIPHER_CTX_free(encrypting);
    EVP_MAC_CTX_free(authenticating);
    EVP_MD_free(digest);
    EVP_CIPHER_free(cipher);
}

static void make(void)
{
    int length;
    switch (kind) {
    case 0:
        REQUIRE((tls = SSL_CTX_new(TLS_method())) != NULL, "SSL_CTX_new");
        break;
    case 1:
        digesting = EVP_MD_CTX_new();
        REQUIRE(EVP_DigestInit_ex2(digesting, digest = digest_named("SHA256"), NULL), "EVP_DigestInit_ex2");
        REQUIRE(EVP_DigestUpdate(digesting, input, sizeof input), "EVP_DigestUpdate");
        break;
    case 2:
        encrypting = EVP_CIPHER_CTX_new();
        REQUIRE(EVP_EncryptInit_ex2(encrypting, cipher = cipher_named("AES-128-CBC"), input, input, NULL), "init");
        REQUIRE(EVP_EncryptUpdate(encrypting, output, &length, input, sizeof input), "EVP_EncryptUpdate");
        break;
    case 3: {
        char name[] = "SHA256";
        OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", name, 0), OSSL_PARAM_construct_end()};
        EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
        authenticating = EVP_MAC_CTX_new(mac);
        EVP_MAC_free(mac);
        REQUIRE(EVP_MAC_init(authenticating, input, 20, parameters), "EVP_MAC_init");
        REQUIRE(EVP_MAC_update(authenticating, input, sizeof input), "EVP_MAC_update");
        break;
    }
    default: digest = digest_named("SHA512"), cipher = cipher_named("AES-256-GCM");
    }
}

int main(void)
{
    // The configuration is read with the first fetch, and not before: exit handlers of libcrypto come after main began.
    int failures = 0;
    for (kind = 0; kind < 5; kind++) {
        pid_t child = fork();
        if (child == 0) {
            make();
            exit(0);
        }
        int status;
        waitpid(child, &status, 0);
        if (trouble_of(status) != NULL && ++failures)
            complain("kind %d: %s", kind, trouble_of(status));
    }
    kind = -1;
    REQUIRE(failures == 0, "%d of 5 kinds failed", failures);
    return 0;
}
