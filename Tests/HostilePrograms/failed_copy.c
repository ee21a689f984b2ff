// SPDX-License-Identifier: Apache-2.0
//
// deflateCopy and inflateCopy for which the program's allocator has no memory, at each of their allocations: the source
// goes on, and the destination can be made a stream of. Nothing in it may point into the stack of the call that failed.
//
// Arguments: none. Preload libuacce-z.so to try it.

#include "hostile.h"
#include <zlib.h>

static int left = 1000, out;
static unsigned char input[100000], output[120000], again[100000], other[120000];

static void *take(void *pool, unsigned count, unsigned size)
{
    (void)pool;
    if (left-- <= 0)
        return NULL;
    out++;
    return malloc((size_t)count * size);
}

static void give(void *pool, void *address)
{
    (void)pool;
    out--;
    free(address);
}

__attribute__((noinline)) static void overwrite_stack(void)
{
    volatile unsigned char bytes[16384];
    for (size_t index = 0; index < sizeof bytes; index++)
        bytes[index] = 0x41;
}

static void copy_deflate(int allowed)
{
    z_stream stream = {.zalloc = take, .zfree = give}, copy = {0};
    REQUIRE(deflateInit(&stream, 6) == Z_OK, "deflateInit");
    stream.next_in = input, stream.avail_in = 50000, stream.next_out = output, stream.avail_out = sizeof output;
    REQUIRE(deflate(&stream, Z_NO_FLUSH) == Z_OK, "deflate");
    left = allowed;
    int result = deflateCopy(&copy, &stream);
    left = 1000;
    overwrite_stack();
    REQUIRE(result == Z_OK || result == Z_MEM_ERROR, "deflateCopy: %d", result);
    if (result == Z_OK) {
        REQUIRE(copy.zalloc == take && copy.zfree == give, "the copy has another allocator");
        copy.next_out = memcpy(other, output, copy.total_out) + copy.total_out;
        copy.next_in = input + 50000, copy.avail_in = 50000, copy.avail_out = 60000;
        REQUIRE(deflate(&copy, Z_FINISH) == Z_STREAM_END, "the copy");
        deflateEnd(&copy);
    } else {
        // As a program does that tries again with a fresh stream in the same place.
        copy.zalloc = copy.zalloc == NULL ? Z_NULL : copy.zalloc;
        REQUIRE(deflateInit(&copy, 6) == Z_OK, "deflateInit of the destination");
        deflateEnd(&copy);
    }
    stream.next_in = input + 50000, stream.avail_in = 50000;
    REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END, "the source of a deflateCopy that failed");
    uLongf back = sizeof again;
    REQUIRE(uncompress(again, &back, output, stream.total_out) == Z_OK && memcmp(again, input, sizeof again) == 0,
        "the source's bytes are wrong");
    deflateEnd(&stream);
}

static void copy_inflate(int allowed, uLong size)
{
    z_stream stream = {.zalloc = take, .zfree = give}, copy = {0};
    REQUIRE(inflateInit(&stream) == Z_OK, "inflateInit");
    stream.next_in = output, stream.avail_in = (uInt)size / 2, stream.next_out = again, stream.avail_out = sizeof again;
    REQUIRE(inflate(&stream, Z_NO_FLUSH) == Z_OK, "inflate");
    left = allowed;
    int result = inflateCopy(&copy, &stream);
    left = 1000;
    overwrite_stack();
    REQUIRE(result == Z_OK || result == Z_MEM_ERROR, "inflateCopy: %d", result);
    if (result != Z_OK)
        REQUIRE(inflateInit(&copy) == Z_OK, "inflateInit of the destination");
    inflateEnd(&copy);
    stream.avail_in = (uInt)(size - size / 2);
    REQUIRE(inflate(&stream, Z_NO_FLUSH) == Z_STREAM_END && memcmp(again, input, sizeof again) == 0,
        "the source of an inflateCopy that failed");
    inflateEnd(&stream);
}

int main(void)
{
    fill_text(input, sizeof input);
    for (int allowed = 0; allowed < 16; allowed++)
        copy_deflate(allowed);
    uLong size = sizeof output;
    REQUIRE(compress(output, &size, input, sizeof input) == Z_OK, "compress");
    for (int allowed = 0; allowed < 16; allowed++)
        copy_inflate(allowed, size);
    REQUIRE(out == 0, "%d allocations were not given back", out);
    return 0;
}
