// SPDX-License-Identifier: Apache-2.0
//
// An LD_PRELOAD library that notes which provider served which algorithm, from outside of any provider.
//
//   LD_PRELOAD=trace.so TRACE_FILE=FILE TRACE_IGNORE=uacce.so PROGRAM...
//
// At exit it appends to FILE one line per (operation, algorithm, provider): "digest SHA2-256 uacce CALLS BYTES".
// It sees every call that goes to libcrypto through the dynamic linker: the program's, libssl's, and libcrypto's own
// ones between exported functions. A call made within another traced call on the same thread is the outer one's doing
// and is not counted. Nor is what the module named TRACE_IGNORE does by means of libcrypto: calls out of it, and
// whatever the providers serve that it loaded for itself.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/provider.h>

enum { entry_limit = 1024, name_size = 64 };

struct entry {
    const char *operation;
    char algorithm[name_size];
    char provider[name_size];
    unsigned long calls;
    unsigned long bytes;
};

static struct entry entries[entry_limit];
static int entry_count;
static int entries_lost;
static pthread_mutex_t entries_lock = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local int depth;

static const OSSL_PROVIDER *ignored_providers[entry_limit];
static int ignored_provider_count;

static int comes_from_ignored_module(const void *return_address)
{
    const char *ignored = getenv("TRACE_IGNORE");
    Dl_info where;

    return ignored != NULL && dladdr(return_address, &where) != 0 && where.dli_fname != NULL
        && strstr(where.dli_fname, ignored) != NULL;
}

static void count(const char *operation, const char *algorithm, const OSSL_PROVIDER *provider, size_t bytes)
{
    const char *provider_name = provider != NULL ? OSSL_PROVIDER_get0_name(provider) : "none";
    int i;

    if (algorithm == NULL)
        algorithm = "?";
    pthread_mutex_lock(&entries_lock);
    for (i = 0; i < ignored_provider_count; i++)
        if (ignored_providers[i] == provider) {
            pthread_mutex_unlock(&entries_lock);
            return;
        }
    for (i = 0; i < entry_count; i++)
        if (strcmp(entries[i].operation, operation) == 0
            && strncmp(entries[i].algorithm, algorithm, name_size - 1) == 0
            && strncmp(entries[i].provider, provider_name, name_size - 1) == 0)
            break;
    if (i == entry_limit) {
        entries_lost = 1;
    } else {
        if (i == entry_count) {
            entry_count++;
            entries[i].operation = operation;
            snprintf(entries[i].algorithm, name_size, "%s", algorithm);
            snprintf(entries[i].provider, name_size, "%s", provider_name);
        }
        entries[i].calls++;
        entries[i].bytes += bytes;
    }
    pthread_mutex_unlock(&entries_lock);
}

OSSL_PROVIDER *OSSL_PROVIDER_load(OSSL_LIB_CTX *context, const char *name)
{
    static __typeof__(OSSL_PROVIDER_load) *real;
    OSSL_PROVIDER *provider;

    if (real == NULL)
        real = (__typeof__(OSSL_PROVIDER_load) *)dlsym(RTLD_NEXT, "OSSL_PROVIDER_load");
    provider = real(context, name);
    if (provider != NULL && comes_from_ignored_module(__builtin_return_address(0))) {
        pthread_mutex_lock(&entries_lock);
        if (ignored_provider_count < entry_limit)
            ignored_providers[ignored_provider_count++] = provider;
        pthread_mutex_unlock(&entries_lock);
    }
    return provider;
}

__attribute__((destructor)) static void report(void)
{
    const char *path = getenv("TRACE_FILE");
    FILE *file;

    if (path == NULL || (file = fopen(path, "a")) == NULL)
        return;
    for (int i = 0; i < entry_count; i++)
        fprintf(file, "%s %s %s %lu %lu\n", entries[i].operation, entries[i].algorithm, entries[i].provider,
                entries[i].calls, entries[i].bytes);
    if (entries_lost)
        fprintf(file, "lost more-than-%d-entries none 1 0\n", entry_limit);
    fclose(file);
}

static void count_digest(const EVP_MD_CTX *context, size_t bytes)
{
    const EVP_MD *digest = EVP_MD_CTX_get0_md(context);

    if (digest != NULL)
        count("digest", EVP_MD_get0_name(digest), EVP_MD_get0_provider(digest), bytes);
}

static void count_cipher(const EVP_CIPHER_CTX *context, int bytes)
{
    const EVP_CIPHER *cipher = EVP_CIPHER_CTX_get0_cipher(context);

    if (cipher != NULL)
        count("cipher", EVP_CIPHER_get0_name(cipher), EVP_CIPHER_get0_provider(cipher), bytes > 0 ? bytes : 0);
}

static void count_mac(EVP_MAC_CTX *context)
{
    const EVP_MAC *mac = EVP_MAC_CTX_get0_mac(context);

    if (mac != NULL)
        count("mac", EVP_MAC_get0_name(mac), EVP_MAC_get0_provider(mac), 0);
}

// One interposed function: counts unless it is nested or ignored, and goes on to the real one.
#define TRACED(name, parameters, arguments, note)                                   \
    int name parameters                                                             \
    {                                                                               \
        static __typeof__(name) *real;                                              \
        int result;                                                                 \
                                                                                    \
        if (real == NULL)                                                           \
            real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name);                     \
        if (depth == 0 && !comes_from_ignored_module(__builtin_return_address(0)))  \
            note;                                                                   \
        depth++;                                                                    \
        result = real arguments;                                                    \
        depth--;                                                                    \
        return result;                                                              \
    }

TRACED(EVP_DigestUpdate, (EVP_MD_CTX * context, const void *data, size_t size), (context, data, size),
       count_digest(context, size))
TRACED(EVP_CipherUpdate, (EVP_CIPHER_CTX * context, unsigned char *out, int *out_size, const unsigned char *in, int size),
       (context, out, out_size, in, size), count_cipher(context, size))
TRACED(EVP_EncryptUpdate, (EVP_CIPHER_CTX * context, unsigned char *out, int *out_size, const unsigned char *in, int size),
       (context, out, out_size, in, size), count_cipher(context, size))
TRACED(EVP_DecryptUpdate, (EVP_CIPHER_CTX * context, unsigned char *out, int *out_size, const unsigned char *in, int size),
       (context, out, out_size, in, size), count_cipher(context, size))
TRACED(EVP_Cipher, (EVP_CIPHER_CTX * context, unsigned char *out, const unsigned char *in, unsigned int size),
       (context, out, in, size), count_cipher(context, (int)size))
TRACED(EVP_MAC_final, (EVP_MAC_CTX * context, unsigned char *out, size_t *out_size, size_t capacity),
       (context, out, out_size, capacity), count_mac(context))
