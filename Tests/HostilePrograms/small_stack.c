// SPDX-License-Identifier: Apache-2.0
//
// Threads with the smallest stack that there is (PTHREAD_STACK_MIN, 16 KiB) compress and decompress, each level and some
// strategies, with both byte streams and whole buffers.
//
// Arguments: none, or a number of bytes for the stack. Preload libuacce-z.so to try it.

#include "hostile.h"
#include <limits.h>
#include <pthread.h>
#include <sys/mman.h>
#include <zlib.h>

static unsigned char input[300000], output[400000], again[300000];

static void *work(void *unused)
{
    for (int level = 1; level <= 9; level++)
        for (int strategy = 0; strategy <= (level == 6 ? Z_FIXED : 0); strategy++) {
            z_stream stream = {0}, back = {0};
            REQUIRE(deflateInit2(&stream, level, Z_DEFLATED, 31, 8, strategy) == Z_OK, "deflateInit2");
            stream.next_in = input, stream.avail_in = sizeof input, stream.next_out = output, stream.avail_out = sizeof output;
            REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END, "deflate on level %d", level);
            REQUIRE(inflateInit2(&back, 31) == Z_OK, "inflateInit2");
            back.next_in = output, back.avail_in = (uInt)stream.total_out, back.next_out = again, back.avail_out = sizeof again;
            REQUIRE(inflate(&back, Z_NO_FLUSH) == Z_STREAM_END, "inflate of level %d", level);
            REQUIRE(memcmp(again, input, sizeof input) == 0, "wrong bytes on level %d", level);
            deflateEnd(&stream);
            inflateEnd(&back);
        }
    return unused;
}

int main(int count, char **arguments)
{
    size_t bytes = count > 1 ? (size_t)atol(arguments[1]) : 16384;
    fill_text(input, sizeof input);
    unsigned char *memory = mmap(NULL, bytes + 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(memory != MAP_FAILED && mprotect(memory + 4096, bytes, PROT_READ | PROT_WRITE) == 0, "mmap");
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_t thread;
    REQUIRE(pthread_attr_setstack(&attributes, memory + 4096, bytes) == 0, "no thread may have so small a stack");
    REQUIRE(pthread_create(&thread, &attributes, work, NULL) == 0, "pthread_create");
    pthread_join(thread, NULL);
    return 0;
}
