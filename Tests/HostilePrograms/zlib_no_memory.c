// SPDX-License-Identifier: Apache-2.0
//
// zlib's calls in a process whose n-th allocation fails, for every n until a run has none that fails; and with all that
// follow failing, too. Each call may return Z_MEM_ERROR, or what it returns otherwise; nothing else, no signal, and no
// memory may be lost. What was compressed must be the data again. A stream must end, and be good for nothing worse.
//
// Run: zlib_no_memory [CASE], linked with -lz and -ldl, with libuacce-z.so preloaded or in libz.so.1's place.
// Exits 0 when all is well; 1 with a line on standard error for each case and n that went wrong.

#define _GNU_SOURCE
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

// Allocations until one fails, if it is not negative; whether all behind it do.
static long left = -1;
static int all_behind;
static long failed, live;

static int fails(void)
{
    if (left < 0)
        return 0;
    if (left-- > 0)
        return 0;
    failed++;
    left = all_behind ? 0 : -1;
    errno = ENOMEM;
    return 1;
}
static void *counted(void *memory)
{
    if (memory != NULL)
        live++;
    return memory;
}
void *malloc(size_t length) { return fails() ? NULL : counted(__libc_malloc(length)); }
void *calloc(size_t count, size_t length) { return fails() ? NULL : counted(__libc_calloc(count, length)); }
void *realloc(void *memory, size_t length)
{
    if (fails())
        return NULL;
    void *larger = __libc_realloc(memory, length);
    return memory == NULL ? counted(larger) : larger;
}
void *aligned_alloc(size_t alignment, size_t length) { return fails() ? NULL : counted(__libc_memalign(alignment, length)); }
int posix_memalign(void **memory, size_t alignment, size_t length)
{
    if (fails())
        return ENOMEM;
    *memory = counted(__libc_memalign(alignment, length));
    return *memory == NULL ? ENOMEM : 0;
}
void free(void *memory)
{
    if (memory != NULL)
        live--;
    __libc_free(memory);
}

enum { LENGTH = 200000 };
static unsigned char data[LENGTH], packed[LENGTH + 10000], stored[LENGTH + 10000], unpacked[LENGTH];
static uLong stored_length = sizeof stored;

static const char *wrong; // what was, if anything

static int may(int result, int expected, const char *what)
{
    if (result == expected)
        return 1;
    if (result != Z_MEM_ERROR)
        wrong = what;
    return 0;
}

static void check_packed(uLong length)
{
    left = -1;
    uLongf got = LENGTH;
    z_stream stream = {0};
    if (inflateInit2(&stream, 47) != Z_OK)
        return;
    stream.next_in = packed, stream.avail_in = (unsigned)length;
    stream.next_out = unpacked, stream.avail_out = (unsigned)got;
    if (inflate(&stream, Z_FINISH) != Z_STREAM_END || memcmp(data, unpacked, stream.total_out) != 0)
        wrong = "what was compressed";
    inflateEnd(&stream);
}

static int deflate_all(z_stream *stream, int with_calls)
{
    stream->next_out = packed, stream->avail_out = sizeof packed;
    for (unsigned at = 0; at < LENGTH; at += 20000) {
        stream->next_in = data + at, stream->avail_in = 20000;
        if (!may(deflate(stream, at % 60000 == 0 ? Z_SYNC_FLUSH : Z_NO_FLUSH), Z_OK, "deflate"))
            return 0;
        if (with_calls && at == 60000 && !may(deflateParams(stream, 9, Z_DEFAULT_STRATEGY), Z_OK, "deflateParams"))
            return 0;
        if (with_calls && at == 100000 && !may(deflateParams(stream, 9, Z_HUFFMAN_ONLY), Z_OK, "deflateParams"))
            return 0;
        if (with_calls && at == 140000 && !may(deflateTune(stream, 8, 16, 32, 64), Z_OK, "deflateTune"))
            return 0;
    }
    return may(deflate(stream, Z_FINISH), Z_STREAM_END, "deflate, Z_FINISH");
}

static void *own_memory(void *opaque, unsigned items, unsigned size) { (void)opaque; return calloc(items, size); }
static void own_free(void *opaque, void *memory) { (void)opaque; free(memory); }

static void deflate_case(int own, int with_calls, int with_copy)
{
    z_stream stream = {0}, copy;
    if (own)
        stream.zalloc = own_memory, stream.zfree = own_free;
    if (!may(deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK, "deflateInit2"))
        return;
    if (deflate_all(&stream, with_calls))
        check_packed(stream.total_out);
    // Twice: what the first round has made is used again.
    if (may(deflateReset(&stream), Z_OK, "deflateReset") && with_copy) {
        memset(&copy, 0x55, sizeof copy);
        stream.next_out = packed, stream.avail_out = sizeof packed;
        stream.next_in = data, stream.avail_in = LENGTH / 2;
        if (may(deflate(&stream, Z_NO_FLUSH), Z_OK, "deflate")) {
            stream.next_in = data + LENGTH / 2 - stream.avail_in, stream.avail_in += LENGTH / 2;
            if (may(deflateCopy(&copy, &stream), Z_OK, "deflateCopy")) {
                if (may(deflate(&copy, Z_FINISH), Z_STREAM_END, "deflate of a copy")) {
                    long rest = left;
                    check_packed(copy.total_out);
                    left = rest;
                }
                deflateEnd(&copy);
            } else if (deflateEnd(&copy) != Z_STREAM_ERROR || deflateInit(&copy, 1) == Z_STREAM_ERROR) {
                wrong = "the destination of a failed deflateCopy";
            } else {
                deflateEnd(&copy);
            }
        }
    }
    if (deflateEnd(&stream) == Z_STREAM_ERROR)
        wrong = "deflateEnd";
}

