// SPDX-License-Identifier: Apache-2.0
// states SYSTEM-LIBZ TESTED-LIBZ
//
// Calls that make no sense, or little: streams that are not there, not begun, ended, copied byte by byte, of the other
// direction; parameters out of range; calls in every order. Both libraries must answer alike, with the same code and, where
// zlib leaves one, the same message.

#include "two_libraries.h"

static char what[200];
#define BOTH(...) \
    do { \
        snprintf(what, sizeof what, __VA_ARGS__); \
        current_case = what; \
    } while (0)

// Every call that takes nothing but a stream and numbers, with some numbers.
enum { CALLS = 27 };
static long call(struct zlib *library, z_stream *stream, int which)
{
    static unsigned char bytes[40000];
    unsigned count = 0, pending = 0;
    int bits = 0;
    gz_header header = {0};
    switch (which) {
    case 0: return library->deflate(stream, Z_NO_FLUSH);
    case 1: return library->deflate(stream, Z_SYNC_FLUSH);
    case 2: return library->deflate(stream, Z_FINISH);
    case 3: return library->deflate(stream, Z_TREES);
    case 4: return library->deflate(stream, -1);
    case 5: return library->deflateReset(stream);
    case 6: return library->deflateParams(stream, 10, 0);
    case 7: return library->deflateParams(stream, 3, Z_FIXED + 1);
    case 8: return library->deflateParams(stream, 9, Z_FILTERED);
    case 9: return library->deflateTune(stream, 1, 2, 3, 4);
    case 10: return library->deflatePending(stream, &pending, &bits) * 1000;
    case 11: return library->deflatePrime(stream, 3, 5);
    case 12: return library->deflateSetDictionary(stream, (const unsigned char *)"dictionary", 10);
    case 13: return library->deflateGetDictionary(stream, bytes, &count) * 1000;
    case 14: return library->deflateSetHeader(stream, NULL);
    case 15: return library->inflate(stream, Z_NO_FLUSH);
    case 16: return library->inflate(stream, Z_FINISH);
    case 17: return library->inflateReset(stream);
    case 18: return library->inflateReset2(stream, 3);
    case 19: return library->inflatePrime(stream, 2, 3);
    case 20: return library->inflateSetDictionary(stream, (const unsigned char *)"dictionary", 10);
    case 21: return library->inflateGetDictionary(stream, bytes, &count);
    case 22: return library->inflateGetHeader(stream, &header);
    case 23: return library->inflateSync(stream);
    case 24: return library->inflateSyncPoint(stream);
    case 25: return library->inflateMark(stream);
    default: return library->inflateValidate(stream, 1);
    }
}

static const char *message(const z_stream *stream) { return stream->msg ? stream->msg : ""; }

static void compare_all(z_stream *first, z_stream *second, const char *state)
{
    for (int which = 0; which < CALLS; which++) {
        BOTH("%s, call %d", state, which);
        long expected = call(&reference, first, which), actual = call(&tested, second, which);
        CHECK(actual == expected, "%ld, not %ld", actual, expected);
    }
}

