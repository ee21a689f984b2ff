// SPDX-License-Identifier: Apache-2.0
//
// A thread that was cancelled makes the first request, by EVP or by zlib, before it comes to a cancellation point of its
// own. Whether it comes back or not: the other threads go on.
//
// Arguments: evp or zlib.

#include <openssl/evp.h>
#include "hostile.h"
#include <pthread.h>
#include <zlib.h>

static EVP_MD *digest;
static int isZlib;
static unsigned char input[65536], output[80000];

static int use(unsigned char *room)
{
    uLongf size = sizeof output;
    return isZlib ? compress(room, &size, input, sizeof input) == Z_OK
                  : EVP_Digest(input, 8192, room, NULL, digest, NULL);
}

static void *victim(void *unused)
{
    pthread_cancel(pthread_self());
    use(malloc(sizeof output));
    pthread_testcancel();
    return unused;
}

int main(int count, char **arguments)
{
    REQUIRE(count == 2, "usage: cancelled_thread evp|zlib");
    isZlib = strcmp(arguments[1], "zlib") == 0;
    if (!isZlib)
        digest = digest_named("SHA256");
    alarm(10);
    for (int round = 0; round < 20; round++) {
        pthread_t thread;
        void *end;
        REQUIRE(pthread_create(&thread, NULL, victim, NULL) == 0, "pthread_create");
        pthread_join(thread, &end);
        REQUIRE(end == PTHREAD_CANCELED, "the thread was not cancelled");
        REQUIRE(use(output), "another thread's request failed after a cancellation");
    }
    return 0;
}
