// SPDX-License-Identifier: Apache-2.0
//
// What a request costs through the uacce provider, against the default provider in the same process.
//
// Four lanes make the same requests: each provider through EVP, and each straight through its dispatch table. They
// take turns, a short burst each, so that whatever disturbs the machine disturbs all four; ratios and differences are
// taken within a turn, and the median of them is reported with its quartiles.
//
//   ratio     time through EVP, uacce over default: what an application sees
//   overhead  time of the dispatch functions, uacce minus default. Both end in the same libcrypto code, so this is
//             what the way to the device and back costs, descriptor, ring, doorbell and completion
//
// Before it measures, it checks that all four give the same bytes.

#include "requests.h"
#include "samples.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROUNDS = 10000 };

static const size_t request_sizes[] = {16, 64, 256, 1024, 4096, 16384};
static const size_t request_size_count = sizeof(request_sizes) / sizeof(request_sizes[0]);

// The overhead is the same for every size; beyond this one the unit's own time drowns it in noise.
enum { LARGEST_REQUEST_FOR_OVERHEAD = 256 };

struct plan {
    size_t rounds;
    uint64_t burst_nanoseconds;
    const char *only; // label of an algorithm, or NULL
};

struct row {
    const struct algorithm *algorithm;
    size_t byte_count;
    struct summary time[ENTRANCES][CONTENDERS]; // nanoseconds per request
    struct summary ratio;
    struct summary overhead; // nanoseconds
};

static double burst(struct lane *lane, size_t request_count)
{
    uint64_t begin = nanoseconds_now();
    lane_run(lane, request_count);
    return (double)(nanoseconds_now() - begin) / (double)request_count;
}

// How many requests fill a burst.
static size_t calibrate(struct lane *lane, uint64_t burst_nanoseconds)
{
    size_t request_count = 16;
    while (1) {
        double each = burst(lane, request_count);
        if (each * (double)request_count * 4 >= (double)burst_nanoseconds)
            return (size_t)((double)burst_nanoseconds / each) + 1;
        request_count *= 2;
    }
}

// The third result of every lane, because a cipher's chaining has to be right as well.
static void check_results(const struct row *row, struct lane *const lanes[ENTRANCES][CONTENDERS])
{
    size_t expected_count;
    lane_run(lanes[THROUGH_EVP][PEER], 3);
    const unsigned char *expected = lane_output(lanes[THROUGH_EVP][PEER], &expected_count);
    for (int entrance = 0; entrance < ENTRANCES; entrance++)
        for (int contender = 0; contender < CONTENDERS; contender++) {
            size_t count;
            if (entrance == THROUGH_EVP && contender == PEER)
                continue;
            lane_run(lanes[entrance][contender], 3);
            const unsigned char *output = lane_output(lanes[entrance][contender], &count);
            if (count != expected_count || memcmp(output, expected, count) != 0)
                fail("%s of %zu bytes: %s through %s gives other bytes than the default provider",
                    row->algorithm->label, row->byte_count, contender_name[contender], entrance_name[entrance]);
        }
}

static void measure(struct row *row, const struct contestants *contestants, const struct plan *plan)
{
    static double time[ENTRANCES][CONTENDERS][MOST_ROUNDS], ratio[MOST_ROUNDS], overhead[MOST_ROUNDS];
    struct lane *lanes[ENTRANCES][CONTENDERS];
    size_t request_count[ENTRANCES][CONTENDERS];

    for (int entrance = 0; entrance < ENTRANCES; entrance++)
        for (int contender = 0; contender < CONTENDERS; contender++)
            lanes[entrance][contender] =
                lane_open(contestants, row->algorithm, contender, entrance, row->byte_count);
    check_results(row, lanes);
    for (int entrance = 0; entrance < ENTRANCES; entrance++)
        for (int contender = 0; contender < CONTENDERS; contender++)
            request_count[entrance][contender] = calibrate(lanes[entrance][contender], plan->burst_nanoseconds);

    for (size_t round = 0; round < plan->rounds; round++) {
        // Another lane begins each round, so that none always follows the same one.
        for (int turn = 0; turn < ENTRANCES * CONTENDERS; turn++) {
            int lane = (turn + (int)round) % (ENTRANCES * CONTENDERS);
            int entrance = lane / CONTENDERS, contender = lane % CONTENDERS;
            time[entrance][contender][round] =
                burst(lanes[entrance][contender], request_count[entrance][contender]);
        }
        ratio[round] = time[THROUGH_EVP][UACCE][round] / time[THROUGH_EVP][PEER][round];
        overhead[round] = time[THROUGH_DISPATCH][UACCE][round] - time[THROUGH_DISPATCH][PEER][round];
    }

    for (int entrance = 0; entrance < ENTRANCES; entrance++)
        for (int contender = 0; contender < CONTENDERS; contender++) {
            row->time[entrance][contender] = summarize(time[entrance][contender], plan->rounds);
            lane_close(lanes[entrance][contender]);
        }
    row->ratio = summarize(ratio, plan->rounds);
    row->overhead = summarize(overhead, plan->rounds);
}

