// SPDX-License-Identifier: Apache-2.0
//
// One thread uses the library for the first time in its process while another one forks; the child then uses it, too, and
// must come to an end. Each try is in a fresh process and forks a little later than the one before.
//
// Arguments: evp or zlib, and how many tries.

#include <openssl/evp.h>
#include "hostile.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <zlib.h>

static unsigned char input[65536];
static volatile int go;
static int isZlib;

static int use(void)
{
    static _Thread_local unsigned char output[80000];
    uLongf size = sizeof output;
    if (isZlib)
        return compress(output, &size, input, sizeof input) == Z_OK;
    return EVP_Q_digest(NULL, "SHA256", NULL, input, sizeof input, output, NULL);
}

static void *first(void *unused)
{
    while (!go)
        ;
    use();
    return unused;
}

static int try(int number)
{
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, first, NULL) == 0, "pthread_create");
    go = 1;
    for (volatile int wait = 0; wait < number * 37 % 20000; wait++)
        ;
    pid_t child = fork();
    if (child == 0)
        _exit(use() ? 0 : 1);
    for (int wait = 0; wait < 300; wait++) {
        int status;
        if (waitpid(child, &status, WNOHANG) == child)
            return status == 0 ? 0 : 1;
        usleep(10000);
    }
    kill(child, SIGKILL);
    return 7;
}

int main(int count, char **arguments)
{
    REQUIRE(count == 3, "usage: first_use_fork evp|zlib TRIES");
    isZlib = strcmp(arguments[1], "zlib") == 0;
    int tries = atoi(arguments[2]), hung = 0, failed = 0;
    if (!isZlib)
        digest_named("SHA256"); // loads the configuration, and makes no request
    for (int number = 0; number < tries && hung < 2; number++) {
        pid_t process = fork();
        if (process == 0)
            _exit(try(number));
        int status;
        waitpid(process, &status, 0);
        hung += WIFEXITED(status) && WEXITSTATUS(status) == 7;
        failed += trouble_of(status) != NULL;
    }
    REQUIRE(hung == 0, "%d children hung", hung);
    REQUIRE(failed == 0, "%d children failed", failed);
    return 0;
}
