// SPDX-License-Identifier: Apache-2.0
//
// Throughput of the uacce provider beside the default provider's, in one process: sync or in ASYNC jobs, on one thread
// or several, over algorithms and sizes.
//
// The two take turns, a slice each, so that whatever disturbs the machine disturbs both; the ratio is taken within a
// turn, and the median of them reported with its quartiles. So is what several threads gain: in every turn each of them
// works alone for a slice, too. Before it measures, it checks that both give the same bytes.

#define _GNU_SOURCE // for processors that threads may run on
#include "job_loop.h"
#include "samples.h"

#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROUNDS = 1000, MOST_THREADS = 64, MOST_CHOICES = 64 };

struct choices {
    size_t values[MOST_CHOICES];
    size_t count;
};

struct plan {
    size_t rounds;
    uint64_t slice_nanoseconds;
    struct choices sizes, jobs, threads;
    const char *only; // labels, separated by commas, or NULL for all
};

struct row {
    const struct algorithm *algorithm;
    size_t byte_count, job_count, thread_count;
    struct summary speed[CONTENDERS]; // bytes per second
    struct summary ratio;             // of speeds, uacce over default
    struct summary alone[CONTENDERS]; // bytes per second of one thread; of several threads only
    struct summary gain[CONTENDERS];  // all of them over one
};

struct crew;

// One thread's part of a slice.
struct part {
    struct job_loop *loop;
    size_t requests_per_lane;
    struct crew *crew;
};

// Threads that live as long as a measurement, as a server's do: a slice is one round trip through their barriers.
struct crew {
    size_t thread_count;
    struct part parts[MOST_THREADS];
    pthread_t threads[MOST_THREADS];
    pthread_barrier_t barrier;
    int ends;
};

// Keeps a thread on a processor of its own. Slices are too short for the kernel to find out that two threads that were
// woken together share one.
static void settle(size_t index)
{
    cpu_set_t allowed, own;
    CPU_ZERO(&own);
    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
        return;
    size_t chosen = index % (size_t)CPU_COUNT(&allowed), seen = 0;
    for (int processor = 0; processor < CPU_SETSIZE; processor++)
        if (CPU_ISSET(processor, &allowed) && seen++ == chosen)
            CPU_SET(processor, &own);
    pthread_setaffinity_np(pthread_self(), sizeof(own), &own);
}

static void *run_parts(void *argument)
{
    struct part *part = argument;
    settle((size_t)(part - part->crew->parts));
    while (1) {
        pthread_barrier_wait(&part->crew->barrier);
        if (part->crew->ends)
            return NULL;
        if (part->requests_per_lane > 0)
            job_loop_run(part->loop, part->requests_per_lane);
        pthread_barrier_wait(&part->crew->barrier);
    }
}

enum { ALL_THREADS = MOST_THREADS };

// Of all threads, or of one while the others sleep.
static double slice_of(struct crew *crew, size_t requests_per_lane, size_t who)
{
    for (size_t i = 0; i < crew->thread_count; i++)
        crew->parts[i].requests_per_lane = who == ALL_THREADS || who == i ? requests_per_lane : 0;
    uint64_t begin;
    if (crew->thread_count == 1) {
        begin = nanoseconds_now();
        job_loop_run(crew->parts[0].loop, requests_per_lane);
    } else {
        begin = nanoseconds_now();
        pthread_barrier_wait(&crew->barrier);
        pthread_barrier_wait(&crew->barrier);
    }
    return (double)(nanoseconds_now() - begin);
}

static double slice(struct crew *crew, size_t requests_per_lane)
{
    return slice_of(crew, requests_per_lane, ALL_THREADS);
}

static void crew_open(
    struct crew *crew, const struct contestants *contestants, const struct row *row, enum contender contender)
{
    crew->thread_count = row->thread_count;
    crew->ends = 0;
    pthread_barrier_init(&crew->barrier, NULL, (unsigned)row->thread_count + 1);
    for (size_t i = 0; i < row->thread_count; i++)
        crew->parts[i] = (struct part){
            job_loop_open(contestants, row->algorithm, contender, row->byte_count, row->job_count), 0, crew};
    for (size_t i = 0; crew->thread_count > 1 && i < crew->thread_count; i++)
        if (pthread_create(&crew->threads[i], NULL, run_parts, &crew->parts[i]) != 0)
            fail("no thread");
}

