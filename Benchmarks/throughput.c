// SPDX-License-Identifier: Apache-2.0
//
// Throughput of the uacce provider beside the default provider's, in one process: sync or in ASYNC jobs, on one thread
// or several, over algorithms and sizes.
//
// The two take turns, a slice each, so that whatever disturbs the machine disturbs both; the ratio is taken within a
// turn, and the median of them reported with its quartiles. So is what several threads gain: in every turn each of them
// works alone for a slice, too, and as many processes work for one, which share nothing: what those do is what the machine
// has. Before it measures, it checks that both providers give the same bytes.

#include "crew.h"
#include "samples.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROUNDS = 1000, MOST_CHOICES = 64 };

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
    struct summary apart;             // as many processes of uacce over one thread
    struct summary share;             // its threads over its processes
};

// How many requests per lane fill a slice. Also what warms units and caches up. The shortest of some tries counts: a
// worker that the machine kept waiting once would get next to nothing to do, and the waking up would be measured.
static size_t calibrate(struct crew *crew, uint64_t nanoseconds)
{
    enum { TRIES = 4 };
    size_t requests = 1;
    while (1) {
        double taken = crew_slice(crew, requests, ALL_WORKERS);
        for (int i = 1; i < TRIES; i++) {
            double again = crew_slice(crew, requests, ALL_WORKERS);
            taken = again < taken ? again : taken;
        }
        if (taken * 4 >= (double)nanoseconds)
            return (size_t)((double)requests * (double)nanoseconds / taken) + 1;
        requests *= 2;
    }
}

// The third result of every lane, because a cipher's chaining has to be right as well.
static void check_results(const struct row *row, struct crew *const crews[CONTENDERS])
{
    size_t expected_count, count;
    crew_slice(crews[PEER], 3, ALL_WORKERS);
    crew_slice(crews[UACCE], 3, ALL_WORKERS);
    const unsigned char *expected = job_loop_output(crew_loop(crews[PEER], 0), 0, &expected_count);
    for (size_t i = 0; i < row->thread_count; i++)
        for (size_t j = 0; j < job_loop_lanes(crew_loop(crews[UACCE], i)); j++) {
            const unsigned char *output = job_loop_output(crew_loop(crews[UACCE], i), j, &count);
            if (count != expected_count || memcmp(output, expected, count) != 0)
                fail("%s of %zu bytes in %zu jobs: uacce gives other bytes than the default provider",
                    row->algorithm->label, row->byte_count, row->job_count);
        }
}

// Nanoseconds that one thread alone takes, on the average of where each of them runs.
static double slice_alone(struct crew *crew, size_t thread_count, size_t requests)
{
    double taken = 0;
    for (size_t thread = 0; thread < thread_count; thread++)
        taken += crew_slice(crew, requests, thread) / (double)thread_count;
    return taken;
}

