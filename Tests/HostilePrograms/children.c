// SPDX-License-Identifier: Apache-2.0
//
// A server whose children each serve one request and leave by _exit, or by a signal. Tests look what they leave behind.
//
// Arguments: evp or zlib, and how many children.

#include <openssl/evp.h>
#include "hostile.h"
#include <signal.h>
#include <zlib.h>

int main(int count, char **arguments)
{
    REQUIRE(count == 3, "usage: children evp|zlib COUNT");
    int isZlib = strcmp(arguments[1], "zlib") == 0, children = atoi(arguments[2]);
    EVP_MD *digest = isZlib ? NULL : digest_named("SHA256");
    static unsigned char input[8000], output[10000];
    for (int index = 0; index < children; index++) {
        pid_t child = fork();
        if (child == 0) {
            uLongf size = sizeof output;
            int good = isZlib ? compress(output, &size, input, sizeof input) == Z_OK
                              : EVP_Digest(input, sizeof input, output, NULL, digest, NULL);
            if (good && index % 2 == 1)
                raise(SIGKILL);
            _exit(good ? 0 : 1);
        }
        int status;
        waitpid(child, &status, 0);
        REQUIRE(status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL), "child %d %s", index, trouble_of(status));
    }
    EVP_MD_free(digest);
    return 0;
}