static void crew_close(struct crew *crew)
{
    crew->ends = 1;
    if (crew->thread_count > 1)
        pthread_barrier_wait(&crew->barrier);
    for (size_t i = 0; crew->thread_count > 1 && i < crew->thread_count; i++)
        pthread_join(crew->threads[i], NULL);
    for (size_t i = 0; i < crew->thread_count; i++)
        job_loop_close(crew->parts[i].loop);
    pthread_barrier_destroy(&crew->barrier);
}

// How many requests per lane fill a slice. Also what warms units and caches up.
static size_t calibrate(struct crew *crew, uint64_t nanoseconds)
{
    size_t requests = 1;
    while (1) {
        double taken = slice(crew, requests);
        if (taken * 4 >= (double)nanoseconds)
            return (size_t)((double)requests * (double)nanoseconds / taken) + 1;
        requests *= 2;
    }
}

// The third result of every lane, because a cipher's chaining has to be right as well.
static void check_results(const struct row *row, struct crew crews[CONTENDERS])
{
    size_t expected_count, count;
    slice(&crews[PEER], 3);
    slice(&crews[UACCE], 3);
    const unsigned char *expected = job_loop_output(crews[PEER].parts[0].loop, 0, &expected_count);
    for (size_t i = 0; i < row->thread_count; i++)
        for (size_t j = 0; j < job_loop_lanes(crews[UACCE].parts[i].loop); j++) {
            const unsigned char *output = job_loop_output(crews[UACCE].parts[i].loop, j, &count);
            if (count != expected_count || memcmp(output, expected, count) != 0)
                fail("%s of %zu bytes in %zu jobs: uacce gives other bytes than the default provider",
                    row->algorithm->label, row->byte_count, row->job_count);
        }
}

static void measure(struct row *row, const struct contestants *contestants, const struct plan *plan)
{
    static struct crew crews[CONTENDERS];
    static double speed[CONTENDERS][MOST_ROUNDS], ratio[MOST_ROUNDS];
    static double alone[CONTENDERS][MOST_ROUNDS], gain[CONTENDERS][MOST_ROUNDS];
    size_t requests[CONTENDERS];
    for (int contender = 0; contender < CONTENDERS; contender++)
        crew_open(&crews[contender], contestants, row, contender);
    check_results(row, crews);
    for (int contender = 0; contender < CONTENDERS; contender++)
        requests[contender] = calibrate(&crews[contender], plan->slice_nanoseconds);
    double lanes = (double)job_loop_lanes(crews[UACCE].parts[0].loop), threads = (double)row->thread_count;
    for (size_t round = 0; round < plan->rounds; round++) {
        for (int turn = 0; turn < CONTENDERS; turn++) {
            int contender = (turn + (int)round) % CONTENDERS;
            double taken = slice(&crews[contender], requests[contender]);
            double bytes = lanes * (double)requests[contender] * (double)row->byte_count;
            speed[contender][round] = threads * bytes / taken * 1e9;
            if (row->thread_count == 1)
                continue;
            double taken_alone = 0;
            for (size_t thread = 0; thread < row->thread_count; thread++)
                taken_alone += slice_of(&crews[contender], requests[contender], thread) / threads;
            alone[contender][round] = bytes / taken_alone * 1e9;
            gain[contender][round] = speed[contender][round] / alone[contender][round];
        }
        ratio[round] = speed[UACCE][round] / speed[PEER][round];
    }
    for (int contender = 0; contender < CONTENDERS; contender++) {
        row->speed[contender] = summarize(speed[contender], plan->rounds);
        if (row->thread_count > 1) {
            row->alone[contender] = summarize(alone[contender], plan->rounds);
            row->gain[contender] = summarize(gain[contender], plan->rounds);
        }
        crew_close(&crews[contender]);
    }
    row->ratio = summarize(ratio, plan->rounds);
}

