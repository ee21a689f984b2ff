// SPDX-License-Identifier: Apache-2.0
//
// Random sequences of all calls about inflating streams, side by side with the system's zlib (random_cases.h): after every
// call both libraries must have given the same answer and stand at the same place, to the bit. Streams are whole or damaged;
// calls come at any place, with any input and room; copies and children of fork go on where their originals stood.
//
// What may differ, and is not compared: inflateMark after a data error; after inflateSync, until a reset, inflateMark,
// inflateCodesUsed, and the checksum that inflateValidate takes up again. Whole bytes are not primed in the middle: zlib gives them back to the input or not, as it
// happens to decode.

#include "random_cases.h"

#include <sys/wait.h>
#include <unistd.h>

// The two streams, and what they are given.
struct pair {
    z_stream first, second;
    const unsigned char *packed;
    size_t packed_count, given;
    size_t input_pieces, output_pieces;
    unsigned char *plain;
    size_t plain_count;
    int has_failed, has_synced, last, window_bits;
};

static unsigned char first_out[1 << 20], second_out[1 << 20], first_window[32768], second_window[32768];

static const char *text(const z_stream *stream) { return stream->msg ? stream->msg : ""; }

static int same(struct pair *pair, const char *call, long expected, long actual)
{
    z_stream *first = &pair->first, *second = &pair->second;
    CHECK(actual == expected, "%s: %ld '%s', not %ld '%s', at %lu in, %lu out", call, actual, text(second), expected, text(first),
          first->total_in, first->total_out);
    CHECK(first->total_in == second->total_in && first->avail_in == second->avail_in && first->next_in == second->next_in,
          "%s: %lu in, not %lu (%ld '%s')", call, second->total_in, first->total_in, expected, text(first));
    CHECK(first->total_out == second->total_out && first->avail_out == second->avail_out, "%s: %lu out, not %lu", call,
          second->total_out, first->total_out);
    CHECK(!strcmp(text(first), text(second)), "%s: '%s', not '%s'", call, text(second), text(first));
    CHECK(first->adler == second->adler, "%s: checksum %lx, not %lx", call, second->adler, first->adler);
    CHECK(first->data_type == second->data_type, "%s: data_type %d, not %d, at %lu in (%ld '%s')", call, second->data_type,
          first->data_type, first->total_in, expected, text(first));
    return failures == 0;
}

static int inflate_some(struct random *random, struct pair *pair)
{
    static const int flushes[] = {Z_NO_FLUSH, Z_NO_FLUSH, Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH, Z_BLOCK, Z_TREES, Z_PARTIAL_FLUSH};
    size_t left = pair->packed_count - pair->given;
    size_t input = below(random, 12) ? piece(random, pair->input_pieces, left) : 0;
    size_t room = below(random, 12) ? piece(random, pair->output_pieces, sizeof first_out - 64) : 0;
    int flush = flushes[below(random, 8)];
    // Half as much for a beginning, so that a device has the stream.
    if (pair->first.total_in == 0 && pair->given == 0 && below(random, 8)) input = left < 20000 ? left : 20000, room = 20000, flush = 0;
    z_stream *first = &pair->first, *second = &pair->second;
    first->next_in = second->next_in = (unsigned char *)pair->packed + pair->given;
    first->avail_in = second->avail_in = (unsigned)input;
    first->next_out = first_out, second->next_out = second_out;
    first->avail_out = second->avail_out = (unsigned)room;
    int expected = reference.inflate(first, flush);
    size_t made = room - first->avail_out;
    memset(second_out + made, 0xa5, 64);
    int actual = tested.inflate(second, flush);
    pair->given += input - first->avail_in;
    pair->last = expected;
    if (expected == Z_DATA_ERROR) pair->has_failed = 1;
    char call[40];
    snprintf(call, sizeof call, "inflate(%zu, %zu, %d)", input, room, flush);
    if (!same(pair, call, expected, actual)) return 0;
    CHECK(!memcmp(first_out, second_out, made), "%s: other bytes", call);
    for (size_t index = made; index < made + 64; index++)
        CHECK(second_out[index] == 0xa5, "%s: a byte %zu behind the output has changed", call, index - made);
    return failures == 0;
}

static int go_on(struct random *random, struct pair *pair, int steps, int depth);

