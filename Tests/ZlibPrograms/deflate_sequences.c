// SPDX-License-Identifier: Apache-2.0
//
// deflate_sequences SYSTEM TESTED SEQUENCES GREATEST [SEED]
//
// Random sequences of all calls about a deflating stream, on the system's zlib and on the library under test side by side.
// Both are given the same input and room for all of its output, so each must return the same from each call. What either
// wrote the system's zlib must decompress to the input. Streams are copied, reset, and handed to children of fork on the
// way; their dictionary must be the end of the input.

#include "two_libraries.h"

#include <sys/wait.h>
#include <unistd.h>

enum { WINDOW = 32768 };

struct side {
    struct zlib *zlib;
    z_stream *stream;
    unsigned char *output;
    size_t room, written;
};

static unsigned char *data;
static size_t given, greatest, since_forgotten;
static unsigned char preset[WINDOW];
static size_t preset_length;
static int bits;

static int run_deflate(struct side *side, size_t at, size_t count, int flush)
{
    side->stream->next_in = data + at;
    side->stream->avail_in = (uInt)count;
    side->stream->next_out = side->output + side->written;
    side->stream->avail_out = (uInt)(side->room - side->written);
    int result = side->zlib->deflate(side->stream, flush);
    side->written = side->room - side->stream->avail_out;
    CHECK(side->stream->avail_in == 0, "%s left %u of %zu bytes of input, flush %d", side->zlib->name,
          side->stream->avail_in, count, flush);
    return result;
}

static int run_params(struct side *side, int level, int strategy)
{
    side->stream->next_in = NULL;
    side->stream->avail_in = 0;
    side->stream->next_out = side->output + side->written;
    side->stream->avail_out = (uInt)(side->room - side->written);
    int result = side->zlib->deflateParams(side->stream, level, strategy);
    side->written = side->room - side->stream->avail_out;
    return result;
}

static void check_output(struct side *side)
{
    static unsigned char *back;
    if (back == NULL) back = malloc(greatest + 1);
    z_stream stream = {0};
    CHECK(reference.inflateInit2_(&stream, bits, ZLIB_VERSION, sizeof stream) == Z_OK, "inflateInit2");
    if (bits < 0 && preset_length > 0) reference.inflateSetDictionary(&stream, preset, (uInt)preset_length);
    stream.next_in = side->output, stream.avail_in = (uInt)side->written;
    stream.next_out = back, stream.avail_out = (uInt)greatest + 1;
    int result = reference.inflate(&stream, Z_FINISH);
    if (result == Z_NEED_DICT) {
        reference.inflateSetDictionary(&stream, preset, (uInt)preset_length);
        result = reference.inflate(&stream, Z_FINISH);
    }
    CHECK(result == Z_STREAM_END && stream.total_out == given && memcmp(back, data, given) == 0 && stream.avail_in == 0,
          "what %s wrote: %d (%s), %lu of %zu bytes", side->zlib->name, result, stream.msg ? stream.msg : "", stream.total_out, given);
    reference.inflateEnd(&stream);
}

// The dictionary must be the end of what was given, and as long as the window, but for the 258 bytes of zlib.h, or the 262
// (MIN_LOOKAHEAD) by which zlib's own window may be short when it has just moved.
static void check_dictionary(struct side *sides)
{
    static unsigned char told[2][WINDOW];
    uInt length[2] = {0, 0};
    int result[2];
    for (int i = 0; i < 2; i++) result[i] = sides[i].zlib->deflateGetDictionary(sides[i].stream, told[i], &length[i]);
    CHECK(result[0] == result[1], "deflateGetDictionary %d, %d", result[0], result[1]);
    if (result[1] != Z_OK) return;
    size_t window = (size_t)1 << (bits < 0 ? -bits : bits & 15);
    size_t expected = since_forgotten < window ? since_forgotten : window;
    // Where nothing is searched for (level 0), zlib keeps less.
    CHECK(length[1] <= window && (length[1] + 262 >= expected || length[1] >= length[0]), "a dictionary of %u bytes, of %zu given since it was forgotten",
          length[1], since_forgotten);
    size_t own = length[1] < since_forgotten ? length[1] : since_forgotten;
    int is_end = 0;
    for (size_t lag = 0; lag <= 262 && lag + own <= given && !is_end; lag++)
        is_end = memcmp(told[1] + length[1] - own, data + given - lag - own, own) == 0;
    CHECK(is_end, "a dictionary of %u bytes that is not the end of the input", length[1]);
}

