// SPDX-License-Identifier: Apache-2.0
//
// What streams cost a server that clients keep half sent. Prints the KiB that each of COUNT streams takes after BYTES of
// compressed input (inflate) or of input (deflate), and the KiB that stay behind when all have ended. Tests compare the
// library with the system's zlib.
//
// Arguments: inflate or deflate, COUNT, BYTES.

#include "hostile.h"
#include <zlib.h>

static long resident(void)
{
    long all, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    REQUIRE(file != NULL && fscanf(file, "%ld %ld", &all, &resident) == 2, "/proc/self/statm");
    fclose(file);
    return resident * 4;
}

int main(int count, char **arguments)
{
    REQUIRE(count == 4, "usage: half_sent inflate|deflate COUNT BYTES");
    int isInflate = strcmp(arguments[1], "inflate") == 0, streams = atoi(arguments[2]);
    size_t each = (size_t)atol(arguments[3]), raw = each + each / 8 + 100000;
    unsigned char *input = malloc(raw), *compressed = malloc(raw + 100000), *room = malloc(raw + 100000);
    fill_noise(input, raw);
    z_stream maker = {0};
    REQUIRE(deflateInit2(&maker, 1, Z_DEFLATED, 31, 8, 0) == Z_OK, "deflateInit2");
    maker.next_in = input, maker.avail_in = (uInt)raw, maker.next_out = compressed, maker.avail_out = (uInt)raw + 100000;
    REQUIRE(deflate(&maker, Z_FINISH) == Z_STREAM_END && maker.total_out > each, "deflate");
    deflateEnd(&maker);
    memset(room, 1, raw + 100000);
    z_stream *stream = calloc((size_t)streams, sizeof *stream);
    memset(stream, 0, (size_t)streams * sizeof *stream);
    long before = resident();
    for (int index = 0; index < streams; index++) {
        z_stream *one = &stream[index];
        if (isInflate)
            REQUIRE(inflateInit2(one, 31) == Z_OK, "inflateInit2");
        else
            REQUIRE(deflateInit2(one, 6, Z_DEFLATED, 31, 8, 0) == Z_OK, "deflateInit2");
        one->next_in = isInflate ? compressed : input;
        one->avail_in = (uInt)each;
        while (one->avail_in > 0) {
            one->next_out = room, one->avail_out = 65536;
            int result = isInflate ? inflate(one, Z_NO_FLUSH) : deflate(one, Z_NO_FLUSH);
            REQUIRE(result == Z_OK || result == Z_BUF_ERROR, "stream %d: %d", index, result);
        }
    }
    long taken = resident() - before;
    for (int index = 0; index < streams; index++)
        if (isInflate)
            inflateEnd(&stream[index]);
        else
            deflateEnd(&stream[index]);
    printf("%.1f %ld\n", (double)taken / streams, resident() - before);
    return 0;
}
