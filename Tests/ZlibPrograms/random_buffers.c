// SPDX-License-Identifier: Apache-2.0
//
// Random buffers, messages and files against the system's zlib (random_cases.h).

#include "random_cases.h"

// Whole buffers, with and without room for them.
static void buffer_case(struct random *random)
{
    current_case = "buffers";
    size_t count = sized(random, largest / 4 + 1);
    unsigned char *plain = malloc(count + 1), *again = malloc(count + 10);
    fill(random, plain, count);
    CHECK(tested.compressBound(count) == reference.compressBound(count), "%zu", count);
    uLongf room = tested.compressBound(count), made = room;
    unsigned char *packed = malloc(room);
    int level = (int)below(random, 12) - 1;
    int expected = level > 9 ? Z_STREAM_ERROR : Z_OK;
    int result = tested.compress2(packed, &made, plain, count, level);
    CHECK(result == expected, "%d level %d, %zu bytes", result, level, count);
    if (result == Z_OK) {
        uLongf readable = count;
        CHECK(reference.uncompress(again, &readable, packed, made) == Z_OK && readable == count && !memcmp(again, plain, count),
              "level %d", level);
        if (made > 1) {
            uLongf little = made - 1 - below(random, made - 1);
            unsigned char *short_of = malloc(little);
            result = tested.compress2(short_of, &little, plain, count, level);
            // It may do with less when there is less.
            CHECK(result == Z_BUF_ERROR || (result == Z_OK && reference.uncompress(again, &readable, short_of, little) == Z_OK &&
                  readable == count && !memcmp(again, plain, count)), "%d", result);
            free(short_of);
        }
        uLong source_tested = made, source_reference = made;
        uLongf first = below(random, count + 2), second = first;
        memset(again, 0, count);
        int from_reference = reference.uncompress2(again, &first, packed, &source_reference);
        int from_tested = tested.uncompress2(again, &second, packed, &source_tested);
        CHECK(from_tested == from_reference, "%d, not %d", from_tested, from_reference);
        CHECK(second == first, "%lu, not %lu", second, first);
        CHECK(from_reference != Z_OK || source_tested == source_reference, "%lu, not %lu", source_tested, source_reference);
    }
    unsigned long a = tested.crc32(0, plain, (unsigned)(count / 3)), b = tested.crc32(0, plain + count / 3, (unsigned)(count - count / 3));
    CHECK(tested.crc32_combine(a, b, count - count / 3) == reference.crc32(0, plain, (unsigned)count), " ");
    CHECK(tested.crc32_combine_op(a, b, tested.crc32_combine_gen(count - count / 3)) == reference.crc32_z(0, plain, count), " ");
    a = tested.adler32(1, plain, (unsigned)(count / 3)), b = tested.adler32(1, plain + count / 3, (unsigned)(count - count / 3));
    CHECK(tested.adler32_combine64(a, b, count - count / 3) == reference.adler32_z(1, plain, count), " ");
    unsigned long start = next(random) & 0xffffffff;
    CHECK(tested.crc32(start, plain, (unsigned)count) == reference.crc32(start, plain, (unsigned)count), "from %lx", start);
    CHECK(tested.adler32(start, plain, (unsigned)count) == reference.adler32(start, plain, (unsigned)count), "from %lx", start);
    CHECK(tested.crc32(start, NULL, 0) == reference.crc32(start, NULL, 0) && tested.adler32(7, NULL, 0) == 1, " ");
    struct settings settings = some_settings(random);
    z_stream ours = {0}, theirs = {0};
    if (begin_deflate(&tested, &ours, settings) == Z_OK && begin_deflate(&reference, &theirs, settings) == Z_OK) {
        unsigned long bound = tested.deflateBound(&ours, count), least = reference.deflateBound(&theirs, count);
        CHECK(bound >= least && bound <= least + least / 100 + 32, "%lu, not %lu; bits %d memory %d", bound, least,
              settings.window_bits, settings.memory_level);
        CHECK(tested.deflateEnd(&ours) == Z_OK && reference.deflateEnd(&theirs) == Z_OK, " ");
    }
    free(packed);
    free(plain);
    free(again);
}

