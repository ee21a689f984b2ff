// SPDX-License-Identifier: Apache-2.0
//
// Requests in ASYNC jobs, as a server has them: many jobs in one thread, each waiting for its own request.

#ifndef BENCHMARKS_JOB_LOOP_H
#define BENCHMARKS_JOB_LOOP_H

#include "requests.h"

// Lanes that make equal requests, each in a job of its own.
struct job_loop;

// 0 jobs: one lane, without a job.
struct job_loop *job_loop_open(
    const struct contestants *contestants, const struct algorithm *algorithm, enum contender contender,
    size_t byte_count, size_t job_count);

// Has every lane make so many requests, and waits for paused jobs with poll(2), all of them at once.
void job_loop_run(struct job_loop *loop, size_t requests_per_lane);

size_t job_loop_lanes(const struct job_loop *loop);

// The output of one lane's last request.
const unsigned char *job_loop_output(const struct job_loop *loop, size_t lane, size_t *byte_count);

void job_loop_close(struct job_loop *loop);

#endif
