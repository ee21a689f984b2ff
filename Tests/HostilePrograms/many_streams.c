// SPDX-License-Identifier: Apache-2.0
//
// Streams with an allocator of the program's in several threads. One thread has more of them than the library keeps track
// of, over and over; others use one stream again and again. The allocator fills what is freed, so that whatever is used
// after that is wrong at once.
//
// Arguments: seconds.

#include "hostile.h"
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <zlib.h>

enum { STREAMS = 160 };
static unsigned char data[65536], compressed[80000];
static uLong compressed_size;
static atomic_int stop;

static void *take(void *pool, unsigned count, unsigned size)
{
    (void)pool;
    size_t *memory = malloc((size_t)count * size + 16);
    if (memory == NULL)
        return NULL;
    memory[0] = (size_t)count * size;
    memset(memory + 2, 0, memory[0]);
    return memory + 2;
}

static void give(void *pool, void *address)
{
    (void)pool;
    size_t *memory = (size_t *)address - 2;
    memset(address, 0x5a, memory[0]);
    free(memory);
}

static int feed(z_stream *stream, size_t size, unsigned char *output)
{
    stream->next_in = compressed, stream->avail_in = (uInt)size;
    stream->next_out = output, stream->avail_out = 2 * sizeof data;
    return inflate(stream, Z_NO_FLUSH);
}

static void *many(void *unused)
{
    unsigned char *output = malloc(2 * sizeof data);
    z_stream *stream = malloc(STREAMS * sizeof *stream);
    while (!stop) {
        memset(stream, 0, STREAMS * sizeof *stream);
        for (int index = 0; index < STREAMS; index++) {
            stream[index].zalloc = take, stream[index].zfree = give;
            REQUIRE(inflateInit2(&stream[index], 15) == Z_OK, "inflateInit2");
            REQUIRE(feed(&stream[index], 30000, output) == Z_OK, "the first part");
        }
        for (int index = 0; index < STREAMS; index++)
            inflateEnd(&stream[index]);
    }
    free(stream);
    free(output);
    return unused;
}

static void *again(void *unused)
{
    unsigned char *output = malloc(2 * sizeof data);
    z_stream stream = {.zalloc = take, .zfree = give};
    REQUIRE(inflateInit2(&stream, 15) == Z_OK, "inflateInit2");
    while (!stop) {
        REQUIRE(feed(&stream, compressed_size, output) == Z_STREAM_END && stream.total_out == sizeof data &&
            memcmp(output, data, sizeof data) == 0, "a stream's output is wrong");
        for (int round = 0; round < 20; round++) { // pieces so small that zlib itself does them
            inflateReset(&stream);
            for (size_t at = 0; at < compressed_size; at += 500) {
                stream.next_in = compressed + at;
                stream.avail_in = (uInt)(compressed_size - at < 500 ? compressed_size - at : 500);
                stream.next_out = output, stream.avail_out = 2 * sizeof data;
                REQUIRE(inflate(&stream, Z_NO_FLUSH) >= 0, "a small piece failed");
            }
        }
        inflateReset(&stream);
    }
    inflateEnd(&stream);
    free(output);
    return unused;
}

int main(int count, char **arguments)
{
    REQUIRE(count == 2, "usage: many_streams SECONDS");
    for (size_t index = 0; index < sizeof data; index++)
        data[index] = (unsigned char)((index * 2654435761u) >> 24 ^ (index >> 3));
    compressed_size = sizeof compressed;
    REQUIRE(compress2(compressed, &compressed_size, data, sizeof data, 6) == Z_OK, "compress2");
    pthread_t threads[3];
    for (int index = 0; index < 3; index++)
        REQUIRE(pthread_create(&threads[index], NULL, index == 0 ? many : again, NULL) == 0, "pthread_create");
    sleep((unsigned)atoi(arguments[1]));
    stop = 1;
    for (int index = 0; index < 3; index++)
        pthread_join(threads[index], NULL);
    return 0;
}
