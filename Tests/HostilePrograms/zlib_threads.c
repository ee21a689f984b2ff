// SPDX-License-Identifier: Apache-2.0
//
// zlib among threads, forks, cancellation and the end of the process.
//   fork     a thread uses zlib for the first time while another one forks; the child uses it too, and must not hang
//   ledger   streams with an allocator of the program's, more than the library keeps on devices, ended and begun again by
//            several threads: right output, no corruption of the heap
//   cancel   threads are cancelled in the middle of streams; others must go on
//   exit     the process ends while threads are in the middle of streams
//
// Run: zlib_threads [CASE], linked with -lz, with libuacce-z.so preloaded or in libz.so.1's place; all cases without one.
// Exits 0 when all is well; 1 with a line on standard error for what was not.

#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

enum { LENGTH = 65536 };
static unsigned char data[LENGTH], packed[LENGTH + 1000];
static uLong packed_length = sizeof packed;
static atomic_int go, stop, bad;
static atomic_long rounds;

static void wait_milliseconds(long milliseconds)
{
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static void make_data(void)
{
    for (size_t i = 0; i < LENGTH; i++)
        data[i] = (unsigned char)((i * 2654435761u) >> 24 ^ (i >> 3));
}

static int both_ways(int level)
{
    unsigned char *mine = malloc(2 * LENGTH + 1000);
    uLongf length = LENGTH + 1000, back = LENGTH;
    int is_good = mine != NULL && compress2(mine, &length, data, LENGTH, level) == Z_OK &&
        uncompress(mine + LENGTH + 1000, &back, mine, length) == Z_OK && memcmp(data, mine + LENGTH + 1000, LENGTH) == 0;
    free(mine);
    return is_good;
}

// Waits for a child, at most so long; -1: it hangs, and is ended.
static int outcome(pid_t child, long milliseconds)
{
    int status;
    for (; milliseconds > 0; milliseconds -= 5) {
        if (waitpid(child, &status, WNOHANG) == child)
            return status;
        wait_milliseconds(5);
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return -1;
}

static void *first_use(void *unused)
{
    while (!go)
        ;
    both_ways(6);
    return unused;
}

static int case_fork(void)
{
    for (int round = 0; round < 150; round++) {
        // A process of its own, in which everything is used for the first time.
        pid_t outer = fork();
        if (outer == 0) {
            pthread_t thread;
            pthread_create(&thread, NULL, first_use, NULL);
            go = 1;
            for (volatile int i = 0; i < round * 137 % 40000; i++)
                ;
            pid_t inner = fork();
            if (inner == 0)
                _exit(both_ways(6) ? 0 : 1);
            _exit(outcome(inner, 5000) == 0 ? 0 : 1);
        }
        if (outcome(outer, 10000) != 0) {
            fprintf(stderr, "zlib_threads fork: round %d: the child of a fork hangs, or is wrong\n", round);
            return 1;
        }
    }
    return 0;
}

static void *own_memory(void *opaque, unsigned items, unsigned size) { (void)opaque; return calloc(items, size); }
static void own_free(void *opaque, void *memory) { (void)opaque; free(memory); }

static void feed(z_stream *stream, size_t at, size_t count, unsigned char *output)
{
    stream->next_in = packed + at, stream->avail_in = (unsigned)count;
    stream->next_out = output + stream->total_out, stream->avail_out = (unsigned)(LENGTH - stream->total_out);
    inflate(stream, Z_NO_FLUSH);
}

static void *many(void *unused)
{
    unsigned char *output = malloc(LENGTH);
    while (!stop) {
        z_stream streams[140];
        memset(streams, 0, sizeof streams);
        for (int i = 0; i < 140; i++) {
            streams[i].zalloc = own_memory, streams[i].zfree = own_free;
            inflateInit(&streams[i]);
            feed(&streams[i], 0, packed_length / 2, output);
        }
        for (int i = 0; i < 140; i++)
            inflateEnd(&streams[i]);
        rounds++;
    }
    free(output);
    return unused;
}

// One stream, again and again: large messages are a device's, small ones zlib's, with the device's side kept.
static void *reused(void *unused)
{
    unsigned char *output = malloc(LENGTH);
    z_stream stream = {0};
    stream.zalloc = own_memory, stream.zfree = own_free;
    inflateInit(&stream);
    while (!stop) {
        feed(&stream, 0, packed_length, output);
        if (stream.total_out != LENGTH || memcmp(output, data, LENGTH) != 0)
            bad = 1;
        for (int i = 0; i < 20; i++) {
            inflateReset(&stream);
            for (size_t at = 0; at < packed_length; at += 500)
                feed(&stream, at, packed_length - at < 500 ? packed_length - at : 500, output);
        }
        inflateReset(&stream);
    }
    inflateEnd(&stream);
    free(output);
    return unused;
}

static int case_ledger(void)
{
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, i == 0 ? many : reused, NULL);
    wait_milliseconds(4000);
    stop = 1;
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    if (bad || rounds == 0)
        fprintf(stderr, "zlib_threads ledger: %s\n", bad ? "wrong output" : "nothing was done");
    return bad || rounds == 0;
}

static void *endless(void *unused)
{
    for (;;) {
        both_ways(1 + (int)(rounds++ % 9));
        pthread_testcancel();
    }
    return unused;
}

static int case_cancel(void)
{
    for (int round = 0; round < 100; round++) {
        pthread_t thread;
        pthread_create(&thread, NULL, endless, NULL);
        struct timespec time = {0, round % 50 * 100000};
        nanosleep(&time, NULL);
        pthread_cancel(thread);
        pthread_join(thread, NULL);
        if (!both_ways(6)) {
            fprintf(stderr, "zlib_threads cancel: wrong output\n");
            return 1;
        }
    }
    return 0;
}

static int case_exit(void)
{
    for (int round = 0; round < 150; round++) {
        pid_t child = fork();
        if (child == 0) {
            pthread_t thread;
            for (int i = 0; i < 4; i++)
                pthread_create(&thread, NULL, i == 3 ? first_use : endless, NULL);
            go = 1;
            struct timespec time = {0, round % 30 * 100000};
            nanosleep(&time, NULL);
            exit(0);
        }
        int status = outcome(child, 10000);
        if (status != 0) {
            fprintf(stderr, "zlib_threads exit: round %d: status %x\n", round, (unsigned)status);
            return 1;
        }
    }
    return 0;
}

int main(int count, char **arguments)
{
    static const struct {
        const char *name;
        int (*run)(void);
    } cases[] = {{"fork", case_fork}, {"exit", case_exit}, {"ledger", case_ledger}, {"cancel", case_cancel}};
    make_data();
    int failures = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (count > 1 && strcmp(arguments[1], cases[i].name) != 0)
            continue;
        // In a process of its own: none has used zlib before, or ends the others.
        pid_t child = fork();
        if (child == 0) {
            if (cases[i].run == case_ledger && compress(packed, &packed_length, data, LENGTH) != Z_OK)
                _exit(2);
            exit(cases[i].run());
        }
        int status = outcome(child, 120000);
        if (status != 0) {
            fprintf(stderr, "zlib_threads %s: status %x\n", cases[i].name, (unsigned)status);
            failures++;
        }
    }
    return failures > 0;
}
