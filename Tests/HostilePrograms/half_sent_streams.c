// SPDX-License-Identifier: Apache-2.0
//
// What streams cost a server whose clients send half of them and wait: STREAMS (500) inflating streams with BYTES (1,000,000)
// of compressed input behind each may take twice the memory that zlib takes for as many, 2 x 40 KiB each, and all of it comes
// back when they end. Then the same again, which must not take more.
//
//   LD_PRELOAD=libuacce-z.so half_sent_streams [STREAMS [BYTES]]
//
// Exits 0 when all is well, and 1 with a line on standard error otherwise.

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

// zlib's state and its window.
enum { ZLIB_KIB = 40, SLACK_KIB = 4096 };

static long resident_kib(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%ld %ld", &pages, &resident) != 2) exit(2);
    fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static int fail(const char *what, long kib, long limit)
{
    fprintf(stderr, "half_sent_streams: %s: %ld KiB, not %ld at most\n", what, kib, limit);
    return 1;
}

int main(int argument_count, char **arguments)
{
    long count = argument_count > 1 ? atol(arguments[1]) : 500;
    size_t each = argument_count > 2 ? (size_t)atol(arguments[2]) : 1000000, room = each + each / 4 + 100000, packed_count;
    unsigned char *plain = malloc(room), *packed = malloc(room + 100000), *output = malloc(65536);
    unsigned number = 1;
    for (size_t index = 0; index < room; index++) plain[index] = (unsigned char)((number = number * 1103515245 + 12345) >> 16);
    z_stream deflating = {0};
    if (deflateInit2(&deflating, 1, Z_DEFLATED, 31, 8, 0) != Z_OK) return 2;
    deflating.next_in = plain;
    deflating.avail_in = (unsigned)room;
    deflating.next_out = packed;
    deflating.avail_out = (unsigned)room + 100000;
    if (deflate(&deflating, Z_FINISH) != Z_STREAM_END) return 2;
    packed_count = deflating.total_out;
    deflateEnd(&deflating);
    if (packed_count < each) return 2;

    z_stream *streams = calloc((size_t)count, sizeof *streams);
    for (long index = 0; index < count; index++) streams[index].avail_in = 1; // is there already when it is counted
    long before = resident_kib(), limit = count * 2 * ZLIB_KIB + SLACK_KIB;
    for (int round = 0; round < 2; round++) {
        for (long index = 0; index < count; index++) {
            z_stream *stream = &streams[index];
            *stream = (z_stream){0};
            if (inflateInit2(stream, 31) != Z_OK) return 2;
            stream->next_in = packed;
            stream->avail_in = (unsigned)each;
            while (stream->avail_in > 0) {
                stream->next_out = output;
                stream->avail_out = 65536;
                int result = inflate(stream, Z_NO_FLUSH);
                if (result != Z_OK && result != Z_BUF_ERROR) return 2;
            }
        }
        long held = resident_kib() - before;
        if (held > limit) return fail("half-sent streams", held, limit);
        for (long index = 0; index < count; index++) inflateEnd(&streams[index]);
        // What the allocator keeps for itself.
        malloc_trim(0);
        long left = resident_kib() - before;
        if (left > SLACK_KIB) return fail("after inflateEnd", left, SLACK_KIB);
        printf("%ld streams: %ld KiB each, %ld KiB left when they had ended\n", count, held / count, left);
    }
    return 0;
}
