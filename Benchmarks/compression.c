// SPDX-License-Identifier: Apache-2.0
//
// compression [--cpu] [--seconds S] LIBRARY LIBRARY FILE...
//
// Speed and ratio of two libraries with zlib's ABI, side by side in the same run: the first is what the second is measured
// against. Each FILE is compressed as a whole, in messages of 64 KiB, of 1 KiB, and as a stream of 64 KiB writes, at levels
// 1, 6 and 9; and what the first made of it at level 6 is inflated, whole, by messages, and into 64 KiB pieces. Everything
// that the second makes is inflated by the first and compared before it counts. The two take turns, so that both see the
// same machine; how many times as fast the second is, is taken within a turn, and the median of all turns counts. Prints one
// object of JSON per line. --cpu
// counts the process's time instead of the clock's, for machines that others use too.

#include "samples.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

struct library {
    const char *path;
    int (*deflate_init)(z_streamp, int, int, int, int, int, const char *, int);
    int (*deflate)(z_streamp, int);
    int (*deflate_end)(z_streamp);
    uLong (*deflate_bound)(z_streamp, uLong);
    int (*inflate_init)(z_streamp, int, const char *, int);
    int (*inflate)(z_streamp, int);
    int (*inflate_end)(z_streamp);
};

struct buffer {
    unsigned char *bytes;
    size_t count;
    size_t room;
};

/// Compressed messages one behind the other, and where each ends.
struct messages {
    struct buffer data;
    size_t *ends;
    size_t *sizes;
    size_t count;
};

static double least_seconds = 0.5;
static clockid_t clock_id = CLOCK_MONOTONIC;

static void fail(const char *what, const char *which)
{
    fprintf(stderr, "compression: %s: %s\n", which, what);
    exit(1);
}

static void *find(void *handle, const char *name, const char *path)
{
    void *function = dlsym(handle, name);
    if (function == NULL)
        fail(name, path);
    return function;
}

static struct library open_library(const char *path)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL)
        fail(dlerror(), path);
    struct library library = {.path = path};
    *(void **)&library.deflate_init = find(handle, "deflateInit2_", path);
    *(void **)&library.deflate = find(handle, "deflate", path);
    *(void **)&library.deflate_end = find(handle, "deflateEnd", path);
    *(void **)&library.deflate_bound = find(handle, "deflateBound", path);
    *(void **)&library.inflate_init = find(handle, "inflateInit2_", path);
    *(void **)&library.inflate = find(handle, "inflate", path);
    *(void **)&library.inflate_end = find(handle, "inflateEnd", path);
    return library;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(clock_id, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static struct buffer read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        fail("cannot be read", path);
    struct buffer data = {NULL, (size_t)ftell(file), 0};
    rewind(file);
    data.bytes = malloc(data.count + 1);
    if (data.bytes == NULL || fread(data.bytes, 1, data.count, file) != data.count || data.count == 0)
        fail("cannot be read", path);
    fclose(file);
    return data;
}

/// Compresses `data` in messages of `size` bytes (0: all of it), each written in pieces of `piece` bytes (0: at once).
static void compress_all(
    const struct library *library, const struct buffer *data, size_t size, size_t piece, int level,
    struct messages *result)
{
    result->count = 0;
    result->data.count = 0;
    for (size_t start = 0; start < data->count; start += size == 0 ? data->count : size) {
        size_t count = size == 0 || data->count - start < size ? data->count - start : size;
        z_stream stream = {0};
        if (library->deflate_init(&stream, level, Z_DEFLATED, 15, 8, 0, ZLIB_VERSION, (int)sizeof(stream)) != Z_OK)
            fail("deflateInit2", library->path);
        stream.next_out = result->data.bytes + result->data.count;
        stream.avail_out = (uInt)(result->data.room - result->data.count);
        for (size_t done = 0; done < count;) {
            size_t part = piece == 0 || count - done < piece ? count - done : piece;
            stream.next_in = data->bytes + start + done;
            stream.avail_in = (uInt)part;
            done += part;
            int code = library->deflate(&stream, done == count ? Z_FINISH : Z_NO_FLUSH);
            if (code != (done == count ? Z_STREAM_END : Z_OK))
                fail("deflate", library->path);
        }
        result->data.count += stream.total_out;
        result->ends[result->count] = result->data.count;
        result->sizes[result->count++] = count;
        library->deflate_end(&stream);
    }
}

/// Inflates them all, each into pieces of `piece` bytes (0: at once).
static void inflate_all(const struct library *library, const struct messages *messages, size_t piece, struct buffer *result)
{
    result->count = 0;
    size_t start = 0;
    for (size_t index = 0; index < messages->count; index++) {
        z_stream stream = {0};
        if (library->inflate_init(&stream, 15, ZLIB_VERSION, (int)sizeof(stream)) != Z_OK)
            fail("inflateInit2", library->path);
        stream.next_in = messages->data.bytes + start;
        stream.avail_in = (uInt)(messages->ends[index] - start);
        size_t count = messages->sizes[index];
        int code = Z_OK;
        while (code == Z_OK) {
            stream.next_out = result->bytes + result->count + stream.total_out;
            stream.avail_out = (uInt)(piece == 0 || count - stream.total_out < piece ? count - stream.total_out : piece);
            code = library->inflate(&stream, Z_NO_FLUSH);
        }
        if (code != Z_STREAM_END || stream.total_out != count)
            fail("inflate", library->path);
        result->count += count;
        start = messages->ends[index];
        library->inflate_end(&stream);
    }
}

