// SPDX-License-Identifier: Apache-2.0
//
// Random streams against the system's zlib (random_cases.h): what the tested library compresses, the system's must read,
// and what the system's compresses, whole or damaged, both must read alike.

#include "random_cases.h"

// Inflates with the system's library. Returns what it made; `count` is at most `room`.
static int read_back(const unsigned char *packed, size_t packed_count, int window_bits, const unsigned char *dictionary,
                     size_t dictionary_count, unsigned char *plain, size_t *count)
{
    z_stream stream = {0};
    if (reference.inflateInit2_(&stream, window_bits, ZLIB_VERSION, sizeof stream) != Z_OK) return -100;
    stream.next_in = (unsigned char *)packed;
    stream.avail_in = (unsigned)packed_count;
    stream.next_out = plain;
    stream.avail_out = (unsigned)*count;
    if (window_bits < 0 && dictionary_count) {
        reference.inflateSetDictionary(&stream, dictionary, (unsigned)dictionary_count);
    }
    int result = reference.inflate(&stream, Z_SYNC_FLUSH);
    if (result == Z_NEED_DICT) {
        reference.inflateSetDictionary(&stream, dictionary, (unsigned)dictionary_count);
        result = reference.inflate(&stream, Z_SYNC_FLUSH);
    }
    *count = stream.total_out;
    if (result == Z_STREAM_END && stream.avail_in) result = -101;
    reference.inflateEnd(&stream);
    return result;
}

