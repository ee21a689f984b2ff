// SPDX-License-Identifier: Apache-2.0
//
// guarded_memory FOLDER NAME
//
// Messages that begin or end exactly where readable memory does, in pages that may not be written, and outputs that end
// exactly where writable memory does. A byte read or written too many ends the program by a signal.

#include "provider_program.h"

#include <sys/mman.h>

enum { PAGE = 4096, SPAN = 4 * PAGE };

// SPAN bytes of memory between two pages that cannot be touched.
static unsigned char *guarded_span(void)
{
    unsigned char *memory = mmap(NULL, SPAN + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(memory != MAP_FAILED);
    REQUIRE(mprotect(memory + PAGE, SPAN, PROT_READ | PROT_WRITE) == 0);
    return memory + PAGE;
}

static unsigned char *input, *output, *expected;

static void digest(EVP_MD *const digests[2], size_t count, const unsigned char *message)
{
    unsigned char results[2][EVP_MAX_MD_SIZE];
    for (int side = 0; side < 2; side++) {
        unsigned char *place = side == 0 ? output + SPAN - EVP_MD_get_size(digests[0]) : results[1];
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        REQUIRE(EVP_DigestInit_ex2(context, digests[side], NULL));
        REQUIRE(EVP_DigestUpdate(context, message, count / 3));
        REQUIRE(EVP_DigestUpdate(context, message + count / 3, count - count / 3));
        REQUIRE(EVP_DigestFinal_ex(context, place, NULL));
        EVP_MD_CTX_free(context);
        memcpy(results[side], place, (size_t)EVP_MD_get_size(digests[0]));
    }
    if (memcmp(results[0], results[1], (size_t)EVP_MD_get_size(digests[0])) != 0)
        die("%zu bytes: digest differs", count);
}

static void cipher(EVP_CIPHER *const ciphers[2], size_t count, const unsigned char *message, int encrypting)
{
    // Key and IV at the end of memory too.
    static unsigned char *secrets[2];
    size_t key_length = (size_t)EVP_CIPHER_get_key_length(ciphers[0]);
    size_t iv_length = (size_t)EVP_CIPHER_get_iv_length(ciphers[0]);
    for (int index = 0; index < 2; index++) {
        if (secrets[index] == NULL) {
            secrets[index] = guarded_span();
            fill(secrets[index], SPAN, 5 + (uint64_t)index);
        }
    }
    for (int side = 0; side < 2; side++) {
        unsigned char *place = side == 0 ? output + SPAN - count : expected;
        EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
        int length = 0;
        REQUIRE(EVP_CipherInit_ex2(context, ciphers[side], secrets[0] + SPAN - key_length,
                                   secrets[1] + SPAN - iv_length, encrypting, NULL));
        REQUIRE(EVP_CIPHER_CTX_set_padding(context, 0));
        REQUIRE(EVP_CipherUpdate(context, place, &length, message, (int)count));
        REQUIRE((size_t)length == count);
        EVP_CIPHER_CTX_free(context);
    }
    if (memcmp(output + SPAN - count, expected, count) != 0) die("%zu bytes: output differs", count);
}

int main(int count, char **arguments)
{
    REQUIRE(count == 3);
    alarm(50);
    struct providers providers = load_providers(arguments[1]);
    EVP_MD *digests[2] = {
        EVP_MD_fetch(providers.library, arguments[2], "provider=uacce"),
        EVP_MD_fetch(providers.library, arguments[2], "provider=default"),
    };
    EVP_CIPHER *ciphers[2] = {
        EVP_CIPHER_fetch(providers.library, arguments[2], "provider=uacce"),
        EVP_CIPHER_fetch(providers.library, arguments[2], "provider=default"),
    };
    REQUIRE((digests[0] != NULL && digests[1] != NULL) || (ciphers[0] != NULL && ciphers[1] != NULL));
    input = guarded_span();
    output = guarded_span();
    expected = guarded_span();
    fill(input, SPAN, 1);
    REQUIRE(mprotect(input, SPAN, PROT_READ) == 0);

    int is_digest = digests[0] != NULL;
    size_t block = 1, least = 0;
    if (!is_digest) {
        int mode = EVP_CIPHER_get_mode(ciphers[0]);
        int is_stealing = strstr(arguments[2], "CTS") != NULL;
        if ((mode == EVP_CIPH_ECB_MODE || mode == EVP_CIPH_CBC_MODE) && !is_stealing)
            block = (size_t)EVP_CIPHER_get_block_size(ciphers[0]);
        least = mode == EVP_CIPH_XTS_MODE || is_stealing ? 16 : block;
    }
    for (size_t length = least; length <= SPAN; length += length < 300 ? block : 8 * block + (block == 1 ? 129 : 0)) {
        for (int at_end = 0; at_end < 2; at_end++) {
            const unsigned char *message = at_end ? input + SPAN - length : input;
            if (is_digest) {
                digest(digests, length, message);
            } else {
                cipher(ciphers, length, message, 1);
                cipher(ciphers, length, message, 0);
            }
        }
    }
    for (int side = 0; side < 2; side++) {
        EVP_MD_free(digests[side]);
        EVP_CIPHER_free(ciphers[side]);
    }
    unload_providers(&providers);
    return 0;
}