static void measure(struct row *row, const struct contestants *contestants, const struct plan *plan)
{
    enum { APART = CONTENDERS, CREWS }; // uacce's processes
    static double speed[CREWS][MOST_ROUNDS], ratio[MOST_ROUNDS], apart[MOST_ROUNDS], share[MOST_ROUNDS];
    static double alone[CONTENDERS][MOST_ROUNDS], gain[CONTENDERS][MOST_ROUNDS];
    struct crew *crews[CREWS];
    size_t requests[CREWS];
    const int crew_count = row->thread_count == 1 ? CONTENDERS : CREWS;
    // Processes first: what is forked has no threads beside it.
    for (int crew = crew_count - 1; crew >= 0; crew--) {
        const struct duty duty = {
            contestants, row->algorithm, crew == APART ? UACCE : (enum contender)crew, row->byte_count, row->job_count};
        crews[crew] = crew_open(crew == APART ? CREW_PROCESSES : CREW_THREADS, row->thread_count, &duty);
    }
    check_results(row, crews);
    for (int crew = 0; crew < crew_count; crew++)
        requests[crew] = calibrate(crews[crew], plan->slice_nanoseconds);
    double lanes = (double)job_loop_lanes(crew_loop(crews[UACCE], 0)), threads = (double)row->thread_count;
    for (size_t round = 0; round < plan->rounds; round++) {
        for (int turn = 0; turn < crew_count; turn++) {
            int crew = (turn + (int)round) % crew_count;
            double bytes = lanes * (double)requests[crew] * (double)row->byte_count;
            speed[crew][round] = threads * bytes / crew_slice(crews[crew], requests[crew], ALL_WORKERS) * 1e9;
            if (row->thread_count == 1 || crew == APART)
                continue;
            alone[crew][round] = bytes / slice_alone(crews[crew], row->thread_count, requests[crew]) * 1e9;
            gain[crew][round] = speed[crew][round] / alone[crew][round];
        }
        ratio[round] = speed[UACCE][round] / speed[PEER][round];
        if (row->thread_count > 1) {
            apart[round] = speed[APART][round] / alone[UACCE][round];
            share[round] = speed[UACCE][round] / speed[APART][round];
        }
    }
    for (int crew = 0; crew < crew_count; crew++)
        crew_close(crews[crew]);
    for (int contender = 0; contender < CONTENDERS; contender++) {
        row->speed[contender] = summarize(speed[contender], plan->rounds);
        if (row->thread_count > 1) {
            row->alone[contender] = summarize(alone[contender], plan->rounds);
            row->gain[contender] = summarize(gain[contender], plan->rounds);
        }
    }
    if (row->thread_count > 1) {
        row->apart = summarize(apart, plan->rounds);
        row->share = summarize(share, plan->rounds);
    }
    row->ratio = summarize(ratio, plan->rounds);
}

static void report(const struct row *row, FILE *json)
{
    printf("%-22s %8zu B %3zu jobs %zu threads  %9.1f MB/s  default %9.1f  ratio %.2f (%.2f to %.2f)\n",
        row->algorithm->label, row->byte_count, row->job_count, row->thread_count, row->speed[UACCE].median / 1e6,
        row->speed[PEER].median / 1e6, row->ratio.median, row->ratio.low, row->ratio.high);
    if (row->thread_count > 1)
        printf("%22s of one thread alone %.2f (%.2f to %.2f) times, default %.2f (%.2f to %.2f)\n"
               "%22s as many processes %.2f (%.2f to %.2f), and threads %.2f (%.2f to %.2f) of these\n",
            "", row->gain[UACCE].median, row->gain[UACCE].low, row->gain[UACCE].high, row->gain[PEER].median,
            row->gain[PEER].low, row->gain[PEER].high, "", row->apart.median, row->apart.low, row->apart.high,
            row->share.median, row->share.low, row->share.high);
    fflush(stdout);
    if (json == NULL)
        return;
    fprintf(json,
        "{\"algorithm\":\"%s\",\"bytes\":%zu,\"jobs\":%zu,\"threads\":%zu,\"uacce\":%.0f,\"default\":%.0f,"
        "\"ratio\":%.4f,\"low\":%.4f,\"high\":%.4f",
        row->algorithm->label, row->byte_count, row->job_count, row->thread_count, row->speed[UACCE].median,
        row->speed[PEER].median, row->ratio.median, row->ratio.low, row->ratio.high);
    if (row->thread_count > 1)
        fprintf(json, ",\"alone\":%.0f,\"gain\":[%.4f,%.4f,%.4f],\"default_gain\":[%.4f,%.4f,%.4f]"
                      ",\"apart\":[%.4f,%.4f,%.4f],\"share\":[%.4f,%.4f,%.4f]",
            row->alone[UACCE].median, row->gain[UACCE].low, row->gain[UACCE].median, row->gain[UACCE].high,
            row->gain[PEER].low, row->gain[PEER].median, row->gain[PEER].high, row->apart.low, row->apart.median,
            row->apart.high, row->share.low, row->share.median, row->share.high);
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
        case 't': plan.threads = numbers(optarg, MOST_WORKERS); break;
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
