// SPDX-License-Identifier: Apache-2.0
//
// A process with thousands of library contexts, each of which loads the configured provider and digests, as programs have
// that make a context for each connection. Then the program still gets thread keys of its own. libcrypto itself may not have
// as many contexts (3.5 takes three thread keys for each): then the number that it has is printed, and the exit status is
// 77.
//
// Arguments: how many contexts, and the provider's name. OPENSSL_MODULES says where it is.

#include <openssl/evp.h>
#include "hostile.h"
#include <pthread.h>

int main(int count, char **arguments)
{
    REQUIRE(count == 3, "usage: library_contexts COUNT PROVIDER");
    int contexts = atoi(arguments[1]);
    OSSL_LIB_CTX **context = calloc((size_t)contexts, sizeof *context);
    OSSL_PROVIDER **provider = calloc((size_t)contexts, sizeof *provider);
    static unsigned char input[5000];
    unsigned char output[EVP_MAX_MD_SIZE];
    for (int index = 0; index < contexts; index++) {
        if ((context[index] = OSSL_LIB_CTX_new()) == NULL) {
            printf("%d\n", index);
            return 77;
        }
        REQUIRE((provider[index] = OSSL_PROVIDER_load(context[index], arguments[2])) != NULL,
            "%s does not load in context %d", arguments[2], index);
        EVP_MD *digest = EVP_MD_fetch(context[index], "SHA256", NULL);
        REQUIRE(digest != NULL && EVP_Digest(input, sizeof input, output, NULL, digest, NULL), "digest in context %d", index);
        EVP_MD_free(digest);
    }
    pthread_key_t keys[100];
    for (int index = 0; index < 100; index++)
        REQUIRE(pthread_key_create(&keys[index], NULL) == 0, "the program gets only %d thread keys", index);
    for (int index = 0; index < contexts; index++) {
        OSSL_PROVIDER_unload(provider[index]);
        OSSL_LIB_CTX_free(context[index]);
    }
    return 0;
}
