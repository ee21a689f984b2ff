// SPDX-License-Identifier: Apache-2.0
//
// An operation of the OpenSSL provider `uacce` that OpenSSL has no name for: compression and decompression as streams,
// on the ZIP queues of an accelerator, real or emulated. Nothing has to be linked but libcrypto.
//
//     UACCE_COMPRESS gzip;
//     if (uacce_compress_find(OSSL_PROVIDER_load(NULL, "uacce"), "GZIP", &gzip)) {
//         void *stream = gzip.newctx(gzip.provctx);
//         gzip.compress_init(stream, NULL);
//         status = gzip.update(stream, out, &written, sizeof(out), in, &taken, size, UACCE_COMPRESS_FINISH);
//
// Functions return 0 when they fail, and put the reason on OpenSSL's error queue (UACCE_COMPRESS_R_*). A context is one
// thread's at a time; different contexts may be used by any threads. The provider must stay loaded while there are
// contexts. Docs/compression.md tells more, and Examples/compress_file.c shows a program.

#ifndef UACCE_COMPRESS_H
#define UACCE_COMPRESS_H

#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#ifdef __cplusplus
extern "C" {
#endif

// Of what is declared here. A provider of another version may have more functions and parameters, and has these as they
// are; one that has not would have another operation id.
#define UACCE_COMPRESS_VERSION 1

// The operation's id, for OSSL_PROVIDER_query_operation: "uac" and 1. OpenSSL's own ids (openssl/core_dispatch.h) count
// up from 1, and what libcrypto fetches and caches by itself has ids of 8 bits, so that it neither asks for this one
// nor confuses it with another.
#define UACCE_OP_COMPRESS 0x75616301

// The capability that tells of the operation, for OSSL_PROVIDER_get_capabilities. The callback is called once for each
// algorithm, with these parameters.
#define UACCE_COMPRESS_CAPABILITY "UACCE-COMPRESSION"
#define UACCE_COMPRESS_CAPABILITY_NAME "name"             // UTF-8 string: DEFLATE, ZLIB or GZIP
#define UACCE_COMPRESS_CAPABILITY_OPERATION "operation"   // int: UACCE_OP_COMPRESS
#define UACCE_COMPRESS_CAPABILITY_VERSION "version"       // int: UACCE_COMPRESS_VERSION
#define UACCE_COMPRESS_CAPABILITY_PROPERTIES "properties" // UTF-8 string, such as provider=uacce

// ---- Calls ----

// The provider's dispatch tables have these ids, and functions of these types.
#define UACCE_FUNC_COMPRESS_NEWCTX 1
#define UACCE_FUNC_COMPRESS_FREECTX 2
#define UACCE_FUNC_COMPRESS_DUPCTX 3
#define UACCE_FUNC_COMPRESS_COMPRESS_INIT 4
#define UACCE_FUNC_COMPRESS_DECOMPRESS_INIT 5
#define UACCE_FUNC_COMPRESS_UPDATE 6
#define UACCE_FUNC_COMPRESS_RESET 7
#define UACCE_FUNC_COMPRESS_WHOLE 8
#define UACCE_FUNC_COMPRESS_BOUND 9
#define UACCE_FUNC_COMPRESS_GET_CTX_PARAMS 10
#define UACCE_FUNC_COMPRESS_SET_CTX_PARAMS 11
#define UACCE_FUNC_COMPRESS_GETTABLE_CTX_PARAMS 12
#define UACCE_FUNC_COMPRESS_SETTABLE_CTX_PARAMS 13

// What update and whole return.
#define UACCE_COMPRESS_ERROR 0
#define UACCE_COMPRESS_PROGRESS 1
#define UACCE_COMPRESS_END 2
#define UACCE_COMPRESS_NEED_DICTIONARY 3

// What update is asked for; the values are zlib's. Compressing, SYNC makes everything that was given until now readable
// from what came out until now; FULL the same with nothing behind it referring to what is before; PARTIAL and BLOCK as
// zlib has them. FINISH: there is no more input. Decompressing, FINISH says so too, and a stream that lacks its end is
// an error then; the others mean nothing.
#define UACCE_COMPRESS_NONE 0
#define UACCE_COMPRESS_PARTIAL 1
#define UACCE_COMPRESS_SYNC 2
#define UACCE_COMPRESS_FULL 3
#define UACCE_COMPRESS_FINISH 4
#define UACCE_COMPRESS_BLOCK 5

// A context. NULL: the library with the engine, libuacce-z.so, cannot be used (the error says why), or there is no
// memory.
typedef void *(*UACCE_FUNC_compress_newctx_fn)(void *provctx);
// Wipes what it keeps of data, and releases it.
typedef void (*UACCE_FUNC_compress_freectx_fn)(void *ctx);
// A copy that goes on from here by itself.
typedef void *(*UACCE_FUNC_compress_dupctx_fn)(void *ctx);
// Begins a stream with these parameters, and defaults for the others, whatever was before. params: NULL for none.
typedef int (*UACCE_FUNC_compress_init_fn)(void *ctx, const OSSL_PARAM params[]);
// Takes from `in` and writes to `out` until one of the two is done with; *inl and *outl say how many bytes that were,
// also where it fails: what was written is good. Sizes may be 0, and beyond 4 GiB.
//   PROGRESS        as far as it goes. A flush, or FINISH, is done when less than outsize was written; else call again
//                   with the same flush and what is left of the input.
//   END             the stream has ended, and everything was written. What follows in `in` was not touched: it may be
//                   the next member of a gzip file, for which call reset and go on.
//   NEED_DICTIONARY decompressing ZLIB: set the parameter `dictionary`, then go on.
typedef int (*UACCE_FUNC_compress_update_fn)(void *ctx, unsigned char *out, size_t *outl, size_t outsize,
                                             const unsigned char *in, size_t *inl, size_t insize, int flush);
// The stream again from its beginning, with the parameters that it has.
typedef int (*UACCE_FUNC_compress_reset_fn)(void *ctx);
// Compresses or decompresses all of `in` at once, with a context that was just begun; END, or it fails. All members of
// a gzip file are decompressed; anything else behind the end is an error.
typedef int (*UACCE_FUNC_compress_whole_fn)(void *ctx, unsigned char *out, size_t *outl, size_t outsize,
                                            const unsigned char *in, size_t insize);
// How many bytes insize bytes are compressed to at most, by whole or by update with FINISH. 0: it does not compress.
typedef size_t (*UACCE_FUNC_compress_bound_fn)(void *ctx, size_t insize);
typedef int (*UACCE_FUNC_compress_get_ctx_params_fn)(void *ctx, OSSL_PARAM params[]);
// Within a stream: level and strategy when compressing, for what follows; dictionary.
typedef int (*UACCE_FUNC_compress_set_ctx_params_fn)(void *ctx, const OSSL_PARAM params[]);
typedef const OSSL_PARAM *(*UACCE_FUNC_compress_gettable_ctx_params_fn)(void *ctx, void *provctx);
typedef const OSSL_PARAM *(*UACCE_FUNC_compress_settable_ctx_params_fn)(void *ctx, void *provctx);

// ---- Parameters ----

// To be set and asked for.
#define UACCE_COMPRESS_PARAM_LEVEL "level"             // int, -1 to 9: 1 fastest, 9 smallest, 0 stored, -1 (default) 6
#define UACCE_COMPRESS_PARAM_STRATEGY "strategy"       // int, 0 to 4: zlib's Z_DEFAULT_STRATEGY (default) to Z_FIXED
#define UACCE_COMPRESS_PARAM_WINDOW_BITS "window-bits" // int, 9 to 15 (default): matches reach back 2^N bytes
#define UACCE_COMPRESS_PARAM_MEM_LEVEL "mem-level"     // int, 1 to 9, default 8
// To be set. DEFLATE and ZLIB only. Stays over a reset.
#define UACCE_COMPRESS_PARAM_DICTIONARY "dictionary" // octet string
// To be asked for.
#define UACCE_COMPRESS_PARAM_TOTAL_IN "total-in"   // uint64: bytes taken since init or reset
#define UACCE_COMPRESS_PARAM_TOTAL_OUT "total-out" // uint64: bytes written
#define UACCE_COMPRESS_PARAM_CHECKSUM "checksum"   // uint: Adler-32 (ZLIB) or CRC-32 (GZIP) of the plain data, or 0

// ---- Reasons ----

#define UACCE_COMPRESS_R_NO_LIBRARY 551
#define UACCE_COMPRESS_R_BAD_SETTING 552
#define UACCE_COMPRESS_R_WRONG_STATE 553
#define UACCE_COMPRESS_R_BAD_DATA 554
#define UACCE_COMPRESS_R_TRUNCATED 555
#define UACCE_COMPRESS_R_WRONG_DICTIONARY 556
#define UACCE_COMPRESS_R_NEEDS_DICTIONARY 557 // of whole
#define UACCE_COMPRESS_R_OUTPUT_TOO_SMALL 558 // of whole
#define UACCE_COMPRESS_R_TRAILING_DATA 559    // of whole
#define UACCE_COMPRESS_R_NO_MEMORY 560
#define UACCE_COMPRESS_R_ENGINE_FAILED 561

// ---- Finding it ----

// The functions of one algorithm. Those of later versions than a program knows are not here.
typedef struct {
    void *provctx; // for newctx
    UACCE_FUNC_compress_newctx_fn newctx;
    UACCE_FUNC_compress_freectx_fn freectx;
    UACCE_FUNC_compress_dupctx_fn dupctx;
    UACCE_FUNC_compress_init_fn compress_init;
    UACCE_FUNC_compress_init_fn decompress_init;
    UACCE_FUNC_compress_update_fn update;
    UACCE_FUNC_compress_reset_fn reset;
    UACCE_FUNC_compress_whole_fn whole;
    UACCE_FUNC_compress_bound_fn bound;
    UACCE_FUNC_compress_get_ctx_params_fn get_ctx_params;
    UACCE_FUNC_compress_set_ctx_params_fn set_ctx_params;
    UACCE_FUNC_compress_gettable_ctx_params_fn gettable_ctx_params;
    UACCE_FUNC_compress_settable_ctx_params_fn settable_ctx_params;
} UACCE_COMPRESS;

// Where uacce_compress_find looks.
struct uacce_compress_search {
    const char *name;
    int operation;
};

static inline int uacce_compress_look(const OSSL_PARAM params[], void *arg)
{
    struct uacce_compress_search *search = (struct uacce_compress_search *)arg;
    const OSSL_PARAM *name = OSSL_PARAM_locate_const(params, UACCE_COMPRESS_CAPABILITY_NAME);
    const OSSL_PARAM *operation = OSSL_PARAM_locate_const(params, UACCE_COMPRESS_CAPABILITY_OPERATION);
    const char *text = NULL;
    int id;
    if (name != NULL && operation != NULL && OSSL_PARAM_get_utf8_string_ptr(name, &text) && text != NULL
        && strcasecmp(text, search->name) == 0 && OSSL_PARAM_get_int(operation, &id))
        search->operation = id;
    return 1;
}

// Fills in `found` for DEFLATE, ZLIB or GZIP, upper or lower case. 0: the provider has no such thing; `provider` may be
// NULL.
static inline int uacce_compress_find(OSSL_PROVIDER *provider, const char *name, UACCE_COMPRESS *found)
{
    struct uacce_compress_search search = {name, 0};
    const OSSL_ALGORITHM *algorithm = NULL;
    const OSSL_DISPATCH *entry = NULL;
    int no_cache = 0;

    memset(found, 0, sizeof(*found));
    if (provider == NULL
        || !OSSL_PROVIDER_get_capabilities(provider, UACCE_COMPRESS_CAPABILITY, uacce_compress_look, &search)
        || search.operation != UACCE_OP_COMPRESS)
        return 0;
    algorithm = OSSL_PROVIDER_query_operation(provider, search.operation, &no_cache);
    for (; algorithm != NULL && algorithm->algorithm_names != NULL; algorithm++)
        if (strcasecmp(algorithm->algorithm_names, name) == 0)
            entry = algorithm->implementation;
    if (entry == NULL)
        return 0;
    found->provctx = OSSL_PROVIDER_get0_provider_ctx(provider);
    for (; entry->function_id != 0; entry++) {
        switch (entry->function_id) {
#define UACCE_COMPRESS_TAKE(id, type, member) \
    case UACCE_FUNC_COMPRESS_##id: found->member = (UACCE_FUNC_compress_##type##_fn)entry->function; break
            UACCE_COMPRESS_TAKE(NEWCTX, newctx, newctx);
            UACCE_COMPRESS_TAKE(FREECTX, freectx, freectx);
            UACCE_COMPRESS_TAKE(DUPCTX, dupctx, dupctx);
            UACCE_COMPRESS_TAKE(COMPRESS_INIT, init, compress_init);
            UACCE_COMPRESS_TAKE(DECOMPRESS_INIT, init, decompress_init);
            UACCE_COMPRESS_TAKE(UPDATE, update, update);
            UACCE_COMPRESS_TAKE(RESET, reset, reset);
            UACCE_COMPRESS_TAKE(WHOLE, whole, whole);
            UACCE_COMPRESS_TAKE(BOUND, bound, bound);
            UACCE_COMPRESS_TAKE(GET_CTX_PARAMS, get_ctx_params, get_ctx_params);
            UACCE_COMPRESS_TAKE(SET_CTX_PARAMS, set_ctx_params, set_ctx_params);
            UACCE_COMPRESS_TAKE(GETTABLE_CTX_PARAMS, gettable_ctx_params, gettable_ctx_params);
            UACCE_COMPRESS_TAKE(SETTABLE_CTX_PARAMS, settable_ctx_params, settable_ctx_params);
#undef UACCE_COMPRESS_TAKE
        }
    }
    // What the first version has.
    return found->newctx != NULL && found->freectx != NULL && found->dupctx != NULL && found->compress_init != NULL
           && found->decompress_init != NULL && found->update != NULL && found->reset != NULL && found->whole != NULL
           && found->bound != NULL && found->get_ctx_params != NULL && found->set_ctx_params != NULL
           && found->gettable_ctx_params != NULL && found->settable_ctx_params != NULL;
}

#ifdef __cplusplus
}
#endif

#endif