static void print_header(void)
{
    puts("| algorithm | bytes | uacce, EVP ns | default, EVP ns | ratio (quartiles) | uacce, dispatch ns |"
         " default, dispatch ns | overhead ns (quartiles) |");
    puts("|---|--:|--:|--:|--:|--:|--:|--:|");
}

static void print_row(const struct row *row)
{
    printf("| %s | %zu | %.1f | %.1f | %.2f (%.2f to %.2f) | %.1f | %.1f | %.1f (%.1f to %.1f) |\n",
        row->algorithm->label, row->byte_count, row->time[THROUGH_EVP][UACCE].median,
        row->time[THROUGH_EVP][PEER].median, row->ratio.median, row->ratio.low, row->ratio.high,
        row->time[THROUGH_DISPATCH][UACCE].median, row->time[THROUGH_DISPATCH][PEER].median, row->overhead.median,
        row->overhead.low, row->overhead.high);
    fflush(stdout);
}

static void write_summary(FILE *file, const char *name, struct summary summary, const char *end)
{
    fprintf(file, "\"%s\":{\"low\":%.3f,\"median\":%.3f,\"high\":%.3f}%s", name, summary.low, summary.median,
        summary.high, end);
}

static void write_json(FILE *file, const struct row *row)
{
    fprintf(file, "{\"algorithm\":\"%s\",\"bytes\":%zu,", row->algorithm->label, row->byte_count);
    write_summary(file, "evp_uacce_ns", row->time[THROUGH_EVP][UACCE], ",");
    write_summary(file, "evp_default_ns", row->time[THROUGH_EVP][PEER], ",");
    write_summary(file, "ratio", row->ratio, ",");
    write_summary(file, "dispatch_uacce_ns", row->time[THROUGH_DISPATCH][UACCE], ",");
    write_summary(file, "dispatch_default_ns", row->time[THROUGH_DISPATCH][PEER], ",");
    write_summary(file, "overhead_ns", row->overhead, "}");
}

static void usage(void)
{
    fputs("usage: request_cost [--rounds N] [--burst MICROSECONDS] [--algorithm LABEL] [--json FILE]\n", stderr);
    exit(2);
}

static unsigned long number(const char *text, unsigned long most)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || value == 0 || value > most)
        usage();
    return value;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"rounds", required_argument, NULL, 'r'}, {"burst", required_argument, NULL, 'b'},
        {"algorithm", required_argument, NULL, 'a'}, {"json", required_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
    struct plan plan = {.rounds = 151, .burst_nanoseconds = 1000000, .only = NULL};
    FILE *json = NULL;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;)
        switch (option) {
        case 'r': plan.rounds = number(optarg, MOST_ROUNDS); break;
        case 'b': plan.burst_nanoseconds = number(optarg, 1000000) * 1000; break;
        case 'a': plan.only = find_algorithm(optarg)->label; break;
        case 'j':
            if ((json = fopen(optarg, "w")) == NULL)
                fail("cannot write %s", optarg);
            break;
        default: usage();
        }
    if (optind != argc)
        usage();

    struct contestants contestants = contestants_load();
    double worst_overhead = -1e9;
    const char *separator = "{\"rows\":[\n";
    print_header();
    for (size_t i = 0; i < algorithm_count; i++)
        for (size_t j = 0; j < request_size_count; j++) {
            struct row row = {.algorithm = &algorithms[i], .byte_count = request_sizes[j]};
            if (!row.algorithm->by_dispatch)
                continue;
            if (plan.only != NULL && strcmp(plan.only, row.algorithm->label) != 0)
                continue;
            measure(&row, &contestants, &plan);
            print_row(&row);
            if (row.byte_count <= LARGEST_REQUEST_FOR_OVERHEAD && row.overhead.median > worst_overhead)
                worst_overhead = row.overhead.median;
            if (json != NULL) {
                fputs(separator, json);
                write_json(json, &row);
                separator = ",\n";
            }
        }
    contestants_unload(&contestants);
    if (json != NULL) {
        fprintf(json, "\n],\n\"worst_overhead_ns\":%.1f}\n", worst_overhead);
        if (fclose(json) != 0)
            fail("cannot write the results");
    }
    return 0;
}
