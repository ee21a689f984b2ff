// SPDX-License-Identifier: Apache-2.0
//
// configured FILE [NAME...]
//
// Loads the OpenSSL configuration FILE, puts a message through each digest or cipher NAME (uacce's, compared with the
// default provider's), prints the provider's statistics, and unloads it. A configuration that is refused ends it with
// status 3 and OpenSSL's errors on stderr; an algorithm that is not offered with status 4.

#include "statistics_reader.h"

static void digest(OSSL_LIB_CTX *library, const char *name)
{
    unsigned char message[3000], output[2][EVP_MAX_MD_SIZE];
    unsigned int lengths[2];
    fill(message, sizeof message, 3);
    for (int side = 0; side < 2; side++) {
        EVP_MD *digest = EVP_MD_fetch(library, name, side == 0 ? "provider=uacce" : "provider=default");
        REQUIRE(digest != NULL);
        REQUIRE(EVP_Digest(message, sizeof message, output[side], &lengths[side], digest, NULL));
        EVP_MD_free(digest);
    }
    REQUIRE(lengths[0] == lengths[1] && memcmp(output[0], output[1], lengths[0]) == 0);
}

static int cipher(OSSL_LIB_CTX *library, const char *name)
{
    unsigned char message[3000], key[64], output[2][sizeof message + 32];
    int lengths[2];
    fill(message, sizeof message, 3);
    fill(key, sizeof key, 4);
    for (int side = 0; side < 2; side++) {
        EVP_CIPHER *cipher = EVP_CIPHER_fetch(library, name, side == 0 ? "provider=uacce" : "provider=default");
        if (cipher == NULL) return 0;
        EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
        int last = 0;
        REQUIRE(EVP_EncryptInit_ex2(context, cipher, key, key, NULL));
        REQUIRE(EVP_EncryptUpdate(context, output[side], &lengths[side], message, sizeof message));
        REQUIRE(EVP_EncryptFinal_ex(context, output[side] + lengths[side], &last));
        lengths[side] += last;
        EVP_CIPHER_CTX_free(context);
        EVP_CIPHER_free(cipher);
    }
    REQUIRE(lengths[0] == lengths[1] && memcmp(output[0], output[1], (size_t)lengths[0]) == 0);
    return 1;
}

int main(int count, char **arguments)
{
    REQUIRE(count >= 2);
    alarm(50);
    OSSL_LIB_CTX *library = OSSL_LIB_CTX_new();
    OSSL_PROVIDER *provider = NULL;
    if (OSSL_LIB_CTX_load_config(library, arguments[1]) != 1
        || (provider = OSSL_PROVIDER_load(library, "uacce")) == NULL) {
        ERR_print_errors_fp(stderr);
        return 3;
    }
    for (int index = 2; index < count; index++) {
        EVP_MD *found = EVP_MD_fetch(library, arguments[index], "provider=uacce");
        EVP_MD_free(found);
        if (found != NULL) digest(library, arguments[index]);
        else if (!cipher(library, arguments[index])) {
            fprintf(stderr, "%s is not offered\n", arguments[index]);
            return 4;
        }
    }
    static char buffer[STATISTICS_CAPACITY];
    const char *text = read_statistics(provider, buffer);
    if (text != NULL) fputs(text, stdout);
    REQUIRE(OSSL_PROVIDER_unload(provider));
    OSSL_LIB_CTX_free(library);
    return 0;
}