// Streams that no library may work on.
static void useless_streams(void)
{
    compare_all(NULL, NULL, "no stream");
    z_stream first = {0}, second = {0};
    compare_all(&first, &second, "a stream of zeros");
    reference.deflateInit2_(&first, 6, 8, 15, 8, 0, ZLIB_VERSION, sizeof first);
    tested.deflateInit2_(&second, 6, 8, 15, 8, 0, ZLIB_VERSION, sizeof second);
    z_stream first_copy = first, second_copy = second;
    compare_all(&first_copy, &second_copy, "bytes of a deflating stream");
    reference.deflateEnd(&first);
    tested.deflateEnd(&second);
    compare_all(&first, &second, "an ended deflating stream");
    reference.inflateInit2_(&first, 15, ZLIB_VERSION, sizeof first);
    tested.inflateInit2_(&second, 15, ZLIB_VERSION, sizeof second);
    first_copy = first, second_copy = second;
    compare_all(&first_copy, &second_copy, "bytes of an inflating stream");
    reference.inflateEnd(&first);
    tested.inflateEnd(&second);
    compare_all(&first, &second, "an ended inflating stream");
    // Ends and copies.
    BOTH("ends");
    CHECK(tested.deflateEnd(NULL) == reference.deflateEnd(NULL) && tested.inflateEnd(NULL) == reference.inflateEnd(NULL), " ");
    CHECK(tested.deflateEnd(&second) == Z_STREAM_ERROR && tested.inflateEnd(&second) == Z_STREAM_ERROR, " ");
    CHECK(tested.deflateCopy(&second, NULL) == Z_STREAM_ERROR && tested.deflateCopy(NULL, &second) == Z_STREAM_ERROR, " ");
    CHECK(tested.inflateCopy(&second, NULL) == Z_STREAM_ERROR && tested.inflateCopy(NULL, &second) == Z_STREAM_ERROR, " ");
    tested.deflateInit_(&second, 6, ZLIB_VERSION, sizeof second);
    CHECK(tested.deflateCopy(NULL, &second) == Z_STREAM_ERROR, " ");
    // The calls of the other direction.
    CHECK(tested.inflate(&second, 0) == Z_STREAM_ERROR && tested.inflateEnd(&second) == Z_STREAM_ERROR, " ");
    CHECK(tested.inflateReset(&second) == Z_STREAM_ERROR && tested.inflateCopy(&first, &second) == Z_STREAM_ERROR, " ");
    CHECK(tested.deflateEnd(&second) == Z_OK, " ");
    tested.inflateInit_(&second, ZLIB_VERSION, sizeof second);
    CHECK(tested.deflate(&second, 0) == Z_STREAM_ERROR && tested.deflateEnd(&second) == Z_STREAM_ERROR, " ");
    CHECK(tested.inflateEnd(&second) == Z_OK, " ");
}

static void parameters(void)
{
    for (int level = -2; level <= 10; level++) {
        for (int bits = -17; bits <= 33; bits++) {
            for (int memory = 0; memory <= 10; memory += 5) {
                for (int strategy = -1; strategy <= 5; strategy += 3) {
                    BOTH("deflateInit2 level %d bits %d memory %d strategy %d", level, bits, memory, strategy);
                    z_stream first = {0}, second = {0};
                    int expected = reference.deflateInit2_(&first, level, 8, bits, memory, strategy, ZLIB_VERSION, sizeof first);
                    int actual = tested.deflateInit2_(&second, level, 8, bits, memory, strategy, ZLIB_VERSION, sizeof second);
                    CHECK(actual == expected, "%d, not %d", actual, expected);
                    CHECK(first.adler == second.adler && first.data_type == second.data_type, "%lu %d, not %lu %d",
                          second.adler, second.data_type, first.adler, first.data_type);
                    if (expected == Z_OK) reference.deflateEnd(&first);
                    if (actual == Z_OK) tested.deflateEnd(&second);
                }
            }
        }
    }
    for (int bits = -17; bits <= 65; bits++) {
        BOTH("inflateInit2 bits %d", bits);
        z_stream first = {0}, second = {0};
        int expected = reference.inflateInit2_(&first, bits, ZLIB_VERSION, sizeof first);
        int actual = tested.inflateInit2_(&second, bits, ZLIB_VERSION, sizeof second);
        CHECK(actual == expected, "%d, not %d", actual, expected);
        if (expected == Z_OK && actual == Z_OK) {
            for (int other = -17; other <= 65; other++) {
                CHECK(tested.inflateReset2(&second, other) == reference.inflateReset2(&first, other), "reset to %d", other);
            }
            reference.inflateEnd(&first);
            tested.inflateEnd(&second);
        }
    }
    BOTH("versions");
    z_stream stream = {0};
    CHECK(tested.deflateInit_(&stream, 6, "2.0", sizeof stream) == Z_VERSION_ERROR, " ");
    CHECK(tested.deflateInit_(&stream, 6, NULL, sizeof stream) == Z_VERSION_ERROR, " ");
    CHECK(tested.deflateInit_(&stream, 6, ZLIB_VERSION, sizeof stream - 1) == Z_VERSION_ERROR, " ");
    CHECK(tested.inflateInit_(&stream, "0.9", sizeof stream) == Z_VERSION_ERROR, " ");
    CHECK(tested.deflateInit_(NULL, 6, ZLIB_VERSION, sizeof stream) == Z_STREAM_ERROR, " ");
    CHECK(tested.inflateInit_(NULL, ZLIB_VERSION, sizeof stream) == Z_STREAM_ERROR, " ");
    CHECK(tested.deflateInit2_(&stream, 6, 7, 15, 8, 0, ZLIB_VERSION, sizeof stream) == Z_STREAM_ERROR, " ");
    CHECK(!strcmp(tested.zlibVersion(), reference.zlibVersion()), "%s", tested.zlibVersion());
    CHECK(tested.zlibCompileFlags() == reference.zlibCompileFlags(), "%lx", tested.zlibCompileFlags());
    for (int code = -7; code <= 3; code++) {
        if (code >= -6 && code <= 2) CHECK(!strcmp(tested.zError(code), reference.zError(code)), "%d", code);
    }
    for (int index = 0; index < 256; index++) {
        CHECK(tested.get_crc_table()[index] == reference.get_crc_table()[index], "%d", index);
    }
}

