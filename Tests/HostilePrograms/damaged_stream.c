// SPDX-License-Identifier: Apache-2.0
//
// After damage in a stream inflateSync finds a place to go on from: then there is no message any more, and the rest comes
// out. And what inflate has not given out it does not touch: of a stream that is cut off, the room behind the output keeps
// what was in it.
//
// Arguments: none. Preload libuacce-z.so to try it.

#include "hostile.h"
#include <zlib.h>

static unsigned char input[60000], compressed[70000], output[200000];

static void recover(int place, int count, int value)
{
    z_stream stream = {0};
    REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, 0) == Z_OK, "deflateInit2");
    stream.next_out = compressed, stream.avail_out = sizeof compressed;
    for (int at = 0; at < 60000; at += 20000) {
        stream.next_in = input + at, stream.avail_in = 20000;
        REQUIRE(deflate(&stream, at == 40000 ? Z_FINISH : Z_FULL_FLUSH) >= 0, "deflate");
    }
    uLong size = stream.total_out;
    deflateEnd(&stream);
    memset(compressed + place, value, (size_t)count);
    memset(&stream, 0, sizeof stream);
    REQUIRE(inflateInit2(&stream, -15) == Z_OK, "inflateInit2");
    stream.next_in = compressed, stream.avail_in = (uInt)size, stream.next_out = output, stream.avail_out = sizeof output;
    int result = inflate(&stream, Z_NO_FLUSH);
    if (result != Z_DATA_ERROR) { // the damage makes no error of its own
        inflateEnd(&stream);
        return;
    }
    REQUIRE(stream.msg != NULL, "damage without a message");
    REQUIRE((result = inflateSync(&stream)) == Z_OK, "inflateSync: %d", result);
    unsigned char *from = stream.next_out;
    REQUIRE((result = inflate(&stream, Z_NO_FLUSH)) == Z_STREAM_END, "inflate afterwards: %d", result);
    size_t rest = (size_t)(stream.next_out - from);
    REQUIRE(rest >= 20000 && memcmp(from, input + 60000 - rest, rest) == 0, "the rest is wrong");
    REQUIRE(stream.msg == NULL, "the message stays: %s", stream.msg);
    inflateEnd(&stream);
}

// `given`: more than the stream has, or less.
static void leave_alone(size_t given, size_t room)
{
    z_stream stream = {0};
    REQUIRE(inflateInit(&stream) == Z_OK, "inflateInit");
    memset(output, 0xa5, sizeof output);
    stream.next_in = compressed, stream.avail_in = (uInt)given, stream.next_out = output, stream.avail_out = (uInt)room;
    inflate(&stream, Z_NO_FLUSH);
    REQUIRE(stream.total_out > 0 && memcmp(output, input, stream.total_out) == 0, "wrong output");
    for (size_t at = stream.total_out; at < sizeof output; at++)
        REQUIRE(output[at] == 0xa5, "byte %zu behind the %lu that were given out was changed", at - stream.total_out,
            stream.total_out);
    inflateEnd(&stream);
}

int main(void)
{
    for (int index = 0; index < 60000; index++)
        input[index] = (unsigned char)("a queue of words "[index % 17] + index / 700 % 5);
    for (int place = 0; place < 200; place += 3)
        for (int count = 1; count <= 41; count += 20) {
            recover(place, count, 0xff);
            recover(place, count, 0);
            recover(place, count, 0x6d);
        }
    // What compresses to 500 bytes of long matches, and text; whole streams, and such as are cut off.
    for (int kind = 0; kind < 2; kind++) {
        if (kind == 0)
            for (int index = 0; index < 60000; index++)
                input[index] = (unsigned char)("abcdefghij"[(unsigned)(index % 1000 * index / 7 + index / 13) % 10]);
        else
            fill_text(input, sizeof input);
        uLong size = sizeof compressed;
        REQUIRE(compress2(compressed, &size, input, sizeof input, 6) == Z_OK, "compress2");
        memset(compressed + size, 0, sizeof compressed - size);
        for (size_t given = 400; given < size + 1000; given += 1 + given / 50) {
            leave_alone(given, sizeof output);
            leave_alone(given, 30000 + given);
        }
        leave_alone(size, sizeof output);
    }
    return 0;
}
