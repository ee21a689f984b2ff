// SPDX-License-Identifier: Apache-2.0
//
// What the small programs beside this file begin with: a library context with both providers, and comparisons that end
// the program. They are C because they fork, and a Swift test process must not.

#ifndef PROVIDER_PROGRAM_H
#define PROVIDER_PROGRAM_H

#define _GNU_SOURCE
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline _Noreturn void die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "process %d: ", (int)getpid());
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    ERR_print_errors_fp(stderr);
    fflush(stderr);
    _exit(1);
}

#define REQUIRE(condition) \
    do { \
        if (!(condition)) die("%s:%d: not so: %s", __FILE__, __LINE__, #condition); \
    } while (0)

struct providers {
    OSSL_LIB_CTX *library;
    OSSL_PROVIDER *reference;
    OSSL_PROVIDER *subject;
};

// Loads both providers by name; settings come by the environment.
static inline struct providers load_providers(const char *folder)
{
    struct providers both;
    both.library = OSSL_LIB_CTX_new();
    REQUIRE(both.library != NULL);
    REQUIRE(OSSL_PROVIDER_set_default_search_path(both.library, folder));
    both.reference = OSSL_PROVIDER_load(both.library, "default");
    REQUIRE(both.reference != NULL);
    both.subject = OSSL_PROVIDER_load(both.library, "uacce");
    REQUIRE(both.subject != NULL);
    return both;
}

static inline void unload_providers(struct providers *both)
{
    REQUIRE(OSSL_PROVIDER_unload(both->subject));
    REQUIRE(OSSL_PROVIDER_unload(both->reference));
    OSSL_LIB_CTX_free(both->library);
}

// Bytes that differ from place to place and are the same on every run.
static inline void fill(unsigned char *bytes, size_t count, uint64_t seed)
{
    uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
    for (size_t index = 0; index < count; index++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes[index] = (unsigned char)(state >> 32);
    }
}

#endif
