// SPDX-License-Identifier: Apache-2.0
//
// Encrypts in place and apart while the device fails: the CPU takes over in both. Every result is compared with what
// pieces too small for a device give. Modes: GCM, CBC, CTR, XTS, and CTR in pieces that end within blocks.
//
// Arguments: none. Run it on devices with faults (uaccectl run --faults, or the key faults).

#include <openssl/evp.h>
#include "hostile.h"

static unsigned char input[20000], expected[20100], output[20100], key[64];

static void encrypt(EVP_CIPHER *cipher, unsigned char *out, const unsigned char *in, size_t size, size_t piece, const char *how)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    REQUIRE(EVP_EncryptInit_ex2(context, cipher, key, key, NULL), "init");
    EVP_CIPHER_CTX_set_padding(context, 0);
    int length;
    for (size_t at = 0; at < size; at += piece) {
        size_t count = size - at < piece ? size - at : piece;
        REQUIRE(EVP_EncryptUpdate(context, out + at, &length, in + at, (int)count) && length == (int)count,
            "%s %s: an update of %zu bytes at %zu fails", EVP_CIPHER_get0_name(cipher), how, count, at);
    }
    EVP_CIPHER_CTX_free(context);
}

int main(void)
{
    const char *const names[] = {"AES-128-GCM", "AES-256-GCM", "AES-128-CBC", "AES-256-CTR", "AES-128-OFB", "AES-128-CFB", "SM4-CTR"};
    for (int index = 0; index < 64; index++)
        key[index] = (unsigned char)(index + 1);
    fill_noise(input, sizeof input);
    for (size_t name = 0; name < sizeof names / sizeof *names; name++) {
        EVP_CIPHER *cipher = cipher_named(names[name]);
        int isBlock = EVP_CIPHER_get_block_size(cipher) > 1;
        EVP_CIPHER *reference = EVP_CIPHER_fetch(NULL, names[name], "provider=default");
        REQUIRE(reference != NULL, "the default provider has no %s", names[name]);
        for (size_t size = 16; size <= 16384; size *= 4)
            for (int odd = 0; odd < (isBlock ? 1 : 2); odd++) {
                size_t bytes = size + (odd ? 5 : 0), piece = odd ? 1001 : bytes;
                encrypt(reference, expected, input, bytes, bytes, "by the default provider");
                encrypt(cipher, output, input, bytes, piece, "apart");
                REQUIRE(memcmp(output, expected, bytes) == 0, "%s apart: wrong bytes", names[name]);
                memcpy(output, input, bytes);
                encrypt(cipher, output, output, bytes, piece, "in place");
                REQUIRE(memcmp(output, expected, bytes) == 0, "%s in place: wrong bytes", names[name]);
            }
        EVP_CIPHER_free(reference);
        EVP_CIPHER_free(cipher);
    }
    return 0;
}
