// SPDX-License-Identifier: Apache-2.0
// processes SYSTEM-LIBZ TESTED-LIBZ
//
// Streams where processes do more than one thing: many threads at once, streams handed from thread to thread, a fork in
// the middle of streams that parent and child both finish, allocators that forget streams, and an exit handler that
// compresses.

#include "two_libraries.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PLAIN = 300000 };
static unsigned char plain[PLAIN];

struct half_done {
    z_stream deflating, inflating;
    unsigned char packed[PLAIN + 1000], again[PLAIN + 1];
};

// The first half of a stream.
static void begin(struct half_done *work, int level, int window_bits)
{
    memset(&work->deflating, 0, sizeof work->deflating);
    memset(&work->inflating, 0, sizeof work->inflating);
    CHECK(tested.deflateInit2_(&work->deflating, level, 8, window_bits, 8, 0, ZLIB_VERSION, sizeof(z_stream)) == Z_OK, " ");
    CHECK(tested.inflateInit2_(&work->inflating, window_bits, ZLIB_VERSION, sizeof(z_stream)) == Z_OK, " ");
    work->deflating.next_in = plain, work->deflating.avail_in = PLAIN / 2;
    work->deflating.next_out = work->packed, work->deflating.avail_out = sizeof work->packed;
    CHECK(tested.deflate(&work->deflating, Z_SYNC_FLUSH) == Z_OK, " ");
    work->inflating.next_in = work->packed, work->inflating.avail_in = (unsigned)work->deflating.total_out;
    work->inflating.next_out = work->again, work->inflating.avail_out = sizeof work->again;
    int result = tested.inflate(&work->inflating, Z_SYNC_FLUSH);
    CHECK(result == Z_OK && work->inflating.total_out == PLAIN / 2, "%d, %lu", result, work->inflating.total_out);
}

// The second half. False: something is wrong.
static int finish(struct half_done *work)
{
    work->deflating.next_in = plain + PLAIN / 2, work->deflating.avail_in = PLAIN - PLAIN / 2;
    int packing = tested.deflate(&work->deflating, Z_FINISH);
    work->inflating.avail_in = (unsigned)(work->packed + work->deflating.total_out - work->inflating.next_in);
    int reading = tested.inflate(&work->inflating, Z_FINISH);
    int right = packing == Z_STREAM_END && reading == Z_STREAM_END && work->inflating.total_out == PLAIN &&
        !memcmp(plain, work->again, PLAIN);
    if (!right) fprintf(stderr, "%d %d, %lu bytes\n", packing, reading, work->inflating.total_out);
    return tested.deflateEnd(&work->deflating) == Z_OK && tested.inflateEnd(&work->inflating) == Z_OK && right;
}

static void *many_streams(void *argument)
{
    static const int bits[] = {15, -15, 31};
    struct half_done *work = malloc(sizeof *work);
    long wrong = 0;
    for (int turn = 0; turn < 30; turn++) {
        begin(work, 1 + (turn + (int)(long)argument) % 9, bits[turn % 3]);
        wrong += !finish(work);
    }
    free(work);
    return (void *)wrong;
}

static void *finish_here(void *work) { return (void *)(long)!finish(work); }

static void threads(void)
{
    current_case = "threads";
    pthread_t all[8];
    void *wrong;
    for (long index = 0; index < 8; index++) pthread_create(&all[index], NULL, many_streams, (void *)index);
    for (int index = 0; index < 8; index++) {
        pthread_join(all[index], &wrong);
        CHECK(!wrong, "%ld streams went wrong", (long)wrong);
    }
    // Begun here, finished there.
    struct half_done *work = malloc(sizeof *work);
    for (int turn = 0; turn < 10; turn++) {
        begin(work, 6, 15);
        pthread_create(all, NULL, finish_here, work);
        pthread_join(*all, &wrong);
        CHECK(!wrong, "moved to another thread");
    }
    free(work);
}

static void forks(void)
{
    current_case = "fork";
    struct half_done *work = malloc(sizeof *work);
    begin(work, 6, 31);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(30);
        int right = finish(work);
        // And one from the beginning.
        begin(work, 1, 15);
        _exit(!(right && finish(work)));
    }
    CHECK(finish(work), "the parent's stream");
    int status = -1;
    waitpid(child, &status, 0);
    CHECK(status == 0, "the child's streams: %x", status);
    free(work);
}

// Memory that is given out from one piece, and all taken back at once without a word.
struct arena { unsigned char *memory; size_t used, count; };
static void *from_arena(void *opaque, unsigned items, unsigned size)
{
    struct arena *arena = opaque;
    size_t count = ((size_t)items * size + 15) & ~(size_t)15;
    if (arena->used + count > arena->count) return NULL;
    arena->used += count;
    return arena->memory + arena->used - count;
}
static void to_arena(void *opaque, void *memory) { (void)opaque, (void)memory; }

static long greatest_size(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void forgotten(void)
{
    current_case = "forgotten streams";
    unsigned char *packed = malloc(PLAIN + 1000);
    long before = 0;
    for (int turn = 0; turn < 3000; turn++) {
        struct arena arena = {.count = 400000};
        // Not always the same place.
        arena.memory = malloc(arena.count + turn % 7 * 4096);
        z_stream *stream = calloc(1, sizeof *stream);
        stream->zalloc = from_arena, stream->zfree = to_arena, stream->opaque = &arena;
        int deflating = turn % 2;
        CHECK((deflating ? tested.deflateInit_(stream, 1, ZLIB_VERSION, sizeof *stream)
                         : tested.inflateInit_(stream, ZLIB_VERSION, sizeof *stream)) == Z_OK, " ");
        stream->next_in = deflating ? plain : packed, stream->avail_in = deflating ? 40000 : 5000;
        unsigned char *output = malloc(60000);
        stream->next_out = output, stream->avail_out = 60000;
        if (turn == 0) {
            uLongf count = PLAIN + 1000;
            reference.compress2(packed, &count, plain, PLAIN, 6);
        }
        int result = deflating ? tested.deflate(stream, Z_NO_FLUSH) : tested.inflate(stream, Z_NO_FLUSH);
        CHECK(result == Z_OK, "%d", result);
        free(output);
        free(stream);
        memset(arena.memory, 0, 64);
        free(arena.memory);
        if (turn == 600) before = greatest_size();
    }
    // What 2400 streams hold would be hundreds of megabytes.
    CHECK(greatest_size() - before < 40000, "%ld KiB more than after 600 streams", greatest_size() - before);
    free(packed);
}

static void at_exit(void)
{
    struct half_done *work = malloc(sizeof *work);
    begin(work, 6, 15);
    if (!finish(work) || failures) _exit(1);
    free(work);
}

int main(int argument_count, char **arguments)
{
    if (argument_count < 3) return 2;
    atexit(at_exit);
    open_zlib(&reference, arguments[1]);
    open_zlib(&tested, arguments[2]);
    struct random random = seeded(7);
    static const char text[] = "a queue of devices, and of streams that wait for one; ";
    for (size_t index = 0; index < PLAIN; index++) {
        plain[index] = one_in(&random, 9) ? (unsigned char)next(&random) : (unsigned char)text[(index * 7 / 5) % (sizeof text - 1)];
    }
    threads();
    forks();
    forgotten();
    printf("%lu checks, %lu failed\n", checks, failures);
    return failures != 0;
}
