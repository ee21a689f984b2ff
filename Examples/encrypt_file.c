// SPDX-License-Identifier: Apache-2.0
//
// Encrypts a file with AES-256-GCM through EVP, preferring the provider uacce, decrypts the result, and compares.
// Nothing here is particular to uacce but the two loads and the property query; with a configuration as
// /etc/ssl/uacce.cnf even these could go. Without uacce it does the same work with the default provider.
//
// To run it:
//     cc -O2 -Wall -Wextra -Werror -o encrypt_file encrypt_file.c -lcrypto
//     ./encrypt_file FILE
//     ./encrypt_file FILE | grep -q 'by uacce'

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_BYTES = 32, IV_BYTES = 12, TAG_BYTES = 16, PIECE_BYTES = 64 * 1024 };

// Every call of OpenSSL returns 1, or not: then its error queue knows why, the provider's own reasons among the others.
static void require(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "%s failed\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static unsigned char *read_file(const char *name, size_t *size)
{
    FILE *file = fopen(name, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        perror(name);
        exit(1);
    }
    *size = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(*size + 1);
    require(bytes != NULL && fread(bytes, 1, *size, file) == *size, "reading the file");
    fclose(file);
    return bytes;
}

// One message in pieces, as a program has them that reads from somewhere. Pieces of whole blocks go to the device as they
// are; of others, what is less than a block waits for the next one. The larger the pieces, the less a request weighs.
static int crypt(EVP_CIPHER *cipher, int encrypt, const unsigned char *key, const unsigned char *iv,
                 const unsigned char *input, size_t size, unsigned char *output, unsigned char *tag)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    require(context != NULL, "EVP_CIPHER_CTX_new");
    require(EVP_CipherInit_ex2(context, cipher, key, iv, encrypt, NULL), "EVP_CipherInit_ex2");
    for (size_t done = 0; done < size;) {
        size_t piece = size - done < PIECE_BYTES ? size - done : PIECE_BYTES;
        int written;
        require(EVP_CipherUpdate(context, output + done, &written, input + done, (int)piece), "EVP_CipherUpdate");
        done += piece;
    }
    if (!encrypt)
        require(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag), "setting the tag");
    // With a wrong tag this is where decryption fails. What was decrypted until then must not be used.
    int written, good = EVP_CipherFinal_ex(context, output + size, &written);
    if (good && encrypt)
        require(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, tag), "getting the tag");
    EVP_CIPHER_CTX_free(context);
    return good;
}

int main(int count, char **arguments)
{
    if (count != 2) {
        fprintf(stderr, "usage: %s FILE\n", arguments[0]);
        return 2;
    }
    // Loading any provider switches off the implicit default one, which has everything that uacce has not.
    OSSL_PROVIDER *fallback = OSSL_PROVIDER_load(NULL, "default"), *uacce = OSSL_PROVIDER_load(NULL, "uacce");
    require(fallback != NULL, "loading the default provider");
    if (uacce == NULL)
        ERR_print_errors_fp(stderr);
    // Fetched once and used for as many messages as there are: a fetch searches all providers.
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", "?provider=uacce");
    require(cipher != NULL, "fetching AES-256-GCM");

    size_t size;
    unsigned char *plain = read_file(arguments[1], &size);
    unsigned char *encrypted = malloc(size + 1), *decrypted = malloc(size + 1);
    require(encrypted != NULL && decrypted != NULL, "allocating memory");
    unsigned char key[KEY_BYTES], iv[IV_BYTES], tag[TAG_BYTES];
    require(RAND_bytes(key, sizeof key) && RAND_bytes(iv, sizeof iv), "RAND_bytes");

    require(crypt(cipher, 1, key, iv, plain, size, encrypted, tag), "encrypting");
    require(crypt(cipher, 0, key, iv, encrypted, size, decrypted, tag), "decrypting");
    require(memcmp(plain, decrypted, size) == 0, "comparing");
    tag[0] ^= 1;
    require(!crypt(cipher, 0, key, iv, encrypted, size, decrypted, tag), "noticing a wrong tag");
    ERR_clear_error();
    printf("%zu bytes encrypted and decrypted by %s\n", size, OSSL_PROVIDER_get0_name(EVP_CIPHER_get0_provider(cipher)));

    OPENSSL_cleanse(key, sizeof key);
    free(plain);
    free(encrypted);
    free(decrypted);
    EVP_CIPHER_free(cipher);
    // Who loads a provider unloads it; with its end uacce writes its counters.
    OSSL_PROVIDER_unload(uacce);
    OSSL_PROVIDER_unload(fallback);
    return 0;
}
