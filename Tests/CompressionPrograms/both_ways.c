// SPDX-License-Identifier: Apache-2.0
//
// A stream each way through the operation and through a filter, with every function and control called once: small and
// quick enough for valgrind. What was made cannot be told apart from what it must be, or the program fails.

#include <uacce_bio.h>
#include <uacce_compress.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIZE = 200000 };

static void require_at(int good, const char *what, int line)
{
    if (good)
        return;
    fprintf(stderr, "line %d: %s\n", line, what);
    ERR_print_errors_fp(stderr);
    exit(1);
}
#define require(condition) require_at((condition) != 0, #condition, __LINE__)

// Text of a kind: what compresses, but not to nothing.
static unsigned char *text(void)
{
    unsigned char *bytes = malloc(SIZE);
    unsigned state = 1;
    for (size_t i = 0; i < SIZE; i++) {
        state = state * 1103515245u + 12345u;
        bytes[i] = (unsigned char)("etaoin shrdlu\n"[(state >> 16) % 14]);
    }
    return bytes;
}

static void stream_each_way(OSSL_PROVIDER *provider, const char *name, const unsigned char *plain)
{
    UACCE_COMPRESS f;
    require(uacce_compress_find(provider, name, &f));
    void *stream = f.newctx(f.provctx);
    int level = 5, bad = 77;
    OSSL_PARAM params[] = {OSSL_PARAM_construct_int(UACCE_COMPRESS_PARAM_LEVEL, &level), OSSL_PARAM_construct_end()};
    require(stream != NULL && f.compress_init(stream, params));
    size_t room = f.bound(stream, SIZE), made = 0, written, taken;
    unsigned char *compressed = malloc(room), *back = malloc(SIZE);
    // Half of it in one piece, a copy of the stream, and the rest a byte at a time.
    require(f.update(stream, compressed, &made, room, plain, &taken, SIZE / 2, UACCE_COMPRESS_SYNC) == UACCE_COMPRESS_PROGRESS);
    require(taken == SIZE / 2);
    void *copy = f.dupctx(stream);
    f.freectx(stream);
    level = 9;
    require(f.set_ctx_params(copy, params));
    params[0].data = &bad;
    require(!f.set_ctx_params(copy, params) && ERR_GET_REASON(ERR_peek_last_error()) == UACCE_COMPRESS_R_BAD_SETTING);
    ERR_clear_error();
    require(f.update(copy, compressed + made, &written, 1, plain + SIZE / 2, &taken, 1, UACCE_COMPRESS_SYNC));
    made += written;
    size_t position = SIZE / 2 + taken;
    int status;
    do {
        status = f.update(copy, compressed + made, &written, room - made, plain + position, &taken, SIZE - position,
                          UACCE_COMPRESS_FINISH);
        made += written, position += taken;
    } while (status == UACCE_COMPRESS_PROGRESS);
    require(status == UACCE_COMPRESS_END && position == SIZE);
    require(f.decompress_init(copy, NULL));
    require(f.whole(copy, back, &written, SIZE, compressed, made) == UACCE_COMPRESS_END);
    require(written == SIZE && memcmp(back, plain, SIZE) == 0);
    // Again, with something wrong in the middle; and left alone in the middle.
    require(f.reset(copy));
    compressed[made / 2] ^= 0x55;
    compressed[made / 2 + 1] ^= 0x55;
    // Raw streams have no checksum, and may go on with something else.
    status = f.whole(copy, back, &written, SIZE, compressed, made);
    require(status == UACCE_COMPRESS_ERROR || strcmp(name, "DEFLATE") == 0);
    ERR_clear_error();
    require(f.decompress_init(copy, NULL));
    require(f.update(copy, back, &written, SIZE, compressed, &taken, made / 4, UACCE_COMPRESS_NONE));
    f.freectx(copy);
    free(compressed);
    free(back);
}

static void filter_each_way(const BIO_METHOD *method, const unsigned char *plain)
{
    BIO *memory = BIO_new(BIO_s_mem()), *filter = BIO_push(BIO_new(method), memory);
    unsigned char *back = malloc(SIZE);
    require(BIO_uacce_set_level(filter, 3) == 1 && BIO_set_write_buffer_size(filter, 3000) == 1);
    require(BIO_write(filter, plain, SIZE / 2) == SIZE / 2);
    require(BIO_uacce_sync(filter) == 1 && BIO_wpending(filter) == BIO_ctrl(memory, BIO_CTRL_WPENDING, 0, NULL));
    BIO *copy = BIO_dup_chain(filter);
    require(copy != NULL && BIO_write(copy, plain, SIZE / 2) == SIZE / 2 && BIO_flush(copy) == 1);
    BIO_free_all(copy);
    require(BIO_write(filter, plain + SIZE / 2, SIZE / 2) == SIZE / 2);
    require(BIO_flush(filter) == 1 && BIO_eof(filter) == 0);
    for (size_t position = 0; position < SIZE;) {
        int count = BIO_read(filter, back + position, position % 2 == 0 ? 1001 : 9000);
        require(count > 0);
        position += (size_t)count;
    }
    require(memcmp(back, plain, SIZE) == 0 && BIO_read(filter, back, 10) == 0 && BIO_eof(filter) == 1);
    require(BIO_uacce_next_stream(filter) == 1 && BIO_puts(filter, "more") == 4 && BIO_flush(filter) == 1);
    require(BIO_read(filter, back, 10) == 4 && memcmp(back, "more", 4) == 0 && BIO_reset(filter) == 1);
    // What is not compressed.
    require(BIO_write(memory, "nothing of the kind, and more than a header has", 40) == 40);
    if (method != BIO_f_uacce_deflate()) {
        require(BIO_read(filter, back, 10) == -1 && !BIO_should_retry(filter));
        require(ERR_GET_REASON(ERR_peek_last_error()) == UACCE_COMPRESS_R_BAD_DATA);
        ERR_clear_error();
    }
    BIO_free_all(filter);
    free(back);
}

int main(void)
{
    unsigned char *plain = text();
    OSSL_PROVIDER *provider = OSSL_PROVIDER_load(NULL, "uacce");
    require(provider != NULL);
    stream_each_way(provider, "DEFLATE", plain);
    stream_each_way(provider, "ZLIB", plain);
    stream_each_way(provider, "GZIP", plain);
    require(OSSL_PROVIDER_unload(provider));
    filter_each_way(BIO_f_uacce_deflate(), plain);
    filter_each_way(BIO_f_uacce_zlib(), plain);
    filter_each_way(BIO_f_uacce_gzip(), plain);
    free(plain);
    printf("all of it came back\n");
    return 0;
}
