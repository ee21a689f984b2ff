// SPDX-License-Identifier: Apache-2.0
//
// A process forks at any time while its threads make requests and others begin and end; every child makes requests of its
// own, which must be right. Some children are made by vfork and leave at once: the parent goes on with what it had.
//
// Arguments: evp or zlib, and seconds; a busy machine gets as many more as eight children take.

#define _GNU_SOURCE
#include <openssl/evp.h>
#include "hostile.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <zlib.h>

static atomic_int stop;
static EVP_MD *digest;
static EVP_CIPHER *cipher;
static int isZlib;
static unsigned char input[40000], key[16] = {7}, expected[32], expected_text[sizeof input];

static int right(void)
{
    static _Thread_local unsigned char output[60000], again[sizeof input];
    if (isZlib) {
        uLongf size = sizeof output, back = sizeof again;
        return compress(output, &size, input, sizeof input) == Z_OK && uncompress(again, &back, output, size) == Z_OK &&
            back == sizeof input && memcmp(again, input, sizeof input) == 0;
    }
    int length;
    if (!EVP_Digest(input, sizeof input, output, NULL, digest, NULL) || memcmp(output, expected, 32) != 0)
        return 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int good = EVP_EncryptInit_ex2(context, cipher, key, key, NULL) &&
        EVP_EncryptUpdate(context, output, &length, input, sizeof input);
    EVP_CIPHER_CTX_free(context);
    return good && memcmp(output, expected_text, sizeof input) == 0;
}

static void *work(void *unused)
{
    while (!stop)
        REQUIRE(right(), "a thread's result is wrong");
    return unused;
}

static void *once(void *unused)
{
    REQUIRE(right(), "a short thread's result is wrong");
    return unused;
}

static void *begin_and_end(void *unused)
{
    while (!stop) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, once, NULL) == 0)
            pthread_join(thread, NULL);
    }
    return unused;
}

int main(int count, char **arguments)
{
    REQUIRE(count == 3, "usage: fork_while_busy evp|zlib SECONDS");
    isZlib = strcmp(arguments[1], "zlib") == 0;
    fill_text(input, sizeof input);
    if (!isZlib) {
        digest = digest_named("SHA256");
        cipher = cipher_named("AES-128-CBC");
        int length;
        EVP_Digest(input, sizeof input, expected, NULL, digest, NULL);
        EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
        EVP_EncryptInit_ex2(context, cipher, key, key, NULL);
        EVP_EncryptUpdate(context, expected_text, &length, input, sizeof input);
        EVP_CIPHER_CTX_free(context);
    }
    pthread_t threads[3];
    for (int index = 0; index < 3; index++)
        REQUIRE(pthread_create(&threads[index], NULL, index < 2 ? work : begin_and_end, NULL) == 0, "pthread_create");
    time_t end = time(NULL) + atoi(arguments[2]);
    int children = 0;
    while (time(NULL) < end || children < 8) {
        pid_t child = children % 4 == 3 ? vfork() : fork();
        if (child == 0) {
            if (children % 4 == 3)
                _exit(0);
            alarm(5);
            _exit(right() && right() ? 0 : 1);
        }
        REQUIRE(child > 0, "fork");
        int status;
        waitpid(child, &status, 0);
        REQUIRE(trouble_of(status) == NULL, "child %d %s", children, trouble_of(status));
        REQUIRE(right(), "the parent's result is wrong after child %d", children);
        children++;
    }
    stop = 1;
    for (int index = 0; index < 3; index++)
        pthread_join(threads[index], NULL);
    return 0;
}