// Random calls in any order with little data, the same to both. Where little data stays with zlib, every answer is the same;
// so this also shows that a stream that no device is wanted for is zlib's in every respect.
static void orders(void)
{
    static unsigned char plain[600], first_out[200000], second_out[200000];
    for (current_seed = 1; current_seed <= 3000; current_seed++) {
        struct random random = seeded(current_seed);
        fill(&random, plain, sizeof plain);
        int bits_choices[] = {15, -15, 31, 12, -9, 25}, bits = bits_choices[below(&random, 6)];
        int level = (int)below(&random, 11) - 1, strategy = one_in(&random, 3) ? (int)below(&random, 5) : 0;
        int inflating = one_in(&random, 3);
        z_stream first = {0}, second = {0};
        BOTH("orders, %s bits %d level %d strategy %d", inflating ? "inflate" : "deflate", bits, level, strategy);
        if (inflating) {
            if (reference.inflateInit2_(&first, bits, ZLIB_VERSION, sizeof first) != Z_OK) continue;
            tested.inflateInit2_(&second, bits, ZLIB_VERSION, sizeof second);
        } else {
            if (reference.deflateInit2_(&first, level, 8, bits, 8, strategy, ZLIB_VERSION, sizeof first) != Z_OK) continue;
            tested.deflateInit2_(&second, level, 8, bits, 8, strategy, ZLIB_VERSION, sizeof second);
        }
        int is_tight = 0;
        first.next_out = first_out, second.next_out = second_out;
        for (int step = 0; step < 12; step++) {
            int which = inflating ? 15 + (int)below(&random, 12) : (int)below(&random, 15);
            int input = one_in(&random, 3) ? 0 : (int)below(&random, 40);
            int output = one_in(&random, 6) ? (int)below(&random, 9) : 2000;
            first.next_in = second.next_in = plain + below(&random, 500);
            first.avail_in = second.avail_in = input;
            first.avail_out = second.avail_out = output;
            if (which == 18) which = 17;
            long expected = call(&reference, &first, which), actual = call(&tested, &second, which);
            // What a stream has gathered, zlib takes a little later; a call that ends it gives the same in the end.
            CHECK(actual == expected, "step %d call %d: %ld '%s', not %ld '%s'", step, which, actual, message(&second), expected,
                  message(&first));
            if (actual != expected) break;
            // zlib takes no input before a header that has no room is out; a stream that gathers does.
            is_tight = output < 10;
            if (is_tight) break;
            CHECK(first.total_in == second.total_in, "step %d call %d: %lu in, not %lu", step, which, second.total_in, first.total_in);
            // Other calls leave the message of an earlier one.
            if (expected < 0 && (which < 3 || which == 15 || which == 16)) CHECK(!strcmp(message(&first), message(&second)), "call %d: '%s', not '%s'", which, message(&second), message(&first));
        }
        if (inflating) {
            CHECK(tested.inflateEnd(&second) == reference.inflateEnd(&first), " ");
        } else {
            int expected = reference.deflateEnd(&first), actual = tested.deflateEnd(&second);
            CHECK(actual == expected || is_tight, "%d, not %d", actual, expected);
        }
    }
}

