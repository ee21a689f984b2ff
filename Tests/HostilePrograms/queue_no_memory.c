// SPDX-License-Identifier: Apache-2.0
//
// The first large request of a process, for which a queue is opened, while allocations fail: the N-th one, or all from the
// N-th one on, for every N up to 120. Each case has a process of its own. The call gives the right bytes or an error, and
// the next one, with memory, gives the right bytes.
//
// Arguments: the name of a cipher of 16-byte blocks. UACCE_MIN_OFFLOAD=0 has every request opened a queue for.

#define _GNU_SOURCE
#include <openssl/evp.h>
#include "hostile.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { SIZE = 40000, LARGEST = 120 };

static unsigned char input[SIZE], output[SIZE + 64], expected[SIZE + 64], key[64];
static unsigned char digest[EVP_MAX_MD_SIZE], expected_digest[EVP_MAX_MD_SIZE];

// Allocations that still succeed; negative: all do.
static long budget = -1;
static int only_one;

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

static int is_spent(void)
{
    if (budget < 0)
        return 0;
    if (budget-- > 0)
        return 0;
    budget = only_one ? -1 : 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size) { return is_spent() ? NULL : __libc_malloc(size); }
void *calloc(size_t count, size_t size) { return is_spent() ? NULL : __libc_calloc(count, size); }
void *realloc(void *memory, size_t size) { return is_spent() ? NULL : __libc_realloc(memory, size); }
void *aligned_alloc(size_t alignment, size_t size) { return is_spent() ? NULL : __libc_memalign(alignment, size); }
int posix_memalign(void **memory, size_t alignment, size_t size)
{
    if (is_spent())
        return ENOMEM;
    *memory = __libc_memalign(alignment, size);
    return *memory == NULL ? ENOMEM : 0;
}
void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset)
{
    if (is_spent())
        return MAP_FAILED;
    return (void *)syscall(SYS_mmap, address, length, protection, flags, file, offset);
}

static int encrypt(EVP_CIPHER_CTX *context, unsigned char *result)
{
    int length;
    return EVP_EncryptUpdate(context, result, &length, input, SIZE);
}

static EVP_CIPHER_CTX *begin_cipher(EVP_CIPHER *cipher)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    REQUIRE(context != NULL && EVP_EncryptInit_ex2(context, cipher, key, key, NULL), "the cipher does not begin");
    EVP_CIPHER_CTX_set_padding(context, 0);
    return context;
}

static EVP_MD_CTX *begin_digest(EVP_MD *type)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    REQUIRE(context != NULL && EVP_DigestInit_ex2(context, type, NULL), "the digest does not begin");
    return context;
}

static void run_case(EVP_MD *type, EVP_CIPHER *cipher, int is_cipher, long after)
{
    EVP_MD_CTX *md = begin_digest(type);
    EVP_CIPHER_CTX *context = begin_cipher(cipher);
    budget = after;
    int good = is_cipher ? encrypt(context, output)
                         : EVP_DigestUpdate(md, input, SIZE) && EVP_DigestFinal_ex(md, digest, NULL);
    budget = -1;
    if (good && is_cipher)
        REQUIRE(memcmp(output, expected, SIZE) == 0, "wrong bytes of the cipher");
    if (good && !is_cipher)
        REQUIRE(memcmp(digest, expected_digest, 32) == 0, "wrong bytes of the digest");
    EVP_MD_CTX_free(md);
    EVP_CIPHER_CTX_free(context);
    REQUIRE(encrypt(begin_cipher(cipher), output) && memcmp(output, expected, SIZE) == 0, "wrong bytes later on");
    _exit(0);
}

int main(int count, char **arguments)
{
    REQUIRE(count == 2, "usage: queue_no_memory CIPHER");
    fill_noise(input, sizeof input);
    fill_noise(key, sizeof key);
    EVP_MD *type = digest_named("SHA256");
    EVP_CIPHER *cipher = cipher_named(arguments[1]);
    EVP_CIPHER *reference = EVP_CIPHER_fetch(NULL, arguments[1], "provider=default");
    EVP_MD *reference_digest = EVP_MD_fetch(NULL, "SHA256", "provider=default");
    REQUIRE(reference != NULL && reference_digest != NULL, "there is no default provider");
    REQUIRE(encrypt(begin_cipher(reference), expected), "the reference does not encrypt");
    REQUIRE(EVP_Digest(input, SIZE, expected_digest, NULL, reference_digest, NULL), "the reference does not digest");
    int failures = 0;
    for (int is_cipher = 0; is_cipher < 2; is_cipher++)
        for (only_one = 0; only_one < 2; only_one++)
            for (long after = 0; after < LARGEST; after++) {
                pid_t child = fork();
                REQUIRE(child >= 0, "fork");
                if (child == 0)
                    run_case(type, cipher, is_cipher, after);
                int status;
                waitpid(child, &status, 0);
                const char *trouble = trouble_of(status);
                if (trouble != NULL && failures++ < 10)
                    complain("%s, %s after %ld: %s", is_cipher ? arguments[1] : "SHA256",
                        only_one ? "one allocation fails" : "allocations fail", after, trouble);
            }
    REQUIRE(failures == 0, "%d of %d cases failed", failures, 4 * LARGEST);
    return 0;
}
