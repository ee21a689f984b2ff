// SPDX-License-Identifier: Apache-2.0

#include "job_loop.h"

#include <openssl/async.h>
#include <poll.h>
#include <stdlib.h>

enum { MOST_JOBS = 1024 };

struct job_loop {
    size_t job_count;
    size_t lane_count;
    struct lane *lanes[MOST_JOBS];
    ASYNC_JOB *jobs[MOST_JOBS];
    ASYNC_WAIT_CTX *wait_contexts[MOST_JOBS];
};

struct errand {
    struct lane *lane;
    size_t request_count;
};

static int run_errand(void *argument)
{
    const struct errand *errand = argument;
    lane_run(errand->lane, errand->request_count);
    return 1;
}

struct job_loop *job_loop_open(
    const struct contestants *contestants, const struct algorithm *algorithm, enum contender contender,
    size_t byte_count, size_t job_count)
{
    struct job_loop *loop = calloc(1, sizeof(*loop));
    if (loop == NULL || job_count > MOST_JOBS)
        fail("no room for %zu jobs", job_count);
    loop->job_count = job_count;
    loop->lane_count = job_count != 0 ? job_count : 1;
    for (size_t i = 0; i < loop->lane_count; i++)
        loop->lanes[i] = lane_open(contestants, algorithm, contender, THROUGH_EVP, byte_count);
    for (size_t i = 0; i < job_count; i++)
        if ((loop->wait_contexts[i] = ASYNC_WAIT_CTX_new()) == NULL)
            fail("no wait context");
    return loop;
}

// Starts or resumes one job. Returns whether it waits again.
static int go_on(struct job_loop *loop, size_t index, size_t request_count)
{
    struct errand errand = {loop->lanes[index], request_count};
    int result = 0;
    switch (ASYNC_start_job(
        &loop->jobs[index], loop->wait_contexts[index], &result, run_errand, &errand, sizeof(errand))) {
    case ASYNC_PAUSE: return 1;
    case ASYNC_FINISH: loop->jobs[index] = NULL; return 0;
    default: fail("a job could not be started");
    }
}

static void run_jobs(struct job_loop *loop, size_t request_count)
{
    struct pollfd waiting[MOST_JOBS];
    size_t waiting_count = 0;
    size_t waiting_job[MOST_JOBS];
    for (size_t i = 0; i < loop->job_count; i++)
        if (go_on(loop, i, request_count))
            waiting_job[waiting_count++] = i;
    while (waiting_count > 0) {
        for (size_t i = 0; i < waiting_count; i++) {
            size_t count = 1;
            int descriptor = -1;
            if (!ASYNC_WAIT_CTX_get_all_fds(loop->wait_contexts[waiting_job[i]], &descriptor, &count) || count != 1)
                fail("a paused job has no descriptor to wait for");
            waiting[i] = (struct pollfd){.fd = descriptor, .events = POLLIN};
        }
        if (poll(waiting, waiting_count, -1) <= 0)
            fail("poll");
        size_t left = 0;
        for (size_t i = 0; i < waiting_count; i++)
            if (!(waiting[i].revents & POLLIN) || go_on(loop, waiting_job[i], request_count))
                waiting_job[left++] = waiting_job[i];
        waiting_count = left;
    }
}

void job_loop_run(struct job_loop *loop, size_t requests_per_lane)
{
    if (loop->job_count == 0)
        lane_run(loop->lanes[0], requests_per_lane);
    else
        run_jobs(loop, requests_per_lane);
}

size_t job_loop_lanes(const struct job_loop *loop) { return loop->lane_count; }

const unsigned char *job_loop_output(const struct job_loop *loop, size_t lane, size_t *byte_count)
{
    return lane_output(loop->lanes[lane], byte_count);
}

void job_loop_close(struct job_loop *loop)
{
    for (size_t i = 0; i < loop->lane_count; i++)
        lane_close(loop->lanes[i]);
    for (size_t i = 0; i < loop->job_count; i++)
        ASYNC_WAIT_CTX_free(loop->wait_contexts[i]);
    free(loop);
}
