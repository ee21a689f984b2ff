// SPDX-License-Identifier: Apache-2.0
//
// Twelve threads that were made before make the first requests of the process inside a filter of system calls, all at once
// and many times, so that requests of several threads are done as one batch. One algorithm in each process.
//
// Arguments: sshd or strict.

#include <openssl/evp.h>
#include "filters.h"
#include <pthread.h>
#include <time.h>

enum { THREADS = 12, ROUNDS = 40, SIZE = 16384 };
static const char *const names[] = {"AES-128-CBC", "SM4-CBC", "DES-EDE3-CBC", "AES-256-GCM", "SHA256", "SM3", "MD5"};
static unsigned char input[SIZE], key[32] = {5}, iv[16] = {6}, expected[SIZE];
static pthread_barrier_t ready, filtered, done;
static EVP_CIPHER *cipher;
static EVP_MD *digest;

static int work_once(unsigned char *output)
{
    int length;
    memset(output, 0, SIZE);
    if (digest != NULL)
        return EVP_Digest(input, SIZE, output, NULL, digest, NULL);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int good = context != NULL && EVP_EncryptInit_ex2(context, cipher, key, iv, NULL) &&
        EVP_EncryptUpdate(context, output, &length, input, SIZE);
    EVP_CIPHER_CTX_free(context);
    return good;
}

static void *work(void *unused)
{
    unsigned char *output = malloc(SIZE), *first = malloc(SIZE);
    pthread_barrier_wait(&ready);
    pthread_barrier_wait(&filtered);
    REQUIRE(work_once(first), "a first request failed");
    for (int round = 0; round < ROUNDS; round++)
        REQUIRE(work_once(output) && memcmp(output, first, SIZE) == 0, "a later request failed");
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static int is_known;
    pthread_mutex_lock(&lock);
    if (!is_known)
        memcpy(expected, first, SIZE);
    is_known = 1;
    REQUIRE(memcmp(expected, first, SIZE) == 0, "two threads have different results");
    pthread_mutex_unlock(&lock);
    pthread_barrier_wait(&done);
    // The end of a thread is not for this filter: glibc changes the signal mask there.
    for (;;)
        nanosleep(&(struct timespec){.tv_sec = 60}, NULL);
    return unused;
}

int main(int count, char **arguments)
{
    REQUIRE(count == 2, "usage: filtered_threads sshd|strict");
    fill_noise(input, sizeof input);
    int failures = 0;
    for (int name = 0; name < 7; name++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(30);
            if (name < 4)
                cipher = cipher_named(names[name]);
            else
                digest = digest_named(names[name]);
            pthread_barrier_init(&ready, NULL, THREADS + 1);
            pthread_barrier_init(&filtered, NULL, THREADS + 1);
            pthread_barrier_init(&done, NULL, THREADS + 1);
            pthread_t threads[THREADS];
            for (int index = 0; index < THREADS; index++)
                REQUIRE(pthread_create(&threads[index], NULL, work, NULL) == 0, "pthread_create");
            pthread_barrier_wait(&ready);
            enter_filter(arguments[1], 1);
            pthread_barrier_wait(&filtered);
            pthread_barrier_wait(&done);
            _exit(0);
        }
        int status;
        waitpid(child, &status, 0);
        if (trouble_of(status) != NULL && ++failures)
            complain("%s: %s", names[name], trouble_of(status));
    }
    REQUIRE(failures == 0, "%d of 7 algorithms failed", failures);
    return 0;
}