static int begin(struct side *side, int level, int memory, int strategy)
{
    memset(side->stream, 0, sizeof *side->stream);
    side->written = 0;
    return side->zlib->deflateInit2_(side->stream, level, Z_DEFLATED, bits, memory, strategy, ZLIB_VERSION, sizeof(z_stream));
}

static void *own_memory(void *opaque, unsigned items, unsigned size) { (void)opaque; return calloc(items, size); }
static void own_free(void *opaque, void *memory) { (void)opaque; free(memory); }

static void sequence(unsigned long long seed, struct side *sides)
{
    struct random random = seeded(seed);
    current_seed = seed;
    static const int choices[] = {15, 15, 15, 31, 31, -15, -15, 12, -12, 28, 9, -10, 14, -13};
    bits = choices[below(&random, sizeof choices / sizeof *choices)];
    int level = (int)below(&random, 11) - 1, memory = one_in(&random, 3) ? 1 + (int)below(&random, 9) : 8;
    int strategy = one_in(&random, 6) ? (int)below(&random, 5) : 0, own = one_in(&random, 4);
    fill(&random, data, greatest);
    given = since_forgotten = preset_length = 0;
    int result[2];
    for (int i = 0; i < 2; i++) {
        result[i] = begin(&sides[i], level, memory, strategy);
        if (own && result[i] == Z_OK) {
            sides[i].zlib->deflateEnd(sides[i].stream);
            memset(sides[i].stream, 0, sizeof *sides[i].stream);
            sides[i].stream->zalloc = own_memory, sides[i].stream->zfree = own_free;
            result[i] = sides[i].zlib->deflateInit2_(
                sides[i].stream, level, Z_DEFLATED, bits, memory, strategy, ZLIB_VERSION, sizeof(z_stream));
        }
    }
    CHECK(result[0] == result[1], "deflateInit2 %d, %d", result[0], result[1]);
    if (result[0] != Z_OK) return;
    int flush = 0, is_over = 0, is_child = 0;
    for (size_t calls = 1 + below(&random, 40); calls > 0 && !is_over; calls--) {
        size_t count = 0;
        switch (below(&random, 16)) {
        default:
            count = sized(&random, greatest - given);
            flush = one_in(&random, 3) ? (int[]){Z_PARTIAL_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_BLOCK, Z_NO_FLUSH}[below(&random, 5)]
                                       : Z_NO_FLUSH;
            size_t before = sides[1].written;
            for (int i = 0; i < 2; i++) result[i] = run_deflate(&sides[i], given, count, flush);
            // Where zlib has taken over from a device, the first call may write what the device would have written before.
            if (count == 0 && result[0] == Z_BUF_ERROR && result[1] == Z_OK && sides[1].written > before)
                result[1] = Z_BUF_ERROR;
            // What zlib has yet to give out may have been given out here before: Docs/zlib.md.
            if (count == 0 && result[0] == Z_OK && result[1] == Z_BUF_ERROR && sides[1].written == before)
                result[1] = Z_OK;
            given += count, since_forgotten += count;
            if (flush == Z_FULL_FLUSH && result[1] == Z_OK) since_forgotten = 0;
            CHECK(result[0] == result[1], "deflate of %zu bytes, flush %d: %d, %d", count, flush, result[0], result[1]);
            break;
        case 0:
        case 1: {
            int new_level = (int)below(&random, 11) - 1, new_strategy = one_in(&random, 4) ? (int)below(&random, 5) : 0;
            for (int i = 0; i < 2; i++) result[i] = run_params(&sides[i], new_level, new_strategy);
            CHECK(result[0] == result[1], "deflateParams %d, %d: %d, %d", new_level, new_strategy, result[0], result[1]);
            break;
        }
        case 2:
            for (int i = 0; i < 2; i++) result[i] = sides[i].zlib->deflateTune(sides[i].stream, 8, 16, 32, 64);
            CHECK(result[0] == result[1], "deflateTune %d, %d", result[0], result[1]);
            break;
        case 3: {
            unsigned bytes;
            int left;
            for (int i = 0; i < 2; i++) result[i] = sides[i].zlib->deflatePending(sides[i].stream, &bytes, &left);
            CHECK(result[0] == result[1] && left >= 0 && left < 8, "deflatePending %d, %d", result[0], result[1]);
            break;
        }
        case 4:
            for (int i = 0; i < 2; i++) result[i] = sides[i].zlib->deflatePrime(sides[i].stream, 0, 0);
            CHECK(result[0] == result[1], "deflatePrime %d, %d", result[0], result[1]);
            break;
        case 5:
            if (given > 0 || preset_length > 0) break;
            preset_length = 1 + sized(&random, WINDOW - 1);
            memcpy(preset, data + below(&random, greatest > WINDOW ? greatest - WINDOW : 1), preset_length < greatest ? preset_length : greatest);
            for (int i = 0; i < 2; i++)
                result[i] = sides[i].zlib->deflateSetDictionary(sides[i].stream, preset, (uInt)preset_length);
            CHECK(result[0] == result[1], "deflateSetDictionary %d, %d", result[0], result[1]);
            if (result[0] != Z_OK) preset_length = 0;
            break;
        case 6: check_dictionary(sides); break;
        case 7: {
            uLong bound = sides[1].zlib->deflateBound(sides[1].stream, 1000);
            CHECK(bound >= 1000, "deflateBound %lu", bound);
            break;
        }
        case 8:
            for (int i = 0; i < 2; i++) result[i] = sides[i].zlib->deflateSetHeader(sides[i].stream, NULL);
            CHECK(result[0] == result[1], "deflateSetHeader %d, %d", result[0], result[1]);
            break;
        case 9:
            for (int i = 0; i < 2; i++) {
                z_stream *copy = malloc(sizeof *copy);
                result[i] = sides[i].zlib->deflateCopy(copy, sides[i].stream);
                if (result[i] != Z_OK) {
                    free(copy);
                    continue;
                }
                sides[i].zlib->deflateEnd(sides[i].stream);
                free(sides[i].stream);
                sides[i].stream = copy;
            }
            CHECK(result[0] == result[1], "deflateCopy %d, %d", result[0], result[1]);
            break;
        case 10:
            if (!one_in(&random, 3)) break;
            for (int i = 0; i < 2; i++) {
                result[i] = sides[i].zlib->deflateReset(sides[i].stream);
                sides[i].written = 0;
            }
            memmove(data, data + given, greatest - given);
            fill(&random, data + greatest - given, given);
            given = since_forgotten = preset_length = 0;
            CHECK(result[0] == result[1], "deflateReset %d, %d", result[0], result[1]);
            break;
        case 11:
            // The child goes on, as with any fork, and the parent has had enough.
            if (!one_in(&random, 4) || is_child) break;
            fflush(NULL);
            pid_t child = fork();
            if (child != 0) {
                int status = 0;
                waitpid(child, &status, 0);
                CHECK(status == 0, "a child of fork ended with status %x", (unsigned)status);
                calls = 1;
            } else {
                is_child = 1;
                failures = 0;
                alarm(60);
            }
            break;
        }
    }
    size_t count = sized(&random, greatest - given);
    for (int i = 0; i < 2; i++) result[i] = run_deflate(&sides[i], given, count, Z_FINISH);
    given += count;
    CHECK(result[0] == Z_STREAM_END && result[1] == Z_STREAM_END, "deflate, Z_FINISH: %d, %d", result[0], result[1]);
    for (int i = 0; i < 2; i++) {
        check_output(&sides[i]);
        result[i] = sides[i].zlib->deflateEnd(sides[i].stream);
    }
    CHECK(result[0] == result[1], "deflateEnd %d, %d", result[0], result[1]);
    if (is_child) _exit(failures > 0);
}

int main(int count, char **arguments)
{
    if (count < 5) {
        fprintf(stderr, "deflate_sequences SYSTEM TESTED SEQUENCES GREATEST [SEED]\n");
        return 2;
    }
    open_zlib(&reference, arguments[1]);
    open_zlib(&tested, arguments[2]);
    unsigned long long sequences = strtoull(arguments[3], NULL, 10), seed = count > 5 ? strtoull(arguments[5], NULL, 10) : 1;
    greatest = strtoull(arguments[4], NULL, 10);
    data = malloc(greatest);
    struct side sides[2];
    for (int i = 0; i < 2; i++) {
        // A flush of nothing takes some bytes, too.
        size_t room = 2 * greatest + 100000;
        sides[i] = (struct side){i == 0 ? &reference : &tested, calloc(1, sizeof(z_stream)), malloc(room), room, 0};
    }
    current_case = "sequences";
    for (unsigned long long i = 0; i < sequences; i++) sequence(seed + i, sides);
    printf("%llu sequences of calls from seed %llu on, %lu checks, %lu failures\n", sequences, seed, checks, failures);
    return failures > 0;
}