static void inflate_case(int own, int with_calls, int with_copy)
{
    z_stream stream = {0}, copy;
    if (own)
        stream.zalloc = own_memory, stream.zfree = own_free;
    if (!may(inflateInit2(&stream, 47), Z_OK, "inflateInit2"))
        return;
    int result = Z_OK;
    stream.next_out = unpacked, stream.avail_out = LENGTH;
    for (uLong at = 0; at < stored_length && result == Z_OK; at += 4000) {
        stream.next_in = stored + at, stream.avail_in = (unsigned)(stored_length - at < 4000 ? stored_length - at : 4000);
        result = inflate(&stream, with_calls && at == 20000 ? Z_BLOCK : Z_NO_FLUSH);
        at -= stream.avail_in;
        if (with_calls && at == 8000) {
            static unsigned char window[32768];
            uInt length;
            may(inflateGetDictionary(&stream, window, &length), Z_OK, "inflateGetDictionary");
        }
        if (with_copy && at == 16000 && result == Z_OK) {
            memset(&copy, 0, sizeof copy);
            if (may(inflateCopy(&copy, &stream), Z_OK, "inflateCopy"))
                inflateEnd(&copy);
        }
    }
    if (may(result, Z_STREAM_END, "inflate") && (stream.total_out != LENGTH || memcmp(data, unpacked, LENGTH) != 0))
        wrong = "what was decompressed";
    may(inflateReset(&stream), Z_OK, "inflateReset");
    if (inflateEnd(&stream) != Z_OK)
        wrong = "inflateEnd";
}

static void whole_case(int level)
{
    uLongf length = sizeof packed, back = LENGTH;
    if (may(compress2(packed, &length, data, LENGTH, level), Z_OK, "compress2") &&
        may(uncompress(unpacked, &back, packed, length), Z_OK, "uncompress") &&
        (back != LENGTH || memcmp(data, unpacked, LENGTH) != 0))
        wrong = "what compress2 and uncompress made";
}

static void file_case(const char *path)
{
    gzFile file = gzopen(path, "wb6");
    if (file != NULL) {
        int written = gzwrite(file, data, LENGTH), closed = gzclose(file);
        if (written != LENGTH && written != 0)
            wrong = "gzwrite";
        if (written == LENGTH && closed == Z_OK) {
            long rest = left;
            left = -1;
            file = gzopen(path, "rb");
            left = rest;
            int count = gzread(file, unpacked, LENGTH);
            if (count > 0 && memcmp(data, unpacked, (size_t)count) != 0)
                wrong = "gzread";
            gzclose(file);
        }
    }
}

static char path[] = "/tmp/zlib_no_memory.XXXXXX";
enum { CASES = 16 };

static void run(int number)
{
    if (number < 6)
        deflate_case(number & 1, number / 2 == 1, number / 2 == 2);
    else if (number < 12)
        inflate_case(number & 1, (number - 6) / 2 == 1, (number - 6) / 2 == 2);
    else if (number < 15)
        whole_case((const int[]){1, 6, 9}[number - 12]);
    else
        file_case(path);
}

int main(int count, char **arguments)
{
    for (int i = 0; i < LENGTH; i++)
        data[i] = (unsigned char)(i * 7 + i / 100 + (i % 1000 < 300 ? i * i : 0));
    if (compress2(stored, &stored_length, data, LENGTH, 6) != Z_OK || mkstemp(path) < 0)
        return 2;
    int failures = 0;
    for (int number = 0; number < CASES; number++) {
        if (count > 1 && atoi(arguments[1]) != number)
            continue;
        for (int warm = 0; warm < 2; warm++)
            for (int behind = 0; behind < 2; behind++) {
                long n = 0;
                for (int is_over = 0; !is_over && n < 2000; n++) {
                    // A process of its own: the first use of everything in it, unless `warm`.
                    pid_t child = fork();
                    if (child == 0) {
                        alarm(30);
                        if (warm) {
                            run(number);
                            run(number);
                        }
                        long before = live;
                        all_behind = behind;
                        left = n;
                        run(number);
                        left = -1;
                        int has_failed = failed > 0;
                        if (wrong != NULL) {
                            fprintf(stderr, "zlib_no_memory: case %d, %s, %s allocation %ld: %s\n", number,
                                    warm ? "warm" : "first use", behind ? "from" : "only", n, wrong);
                            _exit(9);
                        }
                        // What is kept for later is made once: three more runs show whether it grows.
                        if (warm && live > before) {
                            long once = live;
                            for (int again = 0; again < 3; again++) {
                                all_behind = behind, left = n;
                                run(number);
                                left = -1;
                            }
                            if (live - once >= 3) {
                                fprintf(stderr, "zlib_no_memory: case %d, %s allocation %ld: %ld pieces are lost\n", number,
                                        behind ? "from" : "only", n, live - once);
                                _exit(9);
                            }
                        }
                        _exit(has_failed ? 0 : 1);
                    }
                    int status;
                    waitpid(child, &status, 0);
                    if (WIFSIGNALED(status)) {
                        fprintf(stderr, "zlib_no_memory: case %d, %s, %s allocation %ld: signal %d\n", number,
                                warm ? "warm" : "first use", behind ? "from" : "only", n, WTERMSIG(status));
                        failures++;
                    } else if (WEXITSTATUS(status) == 9) {
                        failures++;
                    } else {
                        is_over = WEXITSTATUS(status) == 1;
                    }
                    if (failures > 20)
                        return 1;
                }
            }
    }
    unlink(path);
    return failures > 0;
}
