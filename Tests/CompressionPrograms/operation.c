// SPDX-License-Identifier: Apache-2.0
//
// The compression operation in functions that Python can call: nothing here but uacce_compress.h and its parameters.

#include <uacce_compress.h>

#include <openssl/err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

// A context with the functions that belong to it.
struct stream {
    UACCE_COMPRESS functions;
    void *context;
};

static OSSL_PROVIDER *provider;

// What a value is when it is not to be set.
enum { UNSET = -1000 };

int operation_load(void)
{
    if (OSSL_PROVIDER_load(NULL, "default") == NULL)
        return 0;
    provider = OSSL_PROVIDER_load(NULL, "uacce");
    return provider != NULL;
}

void operation_unload(void) { OSSL_PROVIDER_unload(provider); }

int operation_exists(const char *name)
{
    UACCE_COMPRESS found;
    return uacce_compress_find(provider, name, &found);
}

static int note(const OSSL_PARAM params[], void *argument)
{
    const char *name = NULL, *properties = NULL;
    int operation = 0, version = 0;
    char *text = argument;
    if (!OSSL_PARAM_get_utf8_string_ptr(OSSL_PARAM_locate_const(params, UACCE_COMPRESS_CAPABILITY_NAME), &name)
        || !OSSL_PARAM_get_utf8_string_ptr(OSSL_PARAM_locate_const(params, UACCE_COMPRESS_CAPABILITY_PROPERTIES), &properties)
        || !OSSL_PARAM_get_int(OSSL_PARAM_locate_const(params, UACCE_COMPRESS_CAPABILITY_OPERATION), &operation)
        || !OSSL_PARAM_get_int(OSSL_PARAM_locate_const(params, UACCE_COMPRESS_CAPABILITY_VERSION), &version))
        return 0;
    sprintf(text + strlen(text), "%s %x %d %s\n", name, (unsigned)operation, version, properties);
    return 1;
}

// A line for each call of the capability's callback.
int operation_capability(const char *capability, char text[1000])
{
    *text = '\0';
    return OSSL_PROVIDER_get_capabilities(provider, capability, note, text);
}

struct stream *operation_new(const char *name)
{
    struct stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL || !uacce_compress_find(provider, name, &stream->functions)
        || (stream->context = stream->functions.newctx(stream->functions.provctx)) == NULL) {
        free(stream);
        return NULL;
    }
    return stream;
}

void operation_free(struct stream *stream)
{
    stream->functions.freectx(stream->context);
    free(stream);
}

struct stream *operation_copy(struct stream *stream)
{
    struct stream *copy = malloc(sizeof *copy);
    if (copy == NULL)
        return NULL;
    *copy = *stream;
    copy->context = stream->functions.dupctx(stream->context);
    if (copy->context == NULL) {
        free(copy);
        return NULL;
    }
    return copy;
}

static size_t list(OSSL_PARAM *params, int *level, int *strategy, int *window, int *memory, const void *dictionary,
                   size_t size)
{
    size_t count = 0;
    if (*level != UNSET)
        params[count++] = OSSL_PARAM_construct_int(UACCE_COMPRESS_PARAM_LEVEL, level);
    if (*strategy != UNSET)
        params[count++] = OSSL_PARAM_construct_int(UACCE_COMPRESS_PARAM_STRATEGY, strategy);
    if (*window != UNSET)
        params[count++] = OSSL_PARAM_construct_int(UACCE_COMPRESS_PARAM_WINDOW_BITS, window);
    if (*memory != UNSET)
        params[count++] = OSSL_PARAM_construct_int(UACCE_COMPRESS_PARAM_MEM_LEVEL, memory);
    if (dictionary != NULL)
        params[count++] = OSSL_PARAM_construct_octet_string(UACCE_COMPRESS_PARAM_DICTIONARY, (void *)dictionary, size);
    params[count] = OSSL_PARAM_construct_end();
    return count;
}

int operation_init(struct stream *stream, int compress, int level, int strategy, int window, int memory,
                   const void *dictionary, size_t size)
{
    OSSL_PARAM params[6];
    size_t count = list(params, &level, &strategy, &window, &memory, dictionary, size);
    return (compress ? stream->functions.compress_init : stream->functions.decompress_init)(stream->context,
                                                                                            count == 0 ? NULL : params);
}

int operation_set(struct stream *stream, int level, int strategy, int window, int memory, const void *dictionary, size_t size)
{
    OSSL_PARAM params[6];
    list(params, &level, &strategy, &window, &memory, dictionary, size);
    return stream->functions.set_ctx_params(stream->context, params);
}

int operation_update(struct stream *stream, unsigned char *out, size_t *written, size_t room, const unsigned char *in,
                     size_t *taken, size_t size, int flush)
{
    return stream->functions.update(stream->context, out, written, room, in, taken, size, flush);
}

int operation_whole(struct stream *stream, unsigned char *out, size_t *written, size_t room, const unsigned char *in,
                    size_t size)
{
    return stream->functions.whole(stream->context, out, written, room, in, size);
}

int operation_reset(struct stream *stream) { return stream->functions.reset(stream->context); }

size_t operation_bound(struct stream *stream, size_t size) { return stream->functions.bound(stream->context, size); }

// The value of a parameter that gettable_ctx_params lists; -1 where it does not.
int64_t operation_get(struct stream *stream, const char *name)
{
    const OSSL_PARAM *known = stream->functions.gettable_ctx_params(stream->context, stream->functions.provctx);
    int64_t value = -1;
    OSSL_PARAM params[2] = {OSSL_PARAM_construct_int64(name, &value), OSSL_PARAM_construct_end()};
    if (OSSL_PARAM_locate_const(known, name) == NULL || !stream->functions.get_ctx_params(stream->context, params))
        return -1;
    return value;
}

// The reason of the last error, and all of it in words; the queue is empty then.
int operation_error(char text[1000])
{
    const char *data = NULL;
    int flags = 0;
    unsigned long error = ERR_peek_last_error_all(NULL, NULL, NULL, &data, &flags);
    const char *library = ERR_lib_error_string(error), *reason = ERR_reason_error_string(error);
    snprintf(text, 1000, "%s: %s: %s", library == NULL ? "?" : library, reason == NULL ? "?" : reason,
             (flags & ERR_TXT_STRING) != 0 ? data : "");
    ERR_clear_error();
    return ERR_GET_REASON(error);
}
