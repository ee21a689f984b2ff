// SPDX-License-Identifier: Apache-2.0
//
// Requests of a process that meets its limits. Nothing may end it: a call gives the right result or an error.
//
// Arguments: one of
//   descriptors   no descriptor is left; digests, ciphers and streams must still work
//   file-size     no file may grow; the same
//   address       RLIMIT_AS in steps, from nothing left up to 16 MiB: right, or an error; right at the end
// and optionally a second, "zlib": streams of zlib instead of requests of OpenSSL.

#include <openssl/evp.h>
#include "filters.h"
#include <zlib.h>

static unsigned char input[100000], output[200000], again[200000], key[32] = {1, 2, 3};
static unsigned char expected[EVP_MAX_MD_SIZE], expected_text[100000];
static EVP_MD *digest;
static EVP_CIPHER *cipher;

static int requests(void) // 1: right, 0: an error, -1: wrong
{
    unsigned char value[EVP_MAX_MD_SIZE];
    int length;
    if (!EVP_Digest(input, sizeof input, value, NULL, digest, NULL))
        return 0;
    if (memcmp(value, expected, 32) != 0)
        return -1;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int good = context != NULL && EVP_EncryptInit_ex2(context, cipher, key, key, NULL) &&
        EVP_EncryptUpdate(context, output, &length, input, sizeof input);
    EVP_CIPHER_CTX_free(context);
    return !good ? 0 : memcmp(output, expected_text, sizeof input) == 0 ? 1 : -1;
}

static int streams(void)
{
    uLongf size = sizeof output, back = sizeof again;
    int result = compress2(output, &size, input, sizeof input, 6);
    if (result == Z_OK)
        result = uncompress(again, &back, output, size);
    if (result == Z_MEM_ERROR)
        return 0;
    return result == Z_OK && back == sizeof input && memcmp(again, input, back) == 0 ? 1 : -1;
}

// The answers that are expected come from pieces so small that they never reach a device.
static void prepare(void)
{
    digest = digest_named("SHA256");
    cipher = cipher_named("AES-128-CTR");
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_DigestInit_ex2(context, digest, NULL);
    for (size_t at = 0; at < sizeof input; at += 50)
        EVP_DigestUpdate(context, input + at, 50);
    EVP_DigestFinal_ex(context, expected, NULL);
    EVP_MD_CTX_free(context);
    EVP_CIPHER_CTX *stream = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex2(stream, cipher, key, key, NULL);
    for (size_t at = 0; at < sizeof input; at += 50) {
        int length;
        EVP_EncryptUpdate(stream, expected_text + at, &length, input + at, 50);
    }
    EVP_CIPHER_CTX_free(stream);
}

static rlim_t pages_in_use(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    REQUIRE(file != NULL && fscanf(file, "%ld", &pages) == 1, "/proc/self/statm");
    fclose(file);
    return (rlim_t)pages;
}

int main(int count, char **arguments)
{
    REQUIRE(count >= 2, "usage: limits descriptors|file-size|address [zlib]");
    int isZlib = count > 2;
    const char *limit = arguments[1];
    fill_text(input, sizeof input);
    if (!isZlib) {
        // In a child, so that the first request of this process and of other children is the one below.
        int ends[2];
        REQUIRE(pipe(ends) == 0, "pipe");
        pid_t maker = fork();
        if (maker == 0) {
            prepare();
            REQUIRE(write(ends[1], expected, 32) == 32, "write");
            for (size_t at = 0; at < sizeof input;) {
                ssize_t written = write(ends[1], expected_text + at, sizeof input - at);
                REQUIRE(written > 0, "write");
                at += (size_t)written;
            }
            _exit(0);
        }
        close(ends[1]);
        REQUIRE(read(ends[0], expected, 32) == 32, "read");
        for (size_t at = 0; at < sizeof input;) {
            ssize_t got = read(ends[0], expected_text + at, sizeof input - at);
            REQUIRE(got > 0, "the process that computes what is right failed");
            at += (size_t)got;
        }
        close(ends[0]);
        waitpid(maker, NULL, 0);
        digest = digest_named("SHA256");
        cipher = cipher_named("AES-128-CTR");
    }
    int (*work)(void) = isZlib ? streams : requests;
    int isAddress = strcmp(limit, "address") == 0;
    int last = 0;
    for (int step = 0; step <= (isAddress ? 64 : 0); step++) {
        pid_t child = fork();
        if (child == 0) {
            set_limit(RLIMIT_CORE, 0);
            if (isAddress) {
                // Small steps at first, where things are allocated one by one.
                rlim_t more = step < 40 ? (rlim_t)step * 8 : (rlim_t)(step - 39) * 160 + 320;
                set_limit(RLIMIT_AS, (pages_in_use() + more) * 4096);
            } else if (strcmp(limit, "descriptors") == 0) {
                set_limit(RLIMIT_NOFILE, 3);
            } else {
                set_limit(RLIMIT_FSIZE, 0);
            }
            _exit(10 + work());
        }
        int status;
        waitpid(child, &status, 0);
        REQUIRE(!WIFSIGNALED(status), "step %d: %s", step, trouble_of(status));
        last = WEXITSTATUS(status) - 10;
        REQUIRE(last >= 0 && last <= 1, "step %d: a wrong result (%d)", step, last);
    }
    REQUIRE(last == 1, "no result under the limit");
    return 0;
}
