// SPDX-License-Identifier: Apache-2.0
//
// A program that gets zlib only after it has compressed with the provider: it must be the system's, although the
// library behind the operation has the same name inside. Argument: the library that must not be taken for it.

#define _GNU_SOURCE
#include <uacce_compress.h>

#include <dlfcn.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>

static void require(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "%s failed\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

// Where the library comes from that has this name by now; NULL: none has.
static const char *place_of_zlib(int flags)
{
    static Dl_info place;
    void *library = dlopen("libz.so.1", RTLD_NOW | flags);
    return library != NULL && dladdr(dlsym(library, "deflate"), &place) != 0 ? place.dli_fname : NULL;
}

int main(int count, char **arguments)
{
    unsigned char output[100];
    size_t written = 0;
    UACCE_COMPRESS gzip;

    require(count == 2, "the call");
    OSSL_PROVIDER *provider = OSSL_PROVIDER_load(NULL, "uacce");
    require(uacce_compress_find(provider, "GZIP", &gzip), "finding the operation");
    require(place_of_zlib(RTLD_NOLOAD) == NULL, "having no zlib");
    void *stream = gzip.newctx(gzip.provctx);
    require(stream != NULL && gzip.compress_init(stream, NULL), "beginning a stream");
    require(gzip.whole(stream, output, &written, sizeof output, output, 0) == UACCE_COMPRESS_END, "compressing");
    gzip.freectx(stream);
    const char *place = place_of_zlib(0);
    require(place != NULL, "loading zlib");
    printf("%s\n", place);
    require(strcmp(realpath(place, NULL), realpath(arguments[1], NULL)) != 0, "getting the system's");
    require(OSSL_PROVIDER_unload(provider), "unloading");
    return 0;
}
