// SPDX-License-Identifier: Apache-2.0

#include "providers.h"

#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *const contender_name[CONTENDERS] = {"uacce", "default"};
const char *const contender_properties[CONTENDERS] = {"provider=uacce", "provider=default"};

const char *module_directory(void)
{
    const char *directory = getenv("UACCE_MODULE_DIR");
    return directory != NULL ? directory : "dist/lib/ossl-modules";
}

struct contestants contestants_load(void)
{
    struct contestants contestants = {.library = NULL};
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
    contestants.library = OSSL_LIB_CTX_new();
    if (contestants.library == NULL
        || !OSSL_PROVIDER_set_default_search_path(contestants.library, module_directory()))
        fail("no library context");
    for (int i = 0; i < CONTENDERS; i++) {
        contestants.provider[i] = OSSL_PROVIDER_load(contestants.library, contender_name[i]);
        if (contestants.provider[i] == NULL)
            fail("cannot load the provider %s (modules from %s)", contender_name[i], module_directory());
    }
    return contestants;
}

void contestants_unload(struct contestants *contestants)
{
    for (int i = 0; i < CONTENDERS; i++)
        OSSL_PROVIDER_unload(contestants->provider[i]);
    OSSL_LIB_CTX_free(contestants->library);
}

// Whether one of the names in "AES-128-CTR:2.16.840.1.101.3.4.1.44" is the given one.
static int has_name(const char *names, const char *name)
{
    size_t length = strlen(name);
    while (names != NULL) {
        if (strncasecmp(names, name, length) == 0 && (names[length] == ':' || names[length] == '\0'))
            return 1;
        names = strchr(names, ':');
        names = names != NULL ? names + 1 : NULL;
    }
    return 0;
}

const OSSL_DISPATCH *find_implementation(OSSL_PROVIDER *provider, int operation, const char *algorithm)
{
    int no_cache = 0;
    const OSSL_ALGORITHM *row = OSSL_PROVIDER_query_operation(provider, operation, &no_cache);
    for (; row != NULL && row->algorithm_names != NULL; row++)
        if (has_name(row->algorithm_names, algorithm))
            return row->implementation;
    fail("the provider %s has no %s", OSSL_PROVIDER_get0_name(provider), algorithm);
}

void (*find_function(const OSSL_DISPATCH *implementation, int function))(void)
{
    for (; implementation->function_id != 0; implementation++)
        if (implementation->function_id == function)
            return implementation->function;
    fail("an implementation has no function %d", function);
}

_Noreturn void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("benchmark: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    ERR_print_errors_fp(stderr);
    exit(1);
}
