// SPDX-License-Identifier: Apache-2.0
//
// Calls of zlib that are made at some place in the middle of a stream: behind a little and behind a lot of input, with all
// output given out and with some to come, in each format. Prints a transcript: what the call returned, and how the stream
// went on. Tests compare the library's transcript with that of the system's zlib.
//
// Arguments: a folder; then "make" to write the compressed files there, which the system's zlib has to do. Without it the
// transcript is printed; preload libuacce-z.so for its own.

#include "hostile.h"
#include <zlib.h>

extern int inflateUndermine(z_streamp, int), inflateValidate(z_streamp, int), inflateSyncPoint(z_streamp);
extern unsigned long inflateCodesUsed(z_streamp);

enum { SIZE = 4800000 };
static unsigned char *data, *compressed, *output, dictionary[32768];
static size_t compressed_size;

static const char *const calls[] = {
    "inflateCopy", "fork", "inflateGetDictionary", "inflateSyncPoint", "inflateValidate", "inflateUndermine",
    "inflatePrime", "inflateSetDictionary", "inflateGetHeader", "inflateMark", "inflate(Z_BLOCK)", "inflate(Z_TREES)",
    "inflateReset", "inflateReset2", "inflateSync",
};
enum { CALLS = sizeof calls / sizeof *calls };

// Goes on with a stream to its end in pieces of 100,000 bytes, and tells how that went.
static const char *rest(z_stream *stream, unsigned char *into)
{
    static char text[200];
    int result = Z_OK;
    while (result == Z_OK && stream->total_out + 100000 < SIZE + 200000) {
        size_t left = compressed_size - stream->total_in;
        stream->next_in = compressed + stream->total_in;
        stream->avail_in = (uInt)(left < 100000 ? left : 100000);
        stream->next_out = into + stream->total_out;
        stream->avail_out = 100000;
        result = inflate(stream, Z_NO_FLUSH);
    }
    size_t total = stream->total_out;
    snprintf(text, sizeof text, "%d after %zu of %lu, %s, %s", result, total, stream->total_in,
        total <= SIZE && memcmp(into, data, total) == 0 ? "right" : "wrong", stream->msg ? stream->msg : "no message");
    return text;
}

static void at(int bits, size_t given, size_t room, int call)
{
    z_stream stream = {0}, copy = {0};
    gz_header header = {0};
    REQUIRE(inflateInit2(&stream, bits) == Z_OK, "inflateInit2");
    stream.next_in = compressed, stream.avail_in = (uInt)given;
    stream.next_out = output, stream.avail_out = (uInt)room;
    int first = inflate(&stream, Z_NO_FLUSH), result = 0;
    uLong so_far = stream.total_out;
    uInt length = 0;
    const char *more = "";
    unsigned char *other = NULL;
    fflush(stdout);
    switch (call) {
    case 0:
        result = inflateCopy(&copy, &stream);
        other = malloc(SIZE + 300000);
        memcpy(other, output, so_far);
        if (result == Z_OK) {
            printf("copy: %s; ", rest(&copy, other));
            inflateEnd(&copy);
        }
        free(other);
        break;
    case 1: {
        pid_t child = fork();
        if (child == 0) {
            printf("child: %s; ", rest(&stream, output));
            fflush(stdout);
            _exit(0);
        }
        int status;
        waitpid(child, &status, 0);
        more = trouble_of(status) ? trouble_of(status) : "";
        break;
    }
    case 2:
        result = inflateGetDictionary(&stream, dictionary, &length);
        more = length <= so_far && memcmp(dictionary, data + so_far - length, length) == 0 ? "right" : "wrong";
        break;
    case 3: result = inflateSyncPoint(&stream); break;
    case 4: result = inflateValidate(&stream, 0); break;
    case 5: result = inflateUndermine(&stream, 0); break;
    case 6: result = inflatePrime(&stream, 0, 0); break;
    case 7: result = inflateSetDictionary(&stream, data, 1000); break;
    case 8: result = inflateGetHeader(&stream, &header); break;
    case 9: result = (int)(inflateMark(&stream) >> 16); break;
    case 10:
    case 11:
        stream.avail_in = (uInt)(compressed_size - stream.total_in), stream.avail_out = 1000000;
        stream.next_in = compressed + stream.total_in;
        result = inflate(&stream, call == 10 ? Z_BLOCK : Z_TREES);
        length = (uInt)stream.total_out;
        break;
    case 12: result = inflateReset(&stream); break;
    case 13: result = inflateReset2(&stream, bits); break;
    default:
        stream.avail_in = (uInt)(compressed_size - stream.total_in);
        stream.next_in = compressed + stream.total_in;
        result = inflateSync(&stream);
        length = (uInt)stream.total_in;
        if (result == Z_OK) // what was left out is missing from the output
            more = inflate(&stream, Z_NO_FLUSH) == Z_DATA_ERROR ? "damaged" : "goes on";
    }
    printf("%d %zu/%zu %s: %d then %d %u %s", bits, given, room, calls[call], first, result, length, more);
    if (call != 14)
        printf("; the stream: %s", rest(&stream, output));
    printf("\n");
    inflateEnd(&stream);
}

static void make(const char *path, int bits)
{
    z_stream maker = {0};
    REQUIRE(deflateInit2(&maker, 1, Z_DEFLATED, bits, 8, 0) == Z_OK, "deflateInit2");
    maker.next_out = compressed, maker.avail_out = SIZE;
    for (int part = 0; part < 12; part++) {
        maker.next_in = data + part * (SIZE / 12), maker.avail_in = SIZE / 12;
        int result = deflate(&maker, part == 11 ? Z_FINISH : Z_FULL_FLUSH);
        REQUIRE(result == (part == 11 ? Z_STREAM_END : Z_OK), "deflate: %d", result);
    }
    FILE *file = fopen(path, "w");
    REQUIRE(file != NULL && fwrite(compressed, 1, maker.total_out, file) == maker.total_out, "%s", path);
    fclose(file);
    deflateEnd(&maker);
}

int main(int count, char **arguments)
{
    REQUIRE(count > 1, "usage: inflate_places FOLDER [make]");
    data = malloc(SIZE + 300000), compressed = malloc(SIZE), output = malloc(SIZE + 300000);
    fill_text(data, SIZE);
    const int formats[] = {-15, 15, 31};
    const struct { size_t given, room; } places[] = {
        {3000, 5000}, {3000, SIZE}, {400000, 300000}, {400000, SIZE}, {1500000, SIZE}, {2400000, 4100000},
    };
    for (int format = 0; format < 3; format++) {
        char path[400];
        snprintf(path, sizeof path, "%s/%d", arguments[1], formats[format]);
        if (count > 2) {
            make(path, formats[format]);
            continue;
        }
        FILE *file = fopen(path, "r");
        REQUIRE(file != NULL, "%s", path);
        compressed_size = fread(compressed, 1, SIZE, file);
        fclose(file);
        for (size_t place = 0; place < sizeof places / sizeof *places; place++)
            for (int call = 0; call < CALLS; call++)
                at(formats[format], places[place].given, places[place].room, call);
    }
    return 0;
}
