// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE // for processors that workers may run on
#include "crew.h"
#include "samples.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct worker {
    struct crew *crew;
    struct job_loop *loop; // a process's is its own
    size_t requests_per_lane;
    pthread_t thread;
    pid_t process;
};

// In memory that processes share. A slice is one round trip through the barrier.
struct crew {
    enum crew_kind kind;
    size_t worker_count;
    struct duty duty;
    pthread_barrier_t barrier;
    int ends;
    struct worker workers[MOST_WORKERS];
};

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
    sched_setaffinity(0, sizeof(own), &own);
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    settle((size_t)(worker - worker->crew->workers));
    while (1) {
        pthread_barrier_wait(&worker->crew->barrier);
        if (worker->crew->ends)
            return NULL;
        if (worker->requests_per_lane > 0)
            job_loop_run(worker->loop, worker->requests_per_lane);
        pthread_barrier_wait(&worker->crew->barrier);
    }
}

static struct job_loop *loop_open(const struct duty *duty)
{
    return job_loop_open(duty->contestants, duty->algorithm, duty->contender, duty->byte_count, duty->job_count);
}

static int is_caller_alone(const struct crew *crew)
{
    return crew->kind == CREW_THREADS && crew->worker_count == 1;
}

static void start(struct crew *crew, struct worker *worker)
{
    worker->crew = crew;
    if (crew->kind == CREW_PROCESSES) {
        const pid_t process = fork();
        if (process < 0)
            fail("no process");
        if (process > 0) {
            worker->process = process;
            return;
        }
        worker->loop = loop_open(&crew->duty);
        work(worker);
        job_loop_close(worker->loop);
        _exit(0);
    }
    worker->loop = loop_open(&crew->duty);
    if (!is_caller_alone(crew) && pthread_create(&worker->thread, NULL, work, worker) != 0)
        fail("no thread");
}

struct crew *crew_open(enum crew_kind kind, size_t worker_count, const struct duty *duty)
{
    struct crew *crew = mmap(NULL, sizeof(*crew), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (crew == MAP_FAILED)
        fail("no memory");
    crew->kind = kind;
    crew->worker_count = worker_count;
    crew->duty = *duty;
    pthread_barrierattr_t attributes;
    pthread_barrierattr_init(&attributes);
    pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&crew->barrier, &attributes, (unsigned)worker_count + 1);
    for (size_t i = 0; i < worker_count; i++)
        start(crew, &crew->workers[i]);
    return crew;
}

double crew_slice(struct crew *crew, size_t requests_per_lane, size_t who)
{
    for (size_t i = 0; i < crew->worker_count; i++)
        crew->workers[i].requests_per_lane = who == ALL_WORKERS || who == i ? requests_per_lane : 0;
    uint64_t begin = nanoseconds_now();
    if (is_caller_alone(crew)) {
        job_loop_run(crew->workers[0].loop, requests_per_lane);
    } else {
        pthread_barrier_wait(&crew->barrier);
        pthread_barrier_wait(&crew->barrier);
    }
    return (double)(nanoseconds_now() - begin);
}

struct job_loop *crew_loop(const struct crew *crew, size_t worker) { return crew->workers[worker].loop; }

void crew_close(struct crew *crew)
{
    crew->ends = 1;
    if (!is_caller_alone(crew))
        pthread_barrier_wait(&crew->barrier);
    for (size_t i = 0; i < crew->worker_count; i++) {
        struct worker *worker = &crew->workers[i];
        if (crew->kind == CREW_PROCESSES) {
            int status;
            if (waitpid(worker->process, &status, 0) != worker->process || status != 0)
                fail("a process that measured ended with %#x", status);
            continue;
        }
        if (!is_caller_alone(crew))
            pthread_join(worker->thread, NULL);
        job_loop_close(worker->loop);
    }
    pthread_barrier_destroy(&crew->barrier);
    munmap(crew, sizeof(*crew));
}