// An allocator that counts, and may refuse.
struct meter { long held, most, calls, limit; };
static void *metered(void *opaque, unsigned items, unsigned size)
{
    struct meter *meter = opaque;
    size_t count = (size_t)items * size;
    if (meter->limit && meter->calls >= meter->limit) return NULL;
    meter->calls++;
    meter->held += (long)count;
    if (meter->held > meter->most) meter->most = meter->held;
    size_t *memory = malloc(count + 16);
    *memory = count;
    return memory + 2;
}
static void released(void *opaque, void *memory)
{
    struct meter *meter = opaque;
    size_t *start = (size_t *)memory - 2;
    meter->held -= (long)*start;
    free(start);
}

static void allocators(void)
{
    static unsigned char plain[100000], packed[120000];
    struct random random = seeded(1);
    fill(&random, plain, sizeof plain);
    for (int memory = 1; memory <= 9; memory++) {
        BOTH("allocator, memory level %d", memory);
        struct meter meters[2] = {{0}};
        struct zlib *libraries[] = {&reference, &tested};
        for (int index = 0; index < 2; index++) {
            z_stream stream = {.zalloc = metered, .zfree = released, .opaque = &meters[index]};
            CHECK(libraries[index]->deflateInit2_(&stream, 6, 8, 15, memory, 0, ZLIB_VERSION, sizeof stream) == Z_OK, " ");
            stream.next_in = plain, stream.avail_in = sizeof plain, stream.next_out = packed, stream.avail_out = sizeof packed;
            CHECK(libraries[index]->deflate(&stream, Z_FINISH) == Z_STREAM_END, " ");
            CHECK(stream.opaque == &meters[index] && stream.zalloc == metered && stream.zfree == released, " ");
            unsigned long count = stream.total_out;
            CHECK(libraries[index]->deflateEnd(&stream) == Z_OK && meters[index].held == 0, "%ld bytes are lost", meters[index].held);
            z_stream back = {.zalloc = metered, .zfree = released, .opaque = &meters[index]};
            static unsigned char again[100001];
            CHECK(libraries[index]->inflateInit_(&back, ZLIB_VERSION, sizeof back) == Z_OK, " ");
            back.next_in = packed, back.avail_in = (unsigned)count, back.next_out = again, back.avail_out = sizeof again;
            CHECK(libraries[index]->inflate(&back, Z_NO_FLUSH) == Z_STREAM_END, " ");
            CHECK(libraries[index]->inflateEnd(&back) == Z_OK && meters[index].held == 0, "%ld bytes are lost", meters[index].held);
        }
        // Never more requests than zlib's, and for a state what nginx puts aside for one.
        CHECK(meters[1].calls <= meters[0].calls, "%ld, not %ld", meters[1].calls, meters[0].calls);
        CHECK(meters[1].most <= meters[0].most + 2200, "%ld, not %ld", meters[1].most, meters[0].most);
    }
    for (long limit = 1; limit <= 6; limit++) {
        BOTH("allocator that refuses after %ld", limit);
        int codes[2][2];
        struct zlib *libraries[] = {&reference, &tested};
        for (int index = 0; index < 2; index++) {
            struct meter meter = {.limit = limit};
            z_stream stream = {.zalloc = metered, .zfree = released, .opaque = &meter}, copy;
            codes[index][0] = libraries[index]->deflateInit_(&stream, 6, ZLIB_VERSION, sizeof stream);
            codes[index][1] = 0;
            if (codes[index][0] == Z_OK) {
                codes[index][1] = libraries[index]->deflateCopy(&copy, &stream);
                if (codes[index][1] == Z_OK) libraries[index]->deflateEnd(&copy);
                libraries[index]->deflateEnd(&stream);
            }
            CHECK(meter.held == 0, "%s: %ld bytes are lost", libraries[index]->name, meter.held);
        }
        CHECK(codes[0][0] == codes[1][0] && codes[0][1] == codes[1][1], "%d %d, not %d %d", codes[1][0], codes[1][1],
              codes[0][0], codes[0][1]);
    }
}

int main(int argument_count, char **arguments)
{
    if (argument_count < 3) return 2;
    open_zlib(&reference, arguments[1]);
    open_zlib(&tested, arguments[2]);
    useless_streams();
    parameters();
    orders();
    allocators();
    printf("%lu checks, %lu failed\n", checks, failures);
    return failures != 0;
}
