// SPDX-License-Identifier: Apache-2.0
//
// The first request of a process is made inside a filter of system calls, for each kind of algorithm and many sizes, each
// in a child of its own; once more where the process has made a small request before it entered the filter.
//
// Arguments: sshd or strict. Prints one line for each case that fails.

#include <openssl/evp.h>
#include "filters.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

static unsigned char input[1 << 20], output[(1 << 20) + 64], key[64];
static const char *const digests[] = {"MD5", "SHA1", "SHA256", "SHA512", "SM3"};
static const char *const ciphers[] = {
    "AES-128-ECB", "AES-128-CBC", "AES-256-CTR", "AES-128-OFB", "AES-128-CFB", "AES-256-XTS", "AES-128-CBC-CTS",
    "AES-128-GCM", "AES-256-CCM", "SM4-CBC", "SM4-CTR", "DES-EDE3-CBC",
};
static const char *const macs[] = {"HMAC", "CMAC", "GMAC"};
enum { DIGESTS = 5, CIPHERS = 12, MACS = 3, CASES = DIGESTS + CIPHERS + MACS };
static const size_t sizes[] = {16, 1504, 3008, 20000, 300000, 1 << 20};

static EVP_MD *digest[DIGESTS];
static EVP_CIPHER *cipher[CIPHERS];
static EVP_MAC *mac[MACS];

static const char *name_of(int kind)
{
    return kind < DIGESTS ? digests[kind] : kind < DIGESTS + CIPHERS ? ciphers[kind - DIGESTS] : macs[kind - DIGESTS - CIPHERS];
}

static int encrypt(EVP_CIPHER *type, size_t size)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int length, good = context != NULL && EVP_EncryptInit_ex2(context, type, key, key, NULL);
    if (good && EVP_CIPHER_get_mode(type) == EVP_CIPH_CCM_MODE)
        good = EVP_EncryptUpdate(context, NULL, &length, NULL, (int)size);
    good = good && EVP_EncryptUpdate(context, output, &length, input, (int)size);
    EVP_CIPHER_CTX_free(context);
    return good;
}

static int authenticate(int which, size_t size)
{
    char *names[] = {"SHA256", "AES-128-CBC", "AES-128-GCM"};
    OSSL_PARAM parameters[3] = {OSSL_PARAM_construct_utf8_string(which == 0 ? OSSL_MAC_PARAM_DIGEST : OSSL_MAC_PARAM_CIPHER,
        names[which], 0), OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end()};
    if (which == 2)
        parameters[1] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_IV, key, 12);
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac[which]);
    size_t length;
    int good = context != NULL && EVP_MAC_init(context, key, 16, parameters) && EVP_MAC_update(context, input, size) &&
        EVP_MAC_final(context, output, &length, sizeof output);
    EVP_MAC_CTX_free(context);
    return good;
}

static int request(int kind, size_t size)
{
    if (kind < DIGESTS)
        return EVP_Digest(input, size, output, NULL, digest[kind], NULL);
    return kind < DIGESTS + CIPHERS ? encrypt(cipher[kind - DIGESTS], size) : authenticate(kind - DIGESTS - CIPHERS, size);
}

int main(int count, char **arguments)
{
    REQUIRE(count == 2, "usage: filtered_first_request sshd|strict");
    for (int index = 0; index < 64; index++)
        key[index] = (unsigned char)(index * 5 + 1);
    fill_noise(input, sizeof input);
    for (int index = 0; index < DIGESTS; index++)
        digest[index] = digest_named(digests[index]);
    for (int index = 0; index < CIPHERS; index++)
        cipher[index] = cipher_named(ciphers[index]);
    for (int index = 0; index < MACS; index++) {
        REQUIRE((mac[index] = EVP_MAC_fetch(NULL, macs[index], NULL)) != NULL, "there is no %s", macs[index]);
        require_provider(EVP_MAC_get0_provider(mac[index]), macs[index]);
    }
    int failures = 0;
    for (int isWarm = 0; isWarm < 2; isWarm++)
        for (int kind = 0; kind < CASES; kind++)
            for (size_t size = 0; size < sizeof sizes / sizeof *sizes; size++) {
                pid_t child = fork();
                REQUIRE(child >= 0, "fork");
                if (child == 0) {
                    if (isWarm)
                        EVP_Digest(input, 100, output, NULL, digest[2], NULL);
                    enter_filter(arguments[1], 1);
                    _exit(request(kind, sizes[size]) ? 0 : 2);
                }
                int status;
                waitpid(child, &status, 0);
                const char *trouble = trouble_of(status);
                if (trouble != NULL && failures++ < 10)
                    complain("%s of %zu bytes%s: %s", name_of(kind), sizes[size], isWarm ? " after a small digest" : "", trouble);
            }
    REQUIRE(failures == 0, "%d of %d cases failed", failures, 2 * CASES * (int)(sizeof sizes / sizeof *sizes));
    return 0;
}