// Messages, each ended by a flush, between the two libraries in both directions: all of a message is there with its last
// byte, or a protocol that waits for an answer would hang.
static void message_case(struct random *random)
{
    current_case = "messages";
    static unsigned char plain[70000], packed[90000], again[70000];
    int flush = 1 + (int)below(random, 3);
    struct settings settings = some_settings(random);
    struct zlib *writer = one_in(random, 2) ? &reference : &tested, *reader = writer == &tested ? &reference : &tested;
    z_stream writing = {0}, reading = {0};
    if (begin_deflate(writer, &writing, settings) != Z_OK) return;
    int reader_bits = settings.window_bits < 0 ? -15 : settings.window_bits > 15 ? 31 : 15;
    CHECK(reader->inflateInit2_(&reading, reader_bits, ZLIB_VERSION, sizeof reading) == Z_OK, " ");
    for (int message = 0; message < 20; message++) {
        size_t count = 1 + sized(random, one_in(random, 4) ? 50000 : 300);
        fill(random, plain, count);
        writing.next_in = plain;
        writing.avail_in = (unsigned)count;
        writing.next_out = packed;
        writing.avail_out = sizeof packed;
        int result = writer->deflate(&writing, flush);
        CHECK(result == Z_OK && writing.avail_in == 0, "%s: %d", writer->name, result);
        reading.next_in = packed;
        reading.avail_in = (unsigned)(sizeof packed - writing.avail_out);
        reading.next_out = again;
        reading.avail_out = sizeof again;
        result = reader->inflate(&reading, Z_SYNC_FLUSH);
        CHECK(result == Z_OK && reading.avail_in == 0, "%s: %d, %u bytes left", reader->name, result, reading.avail_in);
        CHECK(sizeof again - reading.avail_out == count && !memcmp(plain, again, count), "%s: %zu of %zu bytes after flush %d",
              reader->name, sizeof again - reading.avail_out, count, flush);
    }
    writer->deflateEnd(&writing);
    reader->inflateEnd(&reading);
}

// Files: one library writes them, both read them.
static void file_case(struct random *random)
{
    current_case = "files";
    size_t count = sized(random, largest / 4 + 1);
    unsigned char *plain = malloc(count + 1), *again = malloc(count + 1);
    fill(random, plain, count);
    char name[] = "/tmp/uacce-random-buffers-XXXXXX", mode[] = "wb6";
    int file = mkstemp(name);
    CHECK(file >= 0, "%s", name);
    mode[2] = (char)('0' + below(random, 10));
    gzFile writing = tested.gzdopen(file, mode);
    if (one_in(random, 2)) tested.gzbuffer(writing, 1 + (unsigned)below(random, 100000));
    size_t done = 0, pieces = some_pieces(random, count);
    while (done < count) {
        size_t amount = piece(random, pieces, count - done);
        CHECK(tested.gzwrite(writing, plain + done, (unsigned)amount) == (int)amount, "%zu", amount);
        done += amount;
        if (one_in(random, 50)) CHECK(tested.gzflush(writing, one_in(random, 2) ? Z_SYNC_FLUSH : Z_FINISH) == Z_OK, " ");
        if (one_in(random, 50)) CHECK(tested.gzsetparams(writing, (int)below(random, 10), Z_DEFAULT_STRATEGY) == Z_OK, " ");
    }
    CHECK(tested.gztell(writing) == (long)count, " ");
    CHECK(tested.gzclose(writing) == Z_OK, " ");
    struct zlib *readers[] = {&reference, &tested};
    for (int index = 0; index < 2; index++) {
        struct zlib *reader = readers[index];
        gzFile reading = reader->gzopen(name, "rb");
        if (one_in(random, 2)) reader->gzbuffer(reading, 1 + (unsigned)below(random, 100000));
        memset(again, 0, count);
        for (done = 0; done < count;) {
            int amount = reader->gzread(reading, again + done, (unsigned)piece(random, pieces, count - done));
            if (amount <= 0) break;
            done += amount;
        }
        CHECK(done == count && !memcmp(plain, again, count), "%s reads %zu of %zu bytes", reader->name, done, count);
        CHECK(reader->gzgetc(reading) == -1 && reader->gzeof(reading), "%s", reader->name);
        if (count) {
            size_t where = below(random, count);
            CHECK(reader->gzseek(reading, (long)where, SEEK_SET) == (long)where, "%s", reader->name);
            CHECK(reader->gzgetc(reading) == plain[where], "%s", reader->name);
        }
        CHECK(reader->gzclose(reading) == Z_OK, "%s", reader->name);
    }
    remove(name);
    free(plain);
    free(again);
}

int main(int argument_count, char **arguments)
{
    static void (*const cases[])(struct random *) = {buffer_case, message_case, file_case};
    return run_cases(argument_count, arguments, cases, 3);
}
