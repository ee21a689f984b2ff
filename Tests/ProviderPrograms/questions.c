// SPDX-License-Identifier: Apache-2.0
//
// questions FOLDER
//
// Eight threads ask the provider for its statistics, its parameters and its self test, all at once and while they use
// it. Each answer has to be whole, and stay so while others ask the same.

#include "statistics_reader.h"
#include "streams.h"

#include <openssl/core_names.h>
#include <pthread.h>

enum { THREADS = 8, ROUNDS = 300 };
static struct providers providers;
static struct algorithms algorithms;

static void *ask(void *argument)
{
    char *buffer = malloc(STATISTICS_CAPACITY);
    REQUIRE(buffer != NULL);
    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct streams streams;
        begin_streams(&streams, &algorithms, round + (uintptr_t)argument);
        continue_streams(&streams, 100, round);
        end_streams(&streams);

        const char *text = read_statistics(providers.subject, buffer);
        REQUIRE(text != NULL);
        size_t length = strlen(text);
        if (length < 2 || text[0] != '{' || strncmp(text + length - 2, "}\n", 2) != 0 || strchr(text, '\n')[1] != '\0')
            die("no statistics: %s", text);

        const char *name = NULL;
        int status = -1;
        OSSL_PARAM parameters[3] = {
            OSSL_PARAM_construct_utf8_ptr(OSSL_PROV_PARAM_NAME, (char **)&name, 0),
            OSSL_PARAM_construct_int(OSSL_PROV_PARAM_STATUS, &status),
            OSSL_PARAM_construct_end(),
        };
        REQUIRE(OSSL_PROVIDER_get_params(providers.subject, parameters));
        REQUIRE(name != NULL && name[0] != '\0' && status == 1);
        if (round % 50 == 0) REQUIRE(OSSL_PROVIDER_self_test(providers.subject));
    }
    free(buffer);
    return NULL;
}

int main(int count, char **arguments)
{
    REQUIRE(count == 2);
    alarm(50);
    providers = load_providers(arguments[1]);
    fetch_algorithms(&algorithms, providers.library);
    pthread_t threads[THREADS];
    for (uintptr_t index = 0; index < THREADS; index++)
        REQUIRE(pthread_create(&threads[index], NULL, ask, (void *)(index * ROUNDS)) == 0);
    for (int index = 0; index < THREADS; index++) REQUIRE(pthread_join(threads[index], NULL) == 0);
    free_algorithms(&algorithms);
    unload_providers(&providers);
    return 0;
}