// One stream of the tested library's, with random calls on the way.
static void deflate_case(struct random *random)
{
    current_case = "deflate";
    size_t count = sized(random, largest);
    unsigned char *plain = malloc(count + 1), *again = malloc(count + 64);
    fill(random, plain, count);
    struct settings settings = some_settings(random);
    int streams = one_in(random, 4) ? 2 : 1;
    z_stream stream = {0};
    int begun = begin_deflate(&tested, &stream, settings);
    z_stream other = {0};
    CHECK(begin_deflate(&reference, &other, settings) == begun, "%d", begun);
    if (begun != Z_OK) {
        free(plain);
        free(again);
        return;
    }
    reference.deflateEnd(&other);
    int reader_bits = settings.window_bits < 0 ? settings.window_bits : settings.window_bits > 15 ? 31 : 15;
    while (streams--) {
        size_t dictionary_count = 0;
        unsigned char dictionary[5000];
        if (settings.window_bits < 16 && one_in(random, 8)) {
            dictionary_count = 1 + below(random, sizeof dictionary);
            fill(random, dictionary, dictionary_count);
            CHECK(tested.deflateSetDictionary(&stream, dictionary, (unsigned)dictionary_count) == Z_OK, " ");
        }
        if (one_in(random, 10)) tested.deflateTune(&stream, 4, 8, 32, 32);
        unsigned long counted = stream.total_in; // zlib counts the dictionary
        int flushing = one_in(random, 3);
        unsigned long bound = tested.deflateBound(&stream, count);
        // With flushes on the way each may take some bytes more.
        size_t room = bound + 200000 + (flushing ? count : 0), made = 0, given = 0;
        size_t input_pieces = some_pieces(random, count), output_pieces = some_pieces(random, count);
        unsigned char *packed = malloc(room);
        int result = Z_OK, flush = Z_NO_FLUSH, idle = 0;
        int plainly = !flushing && !input_pieces && !output_pieces;
        int changed = 0;
        if (plainly) {
            stream.next_in = plain;
            stream.avail_in = (unsigned)count;
            stream.next_out = packed;
            stream.avail_out = (unsigned)bound;
            result = tested.deflate(&stream, Z_FINISH);
            // zlib itself says too little for a few bytes that are stored in small pieces.
            if (settings.level == 0 && result == Z_OK) {
                stream.avail_out = (unsigned)(room - bound);
                result = tested.deflate(&stream, Z_FINISH);
            }
            CHECK(result == Z_STREAM_END, "%d, %zu bytes do not fit into their bound %lu, level %d bits %d memory %d strategy %d",
                  result, count, bound, settings.level, settings.window_bits, settings.memory_level, settings.strategy);
            made = stream.total_out;
            given = count;
        }
        while (result != Z_STREAM_END && idle < 3) {
            size_t input = piece(random, input_pieces, count - given), output = piece(random, output_pieces, room - made);
            if (flush == Z_NO_FLUSH || flush != Z_FINISH) {
                flush = flushing && one_in(random, 4) ? 1 + (int)below(random, 5) : Z_NO_FLUSH;
                if (flush == Z_FINISH) flush = Z_NO_FLUSH;
                if (given + input == count && one_in(random, 2)) flush = Z_FINISH;
            } else {
                input = count - given;
            }
            stream.next_in = plain + given;
            stream.avail_in = (unsigned)input;
            stream.next_out = packed + made;
            stream.avail_out = (unsigned)output;
            unsigned long in_before = stream.total_in, out_before = stream.total_out;
            result = tested.deflate(&stream, flush);
            CHECK(result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR, "%d flush %d", result, flush);
            if (result < 0 && result != Z_BUF_ERROR) break;
            size_t used = input - stream.avail_in, wrote = output - stream.avail_out;
            CHECK(stream.next_in == plain + given + used && stream.total_in == in_before + used, "input is miscounted");
            CHECK(stream.next_out == packed + made + wrote && stream.total_out == out_before + wrote, "output is miscounted");
            CHECK(result != Z_BUF_ERROR || (!used && !wrote), "a buffer error with progress");
            given += used;
            made += wrote;
            idle = used || wrote || flush != Z_FINISH ? 0 : idle + 1;
            // After a complete flush all that went in can be read.
            if ((flush == Z_SYNC_FLUSH || flush == Z_FULL_FLUSH || flush == Z_PARTIAL_FLUSH) && result == Z_OK &&
                stream.avail_out && !stream.avail_in && (made < 100000 || one_in(random, 50))) {
                size_t readable = count + 64;
                int reading = read_back(packed, made, reader_bits, dictionary, dictionary_count, again, &readable);
                CHECK(reading == Z_OK || reading == Z_BUF_ERROR, "%d", reading);
                CHECK(readable == given && !memcmp(again, plain, given), "%zu of %zu bytes after flush %d", readable, given, flush);
            }
            if (flush == Z_FINISH && result == Z_BUF_ERROR && output == 0) break;
            if (result == Z_OK && !changed && one_in(random, 40)) {
                unsigned pending = 0;
                int bits = 0;
                CHECK(tested.deflatePending(&stream, &pending, &bits) == Z_OK, " ");
                if (one_in(random, 2)) {
                    z_stream copy;
                    CHECK(tested.deflateCopy(&copy, &stream) == Z_OK, " ");
                    int ended = tested.deflateEnd(&stream);
                    CHECK(ended == Z_OK || ended == Z_DATA_ERROR, "%d", ended);
                    memcpy(&stream, &copy, sizeof stream);
                    // Its owner is `copy`: a stream that moved is none.
                    CHECK(tested.deflate(&stream, Z_NO_FLUSH) == Z_STREAM_ERROR, "a moved stream");
                    CHECK(tested.deflateCopy(&stream, &copy) == Z_OK, " ");
                    tested.deflateEnd(&copy);
                } else if (flush != Z_FINISH) {
                    changed = 1;
                    stream.next_in = plain + given;
                    stream.avail_in = 0;
                    stream.next_out = packed + made;
                    stream.avail_out = (unsigned)(room - made);
                    int changing = tested.deflateParams(&stream, (int)below(random, 10), (int)below(random, 5));
                    CHECK(changing == Z_OK || changing == Z_BUF_ERROR, "%d", changing);
                    made = stream.next_out - packed;
                }
            }
        }
        CHECK(result == Z_STREAM_END, "%d, %zu of %zu given, flush %d", result, given, count, flush);
        CHECK(stream.total_in - counted == count && stream.total_out == made, "%lu of %zu, %lu of %zu", stream.total_in, count,
              stream.total_out, made);
        unsigned long check = settings.window_bits < 0 ? stream.adler
            : settings.window_bits < 16 ? reference.adler32(1, plain, (unsigned)count) : reference.crc32(0, plain, (unsigned)count);
        CHECK(stream.adler == check, "%lx, not %lx; bits %d level %d", stream.adler, check, settings.window_bits, settings.level);
        size_t readable = count + 64;
        int reading = read_back(packed, made, reader_bits, dictionary, dictionary_count, again, &readable);
        CHECK(reading == Z_STREAM_END, "%d, level %d bits %d memory %d strategy %d count %zu", reading, settings.level,
              settings.window_bits, settings.memory_level, settings.strategy, count);
        CHECK(readable == count && !memcmp(again, plain, count), "%zu bytes of %zu", readable, count);
        // Distances keep to the window that was asked for.
        if (settings.window_bits < 0 && settings.window_bits > -15 && !dictionary_count) {
            readable = count + 64;
            reading = read_back(packed, made, -15, dictionary, 0, again, &readable);
            CHECK(reading == Z_STREAM_END, "%d", reading);
        }
        stream.avail_out = 10;
        stream.avail_in = 0;
        unsigned char beyond[10];
        stream.next_out = beyond;
        CHECK(tested.deflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_out == 10, "after the end");
        CHECK(tested.deflate(&stream, Z_NO_FLUSH) == Z_STREAM_ERROR, "another flush after the end");
        free(packed);
        if (streams) CHECK(tested.deflateReset(&stream) == Z_OK && !stream.total_in && !stream.total_out, "reset");
    }
    int ended = tested.deflateEnd(&stream);
    CHECK(ended == Z_OK, "%d", ended);
    CHECK(tested.deflateEnd(&stream) == Z_STREAM_ERROR, "ended twice");
    free(plain);
    free(again);
}

