// SPDX-License-Identifier: Apache-2.0
//
// Repeated measurements and what to say about them: the median, because a shared machine disturbs in one direction
// only, and the quartiles, to show how much it did.

#ifndef BENCHMARKS_SAMPLES_H
#define BENCHMARKS_SAMPLES_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

struct summary {
    double low;    // first quartile
    double median;
    double high;   // third quartile
};

static inline uint64_t nanoseconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline int compare_samples(const void *left, const void *right)
{
    double difference = *(const double *)left - *(const double *)right;
    return (difference > 0) - (difference < 0);
}

// Sorts the samples in place.
static inline struct summary summarize(double *samples, size_t count)
{
    qsort(samples, count, sizeof(*samples), compare_samples);
    return (struct summary){samples[count / 4], samples[count / 2], samples[count - 1 - count / 4]};
}

#endif