// One call of another kind.
static int some_call(struct random *random, struct pair *pair, int depth)
{
    z_stream *first = &pair->first, *second = &pair->second;
    switch (below(random, 16)) {
    case 0: {
        unsigned first_count = 0, second_count = 0;
        int expected = reference.inflateGetDictionary(first, first_window, &first_count);
        int actual = tested.inflateGetDictionary(second, second_window, &second_count);
        // zlib keeps no window of a stream that one call of Z_FINISH has decompressed: Docs/zlib.md.
        if (first_count == 0 && pair->last == Z_STREAM_END) return same(pair, "inflateGetDictionary", expected, actual);
        CHECK(first_count == second_count && !memcmp(first_window, second_window, first_count), "a window of %u bytes, not %u",
              second_count, first_count);
        return same(pair, "inflateGetDictionary", expected, actual);
    }
    case 1: return same(pair, "inflateSyncPoint", reference.inflateSyncPoint(first), tested.inflateSyncPoint(second));
    case 2: {
        int check = below(random, 3) != 0;
        if (pair->has_synced) return 1;
        return same(pair, "inflateValidate", reference.inflateValidate(first, check), tested.inflateValidate(second, check));
    }
    case 3:
        if (pair->has_failed || pair->has_synced) return 1;
        return same(pair, "inflateMark", reference.inflateMark(first), tested.inflateMark(second));
    case 4: return same(pair, "inflateUndermine", reference.inflateUndermine(first, 1), tested.inflateUndermine(second, 1));
    case 5: {
        int held = first->data_type & 31, value = (int)next(random);
        int bits = held > 7 || one_in(random, 8) ? -1 : (int)below(random, (size_t)(8 - held));
        if (first->total_in == 0) return 1;
        return same(pair, "inflatePrime", reference.inflatePrime(first, bits, value), tested.inflatePrime(second, bits, value));
    }
    case 6: {
        if (!one_in(random, 4)) return 1;
        size_t left = pair->packed_count - pair->given, input = piece(random, pair->input_pieces, left);
        first->next_in = second->next_in = (unsigned char *)pair->packed + pair->given;
        first->avail_in = second->avail_in = (unsigned)input;
        int expected = reference.inflateSync(first), actual = tested.inflateSync(second);
        pair->given += input - first->avail_in;
        pair->has_synced = 1;
        return same(pair, "inflateSync", expected, actual);
    }
    case 7: {
        size_t count = 1 + below(random, pair->plain_count < 40000 ? pair->plain_count : 40000);
        if (first->total_in == 0 && !one_in(random, 10)) return 1;
        if (count > pair->plain_count) return 1;
        return same(pair, "inflateSetDictionary", reference.inflateSetDictionary(first, pair->plain, (unsigned)count),
                    tested.inflateSetDictionary(second, pair->plain, (unsigned)count));
    }
    case 8: {
        if (first->total_in == 0 && !one_in(random, 10)) return 1;
        static gz_header first_header, second_header;
        int expected = reference.inflateGetHeader(first, &first_header), actual = tested.inflateGetHeader(second, &second_header);
        CHECK(first_header.done == second_header.done, "done is %d, not %d", second_header.done, first_header.done);
        return same(pair, "inflateGetHeader", expected, actual);
    }
    case 9:
        if (pair->has_synced) return 1;
        return same(pair, "inflateCodesUsed", (long)reference.inflateCodesUsed(first), (long)tested.inflateCodesUsed(second));
    case 10: {
        if (!one_in(random, 40)) return 1;
        pair->given = 0;
        pair->has_failed = 0;
        if (one_in(random, 4)) return same(pair, "inflateReset2", reference.inflateReset2(first, pair->window_bits), tested.inflateReset2(second, pair->window_bits));
        if (one_in(random, 4)) return same(pair, "inflateResetKeep", reference.inflateResetKeep(first), tested.inflateResetKeep(second));
        return same(pair, "inflateReset", reference.inflateReset(first), tested.inflateReset(second));
    }
    case 11: case 12: {
        // One of the two goes on for a while, and is no more; then the other.
        struct pair copy = *pair;
        int expected = reference.inflateCopy(&copy.first, first), actual = tested.inflateCopy(&copy.second, second);
        CHECK(actual == expected, "inflateCopy: %d, not %d", actual, expected);
        if (actual != Z_OK || expected != Z_OK) return 0;
        if (one_in(random, 2)) {
            struct pair other = copy;
            reference.inflateEnd(&other.first);
            // The second half of this pair belongs to `copy`.
            tested.inflateEnd(&copy.second);
            return 1;
        }
        int is_good = depth > 1 || go_on(random, &copy, 1 + (int)below(random, 20), depth + 1);
        int first_end = reference.inflateEnd(&copy.first), second_end = tested.inflateEnd(&copy.second);
        CHECK(first_end == second_end, "inflateEnd: %d, not %d", second_end, first_end);
        return is_good;
    }
    case 13: {
        if (depth > 0 || !one_in(random, 6)) return 1;
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
            struct random own = *random;
            _exit(go_on(&own, pair, 1 + (int)below(&own, 30), 1) ? 0 : 1);
        }
        int status = 0;
        waitpid(child, &status, 0);
        CHECK(status == 0, "a child ended with %x", status);
        return status == 0;
    }
    default: return 1;
    }
}

