// SPDX-License-Identifier: Apache-2.0
//
// AES-CCM contexts that leave a message unfinished after its length was told, by a final, by a payload of another length, or
// by nothing, and then get a new IV: the next message, with its length told or without, has the bytes and the tag of the
// same message in a fresh context, or is refused where it has to be told. (The default provider of OpenSSL 3.0 processes
// some of these under the IV from before, so it is no control.)
//
// Arguments: none.

#include <openssl/evp.h>
#include "hostile.h"

enum { TOLD = 4800 };
static unsigned char key[32] = {1}, iv[33] = {2, 9}, input[5000] = {3};

static void fresh(EVP_CIPHER *cipher, unsigned char *output, unsigned char *tag)
{
    int length;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    REQUIRE(EVP_EncryptInit_ex2(context, cipher, key, iv + 1, NULL) && EVP_EncryptUpdate(context, NULL, &length, NULL, TOLD) &&
        EVP_EncryptUpdate(context, output, &length, input, TOLD) && length == TOLD &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 12, tag) == 1, "a fresh message");
    EVP_CIPHER_CTX_free(context);
}

int main(void)
{
    const char *const names[] = {"AES-128-CCM", "AES-256-CCM"};
    const char *const ends[] = {"a final", "a payload of another length", "nothing"};
    unsigned char output[6000], tag[16], expected[6000], expected_tag[16];
    int length;
    for (int name = 0; name < 2; name++) {
        EVP_CIPHER *cipher = cipher_named(names[name]);
        fresh(cipher, expected, expected_tag);
        for (int end = 0; end < 3; end++)
            for (int tells = 0; tells < 2; tells++) {
                EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
                REQUIRE(EVP_EncryptInit_ex2(context, cipher, key, iv, NULL) &&
                    EVP_EncryptUpdate(context, NULL, &length, NULL, TOLD) &&
                    EVP_EncryptUpdate(context, NULL, &length, input, 13), "the first message");
                if (end == 0)
                    REQUIRE(EVP_EncryptFinal_ex(context, output, &length) == 1, "a final without the payload fails");
                if (end == 1)
                    REQUIRE(EVP_EncryptUpdate(context, output, &length, input, 100) <= 0, "a shorter payload is taken");
                REQUIRE(EVP_EncryptInit_ex2(context, NULL, NULL, iv + 1, NULL) == 1, "a new IV is refused after %s", ends[end]);
                if (tells)
                    REQUIRE(EVP_EncryptUpdate(context, NULL, &length, NULL, TOLD) == 1, "the length is refused after %s", ends[end]);
                memset(output, 0, sizeof output);
                int taken = EVP_EncryptUpdate(context, output, &length, input, TOLD) == 1;
                REQUIRE(taken || (end == 1 && !tells), "%s refuses a message after %s%s", names[name], ends[end],
                    tells ? ", its length told" : "");
                if (taken) {
                    REQUIRE(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 12, tag) == 1, "there is no tag after %s", ends[end]);
                    REQUIRE(memcmp(output, expected, TOLD) == 0 && memcmp(tag, expected_tag, 12) == 0,
                        "%s after %s: not what a fresh context gives", names[name], ends[end]);
                }
                EVP_CIPHER_CTX_free(context);
            }
        EVP_CIPHER_free(cipher);
    }
    return 0;
}