static void check(const struct library *judge, const struct messages *made, const struct buffer *data, struct buffer *room)
{
    inflate_all(judge, made, 0, room);
    if (room->count != data->count || memcmp(room->bytes, data->bytes, data->count) != 0)
        fail("what was compressed is something else", judge->path);
}

struct way {
    const char *name;
    size_t size;
    size_t piece;
};

static const struct way ways[] = {
    {"whole", 0, 0},
    {"64 KiB messages", 65536, 0},
    {"64 KiB writes", 0, 65536},
    {"1 KiB messages", 1024, 0},
};

static const int levels[] = {1, 6, 9};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

enum { MOST_ROUNDS = 4096 };

/// What two libraries are to do with one file.
struct contest {
    const char *file;
    struct library libraries[2];
    struct buffer data, back;
    struct messages made[2];
};

/// One library's turn at a level; 0: what the first made is inflated.
static void take_turn(struct contest *contest, int which, const struct way *way, int level)
{
    const struct library *library = &contest->libraries[which];
    if (level != 0)
        return compress_all(library, &contest->data, way->size, way->piece, level, &contest->made[which]);
    inflate_all(library, &contest->made[0], way->piece, &contest->back);
}

static void compare(struct contest *contest, const struct way *way, int level)
{
    static double seconds[2][MOST_ROUNDS], times[MOST_ROUNDS];
    const double size = (double)contest->data.count;
    double spent = 0, speeds[2], ratios[2];
    size_t rounds = 0;
    if (level == 0) // zlib's default level, not in pieces
        compress_all(&contest->libraries[0], &contest->data, way->size, 0, 6, &contest->made[0]);
    while (rounds < MOST_ROUNDS && (rounds < 3 || spent < least_seconds)) {
        for (int which = 0; which < 2; which++) {
            double start = now();
            take_turn(contest, which, way, level);
            spent += seconds[which][rounds] = now() - start;
            if (level == 0 && memcmp(contest->back.bytes, contest->data.bytes, contest->data.count) != 0)
                fail("what was inflated is something else", contest->libraries[which].path);
        }
        times[rounds] = seconds[0][rounds] / seconds[1][rounds];
        rounds++;
    }
    if (level != 0)
        check(&contest->libraries[0], &contest->made[1], &contest->data, &contest->back);
    for (int which = 0; which < 2; which++) {
        speeds[which] = size / summarize(seconds[which], rounds).median / 1e6;
        ratios[which] = size / (double)contest->made[level == 0 ? 0 : which].data.count;
    }
    char work[16];
    snprintf(work, sizeof(work), level == 0 ? "inflate" : "deflate -%c", '0' + level);
    struct summary summary = summarize(times, rounds);
    printf("{\"file\":\"%s\",\"work\":\"%s\",\"way\":\"%s\",\"mb_per_s\":[%.1f,%.1f],"
           "\"times\":[%.3f,%.3f,%.3f],\"ratio\":[%.4f,%.4f]}\n",
           base_name(contest->file), work, way->name, speeds[0], speeds[1], summary.low, summary.median, summary.high,
           ratios[0], ratios[1]);
    fflush(stdout);
}

int main(int count, char **arguments)
{
    int first = 1;
    while (first < count && strncmp(arguments[first], "--", 2) == 0) {
        if (strcmp(arguments[first], "--cpu") == 0)
            clock_id = CLOCK_PROCESS_CPUTIME_ID;
        else if (strcmp(arguments[first], "--seconds") == 0 && first + 1 < count)
            least_seconds = atof(arguments[++first]);
        else
            fail("no such option", arguments[first]);
        first++;
    }
    if (count - first < 3)
        fail("two libraries and files are wanted", "usage");
    struct contest contest = {
        .libraries = {open_library(arguments[first]), open_library(arguments[first + 1])},
    };
    for (int index = first + 2; index < count; index++) {
        contest.file = arguments[index];
        contest.data = read_file(contest.file);
        const size_t size = contest.data.count, limit = size / 1024 + 2, room = size + size / 8 + 64 * limit;
        contest.back = (struct buffer){malloc(size + 1), 0, size};
        for (int which = 0; which < 2; which++) {
            contest.made[which] = (struct messages){
                {malloc(room), 0, room}, calloc(limit, sizeof(size_t)), calloc(limit, sizeof(size_t)), 0};
            memset(contest.made[which].data.bytes, 0, room);
        }
        for (size_t way = 0; way < sizeof(ways) / sizeof(*ways); way++) {
            for (size_t level = 0; level < sizeof(levels) / sizeof(*levels); level++)
                compare(&contest, &ways[way], levels[level]);
            compare(&contest, &ways[way], 0);
        }
        free(contest.data.bytes);
        free(contest.back.bytes);
        for (int which = 0; which < 2; which++) {
            free(contest.made[which].data.bytes);
            free(contest.made[which].ends);
            free(contest.made[which].sizes);
        }
    }
}
