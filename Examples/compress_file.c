// SPDX-License-Identifier: Apache-2.0
//
// Compresses a file as gzip does, or decompresses one, through the compression operation of the provider uacce. OpenSSL
// has no calls for it; uacce_compress.h finds the provider's own. Linked is libcrypto, and nothing else.
//
// To run it:
//     cc -O2 -Wall -Wextra -Werror -I../include -o compress_file compress_file.c -lcrypto
//     ./compress_file FILE FILE.gz
//     gunzip -c FILE.gz | cmp - FILE
//     cat FILE.gz FILE.gz > TWICE.gz
//     ./compress_file -d TWICE.gz TWICE
//     cat FILE FILE | cmp - TWICE
//     if head -c 1000 FILE.gz | ./compress_file -d /dev/stdin CUT; then exit 1; fi

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uacce_compress.h>

// The larger the pieces, the less a request weighs. Those that a stream begins with decide whether it is worth a
// device.
enum { PIECE_BYTES = 256 * 1024 };

// What fails has left the reason on OpenSSL's error queue, the provider's own reasons among the others.
static void require(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "%s failed\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static FILE *open_file(const char *name, const char *mode)
{
    FILE *file = fopen(name, mode);
    if (file == NULL) {
        perror(name);
        exit(1);
    }
    return file;
}

// Everything from one file to the other.
static void pass_on(const UACCE_COMPRESS *gzip, void *stream, FILE *from, FILE *to, int decompress)
{
    unsigned char *input = malloc(PIECE_BYTES), *output = malloc(PIECE_BYTES);
    require(input != NULL && output != NULL, "allocating memory");
    int status, is_last;
    do {
        size_t size = fread(input, 1, PIECE_BYTES, from), position = 0, taken, written;
        require(!ferror(from), "reading");
        is_last = size < PIECE_BYTES;
        // As long as the output is filled there may be more of it; otherwise all of the input was taken.
        do {
            status = gzip->update(stream, output, &written, PIECE_BYTES, input + position, &taken, size - position,
                                  is_last ? UACCE_COMPRESS_FINISH : UACCE_COMPRESS_NONE);
            // A stream that is damaged, or ends before its end.
            require(status != UACCE_COMPRESS_ERROR, decompress ? "decompressing" : "compressing");
            require(fwrite(output, 1, written, to) == written, "writing");
            position += taken;
            // A file may hold several streams, one behind the other. (A last piece of no bytes belongs to none.)
            if (status == UACCE_COMPRESS_END && decompress && position < size)
                require(gzip->reset(stream), "going on with the next stream");
        } while (position < size || (written == PIECE_BYTES && status != UACCE_COMPRESS_END));
    } while (!is_last);
    free(input);
    free(output);
}

int main(int count, char **arguments)
{
    int decompress = count == 4 && strcmp(arguments[1], "-d") == 0;
    if (count != 3 + decompress) {
        fprintf(stderr, "usage: %s [-d] FROM TO\n", arguments[0]);
        return 2;
    }
    OSSL_PROVIDER *uacce = OSSL_PROVIDER_load(NULL, "uacce");
    require(uacce != NULL, "loading the provider");
    UACCE_COMPRESS gzip;
    require(uacce_compress_find(uacce, "GZIP", &gzip), "finding the operation");
    void *stream = gzip.newctx(gzip.provctx);
    require(stream != NULL, "making a context");

    int level = 6;
    const OSSL_PARAM settings[] = {OSSL_PARAM_construct_int(UACCE_COMPRESS_PARAM_LEVEL, &level), OSSL_PARAM_construct_end()};
    require(decompress ? gzip.decompress_init(stream, NULL) : gzip.compress_init(stream, settings), "beginning a stream");
    FILE *from = open_file(arguments[1 + decompress], "rb"), *to = open_file(arguments[2 + decompress], "wb");
    pass_on(&gzip, stream, from, to, decompress);
    require(fclose(to) == 0, "writing");
    fclose(from);

    gzip.freectx(stream);
    OSSL_PROVIDER_unload(uacce);
    return 0;
}