// What a library made of a compressed stream.
struct reading {
    int result, data_type;
    unsigned long total_in, total_out, adler;
    char message[80];
};

static struct reading inflate_all(struct zlib *library, struct random random, const unsigned char *packed, size_t packed_count,
                                  int window_bits, const unsigned char *dictionary, size_t dictionary_count,
                                  unsigned char *plain, size_t room, size_t input_pieces, size_t output_pieces, int flush,
                                  int copying)
{
    struct reading reading = {0};
    z_stream stream = {0}, twin;
    z_stream *current = &stream;
    reading.result = library->inflateInit2_(&stream, window_bits, ZLIB_VERSION, sizeof stream);
    if (reading.result != Z_OK) return reading;
    if (window_bits < 0 && dictionary_count) {
        CHECK(library->inflateSetDictionary(&stream, dictionary, (unsigned)dictionary_count) == Z_OK, "%s", library->name);
    }
    size_t given = 0, made = 0, uncounted = 0;
    int idle = 0;
    while (idle < 3) {
        size_t input = piece(&random, input_pieces, packed_count - given), output = piece(&random, output_pieces, room - made);
        current->next_in = (unsigned char *)packed + given;
        current->avail_in = (unsigned)input;
        current->next_out = plain + made;
        current->avail_out = (unsigned)output;
        reading.result = library->inflate(current, flush);
        size_t used = input - current->avail_in, wrote = output - current->avail_out;
        CHECK(current->next_in == packed + given + used && current->next_out == plain + made + wrote, "%s", library->name);
        // Java takes such an answer for no progress at all.
        CHECK(reading.result != Z_BUF_ERROR || flush == Z_FINISH || (!used && !wrote), "%s: a buffer error with progress",
              library->name);
        given += used;
        made += wrote;
        // When it asks for a dictionary, zlib does not count what it took in that call.
        if (reading.result == Z_NEED_DICT) uncounted += used;
        CHECK(current->total_in + uncounted == given && current->total_out == made, "%s: totals %lu %lu", library->name,
              current->total_in, current->total_out);
        idle = used || wrote ? 0 : idle + 1;
        if (reading.result == Z_NEED_DICT) {
            int setting = library->inflateSetDictionary(current, dictionary, (unsigned)dictionary_count);
            if (setting != Z_OK) break;
            continue;
        }
        if (reading.result != Z_OK && reading.result != Z_BUF_ERROR) break;
        if (copying && current == &stream && made > 0 && one_in(&random, 3)) {
            CHECK(library->inflateCopy(&twin, &stream) == Z_OK, "%s", library->name);
            library->inflateEnd(&stream);
            current = &twin;
        }
    }
    reading.total_in = current->total_in;
    reading.total_out = current->total_out;
    reading.adler = current->adler;
    reading.data_type = current->data_type;
    if (current->msg) snprintf(reading.message, sizeof reading.message, "%s", current->msg);
    library->inflateEnd(current);
    return reading;
}

