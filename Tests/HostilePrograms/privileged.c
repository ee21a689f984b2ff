// SPDX-License-Identifier: Apache-2.0
//
// A program that uses OpenSSL and gets privileges from its file: tests give it a set-user-id or set-group-id bit, or a
// capability. It digests, on two threads, and then tells about itself on standard output:
//   privileged N        whether the loader takes it for privileged (AT_SECURE)
//   mapping TEXT        every file that it shares writable memory with
//   file TEXT           every file that it has open beyond the standard ones
//   ready PID
// Then it waits for the end of its standard input, lets the thread end, digests once more, and exits 0.
//
// Arguments: none.

#include <openssl/evp.h>
#include "hostile.h"
#include <pthread.h>
#include <sys/auxv.h>

static EVP_MD *digest;

static void digest_once(void)
{
    static const unsigned char input[8192];
    unsigned char output[EVP_MAX_MD_SIZE];
    REQUIRE(EVP_Digest(input, sizeof input, output, NULL, digest, NULL), "a digest failed");
}

static void *work(void *unused)
{
    digest_once();
    char byte;
    while (read(0, &byte, 1) > 0)
        ;
    return unused;
}

int main(void)
{
    digest = digest_named("SHA256");
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, work, NULL) == 0, "pthread_create");
    digest_once();
    usleep(100000);
    printf("privileged %lu\n", getauxval(AT_SECURE));
    char line[400], path[300];
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL)
        if (strstr(line, " rw-s ") != NULL)
            printf("mapping %s", line);
    for (int descriptor = 3; descriptor < 64; descriptor++) {
        snprintf(line, sizeof line, "/proc/self/fd/%d", descriptor);
        ssize_t length = readlink(line, path, sizeof path - 1);
        if (length > 0 && (maps == NULL || descriptor != fileno(maps)))
            printf("file %.*s\n", (int)length, path);
    }
    printf("ready %d\n", (int)getpid());
    fflush(stdout);
    pthread_join(thread, NULL);
    digest_once();
    return 0;
}
