// SPDX-License-Identifier: Apache-2.0
//
// Workers that live as long as a measurement, as a server's do: threads of this process, or processes of their own. Each
// stays on a processor of its own: slices are too short for the kernel to find out that two that were woken together
// share one.

#ifndef BENCHMARKS_CREW_H
#define BENCHMARKS_CREW_H

#include "job_loop.h"

enum { MOST_WORKERS = 64, ALL_WORKERS = MOST_WORKERS };

enum crew_kind {
    // One worker of these is the caller itself.
    CREW_THREADS,
    CREW_PROCESSES,
};

// What each worker does.
struct duty {
    const struct contestants *contestants;
    const struct algorithm *algorithm;
    enum contender contender;
    size_t byte_count, job_count;
};

struct crew;

struct crew *crew_open(enum crew_kind kind, size_t worker_count, const struct duty *duty);

// Has all workers, or one while the others sleep, make so many requests in each of their lanes. Returns nanoseconds.
double crew_slice(struct crew *crew, size_t requests_per_lane, size_t who);

// Of threads only: a worker's requests.
struct job_loop *crew_loop(const struct crew *crew, size_t worker);

void crew_close(struct crew *crew);

#endif
