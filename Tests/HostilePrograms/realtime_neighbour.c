// SPDX-License-Identifier: Apache-2.0
//
// A thread of real-time priority and five ordinary ones encrypt 16 KiB in CBC on one processor. The ordinary ones may
// hold a lock when the other one comes; it must not spin until the kernel throttles it.
//
// Arguments: the milliseconds that one encryption of the real-time thread may take. Exits 77 where SCHED_FIFO is refused.

#define _GNU_SOURCE
#include <openssl/evp.h>
#include "hostile.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

static atomic_int stop;
static EVP_CIPHER *cipher;
static unsigned char input[16384];
static double worst;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void encrypt(EVP_CIPHER_CTX *context, unsigned char *output)
{
    int length;
    REQUIRE(EVP_EncryptInit_ex2(context, cipher, input, input, NULL) && EVP_CIPHER_CTX_set_padding(context, 0) &&
        EVP_EncryptUpdate(context, output, &length, input, sizeof input), "an encryption failed");
}

static void *ordinary(void *unused)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    unsigned char *output = malloc(20000);
    while (!stop)
        encrypt(context, output);
    return unused;
}

static void *realtime(void *unused)
{
    struct sched_param priority = {.sched_priority = 50};
    if (pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority) != 0)
        _exit(77);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    unsigned char *output = malloc(20000);
    while (!stop) {
        double start = now();
        encrypt(context, output);
        double taken = now() - start;
        if (taken > worst)
            worst = taken;
        usleep(1500);
    }
    return unused;
}

int main(int count, char **arguments)
{
    REQUIRE(count == 2, "usage: realtime_neighbour MILLISECONDS");
    cpu_set_t processors, chosen;
    sched_getaffinity(0, sizeof processors, &processors);
    CPU_ZERO(&chosen);
    for (int processor = CPU_SETSIZE - 1; processor >= 0; processor--)
        if (CPU_ISSET(processor, &processors)) {
            CPU_SET(processor, &chosen);
            break;
        }
    sched_setaffinity(0, sizeof chosen, &chosen);
    cipher = cipher_named("AES-128-CBC");
    pthread_t threads[6];
    for (int index = 0; index < 6; index++)
        REQUIRE(pthread_create(&threads[index], NULL, index < 5 ? ordinary : realtime, NULL) == 0, "pthread_create");
    sleep(5);
    stop = 1;
    for (int index = 0; index < 6; index++)
        pthread_join(threads[index], NULL);
    REQUIRE(worst < atof(arguments[1]), "one encryption of 16 KiB took the real-time thread %.1f ms", worst);
    return 0;
}