static void report(const struct row *row, FILE *json)
{
    printf("%-22s %8zu B %3zu jobs %zu threads  %9.1f MB/s  default %9.1f  ratio %.2f (%.2f to %.2f)\n",
        row->algorithm->label, row->byte_count, row->job_count, row->thread_count, row->speed[UACCE].median / 1e6,
        row->speed[PEER].median / 1e6, row->ratio.median, row->ratio.low, row->ratio.high);
    if (row->thread_count > 1)
        printf("%22s of one thread alone %.2f (%.2f to %.2f) times, default %.2f (%.2f to %.2f)\n", "",
            row->gain[UACCE].median, row->gain[UACCE].low, row->gain[UACCE].high, row->gain[PEER].median,
            row->gain[PEER].low, row->gain[PEER].high);
    fflush(stdout);
    if (json == NULL)
        return;
    fprintf(json,
        "{\"algorithm\":\"%s\",\"bytes\":%zu,\"jobs\":%zu,\"threads\":%zu,\"uacce\":%.0f,\"default\":%.0f,"
        "\"ratio\":%.4f,\"low\":%.4f,\"high\":%.4f",
        row->algorithm->label, row->byte_count, row->job_count, row->thread_count, row->speed[UACCE].median,
        row->speed[PEER].median, row->ratio.median, row->ratio.low, row->ratio.high);
    if (row->thread_count > 1)
        fprintf(json, ",\"alone\":%.0f,\"gain\":[%.4f,%.4f,%.4f],\"default_gain\":[%.4f,%.4f,%.4f]",
            row->alone[UACCE].median, row->gain[UACCE].low, row->gain[UACCE].median, row->gain[UACCE].high,
            row->gain[PEER].low, row->gain[PEER].median, row->gain[PEER].high);
    fputs("}\n", json);
    fflush(json);
}

static _Noreturn void usage(void)
{
    fputs("usage: throughput [--algorithms LABEL,...] [--sizes BYTES,...] [--jobs N,...] [--threads N,...]\n"
          "                  [--rounds N] [--slice MICROSECONDS] [--json FILE]\n",
        stderr);
    exit(2);
}

static struct choices numbers(const char *text, unsigned long most)
{
    struct choices choices = {.count = 0};
    while (1) {
        char *end;
        unsigned long value = strtoul(text, &end, 10);
        if (*text < '0' || *text > '9' || value > most || choices.count == MOST_CHOICES)
            usage();
        choices.values[choices.count++] = value;
        if (*end == '\0')
            return choices;
        if (*end != ',')
            usage();
        text = end + 1;
    }
}

// Whether a list of labels, separated by commas, has this one.
static int is_wanted(const char *labels, const char *label)
{
    size_t length = strlen(label);
    if (labels == NULL)
        return 1;
    for (const char *at = labels; at != NULL; at = strchr(at, ','), at = at != NULL ? at + 1 : NULL)
        if (strncmp(at, label, length) == 0 && (at[length] == ',' || at[length] == '\0'))
            return 1;
    return 0;
}

static void measure_all(const struct contestants *contestants, const struct plan *plan, FILE *json)
{
    for (size_t a = 0; a < algorithm_count; a++)
        for (size_t t = 0; t < plan->threads.count; t++)
            for (size_t j = 0; j < plan->jobs.count; j++)
                for (size_t s = 0; s < plan->sizes.count; s++) {
                    struct row row = {
                        .algorithm = &algorithms[a], .byte_count = plan->sizes.values[s],
                        .job_count = plan->jobs.values[j], .thread_count = plan->threads.values[t]};
                    if (!is_wanted(plan->only, row.algorithm->label))
                        continue;
                    measure(&row, contestants, plan);
                    report(&row, json);
                }
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"algorithms", required_argument, NULL, 'a'}, {"sizes", required_argument, NULL, 's'},
        {"jobs", required_argument, NULL, 'n'}, {"threads", required_argument, NULL, 't'},
        {"rounds", required_argument, NULL, 'r'}, {"slice", required_argument, NULL, 'l'},
        {"json", required_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
    struct plan plan = {
        .rounds = 21, .slice_nanoseconds = 5000000, .sizes = numbers("16,256,1024,16384", LARGEST_REQUEST),
        .jobs = numbers("0", 0), .threads = numbers("1", 1), .only = NULL};
    FILE *json = NULL;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;)
        switch (option) {
        case 'a': plan.only = optarg; break;
        case 's': plan.sizes = numbers(optarg, LARGEST_REQUEST); break;
        case 'n': plan.jobs = numbers(optarg, 1024); break;
        case 't': plan.threads = numbers(optarg, MOST_THREADS); break;
        case 'r': plan.rounds = numbers(optarg, MOST_ROUNDS).values[0]; break;
        case 'l': plan.slice_nanoseconds = numbers(optarg, 10000000).values[0] * 1000; break;
        case 'j':
            if ((json = fopen(optarg, "a")) == NULL)
                fail("cannot write %s", optarg);
            break;
        default: usage();
        }
    if (optind != argc || plan.rounds == 0)
        usage();
    struct contestants contestants = contestants_load();
    measure_all(&contestants, &plan, json);
    contestants_unload(&contestants);
    return json != NULL && fclose(json) != 0;
}
