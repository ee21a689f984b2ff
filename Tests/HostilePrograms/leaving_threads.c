// SPDX-License-Identifier: Apache-2.0
//
// Processes whose main thread calls exit() while detached threads, which have made requests, are ending.
//
// Arguments: evp or zlib, and how many processes.

#include <openssl/evp.h>
#include "hostile.h"
#include <pthread.h>
#include <stdatomic.h>
#include <zlib.h>

enum { THREADS = 24 };
static atomic_int done;
static EVP_MD *digest;
static int isZlib;
static unsigned char input[8192];

static void *work(void *unused)
{
    unsigned char output[10000];
    uLongf size = sizeof output;
    if (isZlib)
        compress(output, &size, input, sizeof input);
    else
        EVP_Digest(input, sizeof input, output, NULL, digest, NULL);
    atomic_fetch_add(&done, 1);
    return unused;
}

int main(int count, char **arguments)
{
    REQUIRE(count == 3, "usage: leaving_threads evp|zlib PROCESSES");
    isZlib = strcmp(arguments[1], "zlib") == 0;
    int processes = atoi(arguments[2]), failures = 0;
    for (int process = 0; process < processes; process++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(20);
            if (!isZlib)
                digest = digest_named("SHA256");
            pthread_attr_t attributes;
            pthread_attr_init(&attributes);
            pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
            pthread_attr_setstacksize(&attributes, 1 << 17);
            for (int index = 0; index < THREADS; index++) {
                pthread_t thread;
                REQUIRE(pthread_create(&thread, &attributes, work, NULL) == 0, "pthread_create");
            }
            while (atomic_load(&done) < THREADS)
                ;
            EVP_MD_free(digest);
            exit(0);
        }
        int status;
        waitpid(child, &status, 0);
        if (trouble_of(status) != NULL && ++failures <= 3)
            complain("process %d %s", process, trouble_of(status));
    }
    REQUIRE(failures == 0, "%d of %d processes failed", failures, processes);
    return 0;
}