static int go_on(struct random *random, struct pair *pair, int steps, int depth)
{
    int idle = 0;
    for (int step = 0; step < steps && idle < 6; step++) {
        size_t given = pair->given;
        unsigned long out = pair->first.total_out;
        if (!inflate_some(random, pair)) return 0;
        if (one_in(random, 2) && !some_call(random, pair, depth)) return 0;
        if (pair->last == Z_STREAM_END || pair->last == Z_DATA_ERROR) idle++;
        idle = pair->given != given || pair->first.total_out != out ? (pair->last < 0 && pair->last != Z_BUF_ERROR ? idle : 0) : idle + 1;
    }
    return 1;
}

static void calls_case(struct random *random)
{
    current_case = "inflate calls";
    size_t count = sized(random, largest);
    if (one_in(random, 2)) count = below(random, largest);
    struct pair pair = {.plain_count = count};
    pair.plain = malloc(count + 1);
    fill(random, pair.plain, count);
    int bits[] = {-15, 15, 31}, window_bits = bits[below(random, 3)];
    size_t room = count + count / 8 + 400000, packed_count = 0;
    unsigned char *packed = malloc(room);
    z_stream stream = {0};
    reference.deflateInit2_(&stream, (int)below(random, 10), Z_DEFLATED, window_bits, 1 + (int)below(random, 9),
                            one_in(random, 3) ? (int)below(random, 5) : 0, ZLIB_VERSION, sizeof stream);
    stream.next_in = pair.plain;
    stream.next_out = packed;
    stream.avail_out = (unsigned)room;
    for (size_t at = 0; at < count;) {
        size_t length = one_in(random, 3) ? count - at : 1 + below(random, count - at);
        stream.avail_in = (unsigned)length;
        at += length;
        reference.deflate(&stream, one_in(random, 2) ? Z_NO_FLUSH : 1 + (int)below(random, 3));
    }
    stream.avail_in = 0;
    reference.deflate(&stream, Z_FINISH);
    packed_count = stream.total_out;
    reference.deflateEnd(&stream);
    if (one_in(random, 4)) {
        size_t where = below(random, packed_count), length = 1 + below(random, 20);
        if (one_in(random, 2)) packed[where] ^= (unsigned char)(1 << below(random, 8));
        else fill(random, packed + where, length < packed_count - where ? length : packed_count - where);
    }
    pair.packed = packed;
    pair.packed_count = packed_count;
    pair.input_pieces = some_pieces(random, packed_count);
    pair.output_pieces = some_pieces(random, count);
    if (pair.output_pieces > sizeof first_out / 4) pair.output_pieces = sizeof first_out / 4;
    int read_bits = window_bits > 0 && one_in(random, 3) ? 47 : window_bits;
    if (one_in(random, 20)) read_bits = window_bits < 0 ? window_bits : window_bits & 16;
    reference.inflateInit2_(&pair.first, read_bits, ZLIB_VERSION, sizeof pair.first);
    tested.inflateInit2_(&pair.second, read_bits, ZLIB_VERSION, sizeof pair.second);
    pair.window_bits = read_bits;
    // Both begin with what zlib leaves alone.
    pair.first.data_type = pair.second.data_type = 0;
    go_on(random, &pair, 3000, 0);
    CHECK(reference.inflateEnd(&pair.first) == tested.inflateEnd(&pair.second), "inflateEnd");
    free(packed);
    free(pair.plain);
}

int main(int argument_count, char **arguments)
{
    static void (*const cases[])(struct random *) = {calls_case};
    return run_cases(argument_count, arguments, cases, 1);
}