// One stream of the system's, whole or damaged, read by both.
static void inflate_case(struct random *random)
{
    current_case = "inflate";
    size_t count = sized(random, largest);
    unsigned char *plain = malloc(count + 1), *first = malloc(count + 70000), *second = malloc(count + 70000);
    fill(random, plain, count);
    struct settings settings = some_settings(random);
    z_stream stream = {0};
    unsigned char dictionary[5000];
    size_t dictionary_count = settings.window_bits < 16 && one_in(random, 8) ? 1 + below(random, sizeof dictionary) : 0;
    fill(random, dictionary, dictionary_count);
    if (begin_deflate(&reference, &stream, settings) != Z_OK) goto out;
    if (dictionary_count) reference.deflateSetDictionary(&stream, dictionary, (unsigned)dictionary_count);
    size_t tail = one_in(random, 3) ? below(random, 40) : 0;
    size_t room = reference.deflateBound(&stream, count) + 64;
    unsigned char *packed = malloc(room);
    stream.next_in = plain;
    stream.avail_in = (unsigned)count;
    stream.next_out = packed;
    stream.avail_out = (unsigned)room;
    if (one_in(random, 3)) { // a flush in the middle
        stream.avail_in = (unsigned)below(random, count + 1);
        size_t rest = count - stream.avail_in;
        reference.deflate(&stream, 1 + (int)below(random, 3));
        stream.avail_in += (unsigned)rest;
    }
    int packing = reference.deflate(&stream, Z_FINISH);
    size_t packed_count = stream.total_out;
    reference.deflateEnd(&stream);
    CHECK(packing == Z_STREAM_END, "the reference does not compress: %d", packing);
    fill(random, packed + packed_count, tail);
    size_t whole = packed_count;
    packed_count += tail;
    int damage = one_in(random, 3);
    if (damage) {
        switch (below(random, 3)) {
        case 0: packed_count = below(random, packed_count + 1); break;
        case 1: packed[below(random, whole)] ^= (unsigned char)(1 << below(random, 8)); break;
        default: {
            size_t where = below(random, whole), length = 1 + below(random, 20);
            fill(random, packed + where, length < whole - where ? length : whole - where);
        }
        }
    }
    int window_bits = settings.window_bits < 0 ? settings.window_bits : 15 + (settings.window_bits > 15 ? 16 : 0);
    if (settings.window_bits > 0 && one_in(random, 3)) window_bits = 47;
    if (one_in(random, 30)) window_bits = some_window_bits(random); // another format than it has
    size_t input_pieces = some_pieces(random, packed_count), output_pieces = some_pieces(random, count);
    // Not always room for everything.
    size_t given_room = one_in(random, 6) ? below(random, count + 2) : count + 70000;
    int flushes[] = {Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH, Z_BLOCK, Z_PARTIAL_FLUSH, Z_TREES};
    int flush = flushes[one_in(random, 3) ? below(random, 6) : below(random, 3)];
    int copying = one_in(random, 10);
    struct random same = *random;
    struct reading expected = inflate_all(&reference, same, packed, packed_count, window_bits, dictionary, dictionary_count,
                                          first, given_room, input_pieces, output_pieces, flush, copying);
    struct reading actual = inflate_all(&tested, same, packed, packed_count, window_bits, dictionary, dictionary_count, second,
                                        given_room, input_pieces, output_pieces, flush, copying);
    next(random);
#define DETAILS \
    "%d %lu/%lu %lx '%s', not %d %lu/%lu %lx '%s'; %zu bytes packed as %zu (%zu given), made with level %d bits %d, " \
    "read with bits %d flush %d pieces %zu/%zu room %zu", actual.result, actual.total_in, actual.total_out, actual.adler, \
        actual.message, expected.result, expected.total_in, expected.total_out, expected.adler, expected.message, count, \
        whole, packed_count, settings.level, settings.window_bits, window_bits, flush, input_pieces, output_pieces, given_room
    CHECK(actual.result == expected.result, DETAILS);
    CHECK(actual.total_out == expected.total_out, DETAILS);
    CHECK(!memcmp(first, second, expected.total_out), DETAILS);
    CHECK(actual.adler == expected.adler && actual.data_type == expected.data_type, DETAILS);
    CHECK(!strcmp(actual.message, expected.message), DETAILS);
    CHECK(actual.total_in == expected.total_in, DETAILS);
    free(packed);
out:
    free(plain);
    free(first);
    free(second);
}

int main(int argument_count, char **arguments)
{
    static void (*const cases[])(struct random *) = {deflate_case, inflate_case};
    return run_cases(argument_count, arguments, cases, 2);
}
