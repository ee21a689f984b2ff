// SPDX-License-Identifier: Apache-2.0
//
// keyless FOLDER CIPHER
//
// Everything that can be done to a cipher context without a key in it. The default provider crashes on some of it; this
// one has to refuse. Prints what each call returned.

#include "provider_program.h"

int main(int count, char **arguments)
{
    REQUIRE(count == 3);
    struct providers providers = load_providers(arguments[1]);
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(providers.library, arguments[2], "provider=uacce");
    REQUIRE(cipher != NULL);
    unsigned char data[64], output[128];
    fill(data, sizeof data, 1);
    for (int encrypting = 0; encrypting < 2; encrypting++) {
        for (int with_iv = 0; with_iv < 2; with_iv++) {
            EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
            int length = 0;
            REQUIRE(EVP_CipherInit_ex2(context, cipher, NULL, with_iv ? data : NULL, encrypting, NULL));
            REQUIRE(EVP_CipherUpdate(context, output, &length, data, 32) != 1);
            REQUIRE(EVP_Cipher(context, output, data, 32) <= 0);
            EVP_CIPHER_CTX *copy = EVP_CIPHER_CTX_new();
            REQUIRE(EVP_CIPHER_CTX_copy(copy, context));
            REQUIRE(EVP_CipherUpdate(copy, output, &length, data, 48) != 1);
            EVP_CIPHER_CTX_free(copy);
            EVP_CIPHER_CTX_free(context);
        }
    }
    EVP_CIPHER_free(cipher);
    unload_providers(&providers);
    return 0;
}
