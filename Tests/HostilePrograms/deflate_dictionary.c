// SPDX-License-Identifier: Apache-2.0
//
// deflateGetDictionary in the middle of a long stream tells the last 32 KiB of the input, or ends up to 258 bytes before
// its end, as zlib.h allows.
//
// Arguments: none. Preload libuacce-z.so to try it.

#include "hostile.h"
#include <zlib.h>

static unsigned char input[1000000], output[1100000], dictionary[32768];

int main(void)
{
    fill_text(input, sizeof input);
    for (int level = 1; level <= 9; level += 4)
        for (size_t piece = 700; piece <= 100000; piece = piece * 5 + 13)
            for (size_t end = 100000; end <= sizeof input; end += 300000) {
                z_stream stream = {0};
                REQUIRE(deflateInit(&stream, level) == Z_OK, "deflateInit");
                stream.next_out = output, stream.avail_out = sizeof output;
                size_t given = 0;
                while (given < end) {
                    stream.next_in = input + given;
                    stream.avail_in = (uInt)(end - given < piece ? end - given : piece);
                    given += stream.avail_in;
                    REQUIRE(deflate(&stream, Z_NO_FLUSH) == Z_OK, "deflate");
                }
                uInt length = 0;
                int result = deflateGetDictionary(&stream, dictionary, &length);
                REQUIRE(result == Z_OK && length >= 32768 - 262, "level %d, %zu bytes in pieces of %zu: result %d, %u bytes",
                    level, end, piece, result, length);
                size_t behind = 0;
                while (behind <= 262 && memcmp(dictionary, input + end - behind - length, length) != 0)
                    behind++;
                REQUIRE(behind <= 262, "level %d, %zu bytes in pieces of %zu: the dictionary is not the end of the input",
                    level, end, piece);
                deflateEnd(&stream);
            }
    return 0;
}
