// SPDX-License-Identifier: Apache-2.0
//
// Chains of BIOs with the compressing filters of libuacce-bio, used for the first time inside a filter of system calls:
// gzip, zlib and raw deflate, there and back.
//
// Arguments: sshd or strict. Linked with libuacce-bio and libcrypto; UACCE_COMPRESSION_LIBRARY or the system says where
// libuacce-z is.

#include "filters.h"
#include <openssl/bio.h>
#include <uacce_bio.h>

static unsigned char input[200000], output[200000];

static int there_and_back(const BIO_METHOD *method, size_t size)
{
    BIO *memory = BIO_new(BIO_s_mem()), *filter = BIO_new(method);
    if (memory == NULL || filter == NULL)
        return 0;
    BIO *chain = BIO_push(filter, memory);
    if (BIO_write(chain, input, (int)size) != (int)size || BIO_flush(chain) != 1)
        return 0;
    size_t got = 0;
    int count;
    while (got < size && (count = BIO_read(chain, output + got, (int)(size - got))) > 0)
        got += (size_t)count;
    BIO_free_all(chain);
    return got == size && memcmp(output, input, size) == 0;
}

int main(int count, char **arguments)
{
    REQUIRE(count == 2, "usage: filtered_chain sshd|strict");
    fill_text(input, sizeof input);
    const BIO_METHOD *methods[] = {BIO_f_uacce_gzip(), BIO_f_uacce_zlib(), BIO_f_uacce_deflate()};
    const char *names[] = {"gzip", "zlib", "deflate"};
    const size_t sizes[] = {100, 5000, sizeof input};
    int failures = 0;
    for (int kind = 0; kind < 3; kind++)
        for (int size = 0; size < 3; size++) {
            // A program makes its chain, which opens the library, before it shuts itself in.
            BIO *early = BIO_new(methods[kind]);
            pid_t child = fork();
            if (child == 0) {
                enter_filter(arguments[1], 1);
                _exit(there_and_back(methods[kind], sizes[size]) ? 0 : 2);
            }
            int status;
            waitpid(child, &status, 0);
            BIO_free(early);
            if (trouble_of(status) != NULL && ++failures)
                complain("%s of %zu bytes: %s", names[kind], sizes[size], trouble_of(status));
        }
    REQUIRE(failures == 0, "%d of 9 cases failed", failures);
    return 0;
}
