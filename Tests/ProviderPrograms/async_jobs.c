// SPDX-License-Identifier: Apache-2.0
//
// async_jobs FOLDER
//
// Streams inside OpenSSL's ASYNC jobs, several under way at once on one thread, as a web server has them: on stacks of
// 32 KiB, resumed in any order. Whether the provider pauses is its own affair; what comes out is not.

#include "streams.h"

#include <openssl/async.h>
#include <poll.h>
#include <pthread.h>

enum { JOBS = 24, ROUNDS = 6, THREADS = 2 };
static struct algorithms algorithms;

static int work(void *argument)
{
    uint64_t seed;
    memcpy(&seed, argument, sizeof seed);
    struct streams streams;
    begin_streams(&streams, &algorithms, seed);
    for (uint64_t part = 0; part < 4; part++)
        continue_streams(&streams, 100 + (seed * 37 + part * 1001) % 5000, seed + part);
    end_streams(&streams);
    return 1;
}

static void *drive(void *argument)
{
    REQUIRE(ASYNC_init_thread(JOBS, 0));
    ASYNC_WAIT_CTX *waits[JOBS];
    for (int index = 0; index < JOBS; index++) REQUIRE((waits[index] = ASYNC_WAIT_CTX_new()) != NULL);
    for (uint64_t round = 0; round < ROUNDS; round++) {
        ASYNC_JOB *jobs[JOBS] = {NULL};
        int is_done[JOBS] = {0};
        int sweeps = 0;
        for (int left = JOBS; left > 0; sweeps++) {
            int progressed = 0;
            // Backwards and forwards in turn, so that jobs do not end in the order they began.
            for (int step = 0; step < JOBS; step++) {
                int index = sweeps % 2 ? step : JOBS - 1 - step;
                if (is_done[index]) continue;
                uint64_t seed = round * 1000 + (uint64_t)index + (uintptr_t)argument * 100000;
                int result = 0;
                int status = ASYNC_start_job(&jobs[index], waits[index], &result, work, &seed, sizeof seed);
                if (status == ASYNC_FINISH) {
                    REQUIRE(result == 1);
                    is_done[index] = 1;
                    left--;
                    progressed = 1;
                } else {
                    REQUIRE(status == ASYNC_PAUSE);
                }
            }
            // Paused jobs have a descriptor that becomes readable; nobody waits for one for ever.
            for (int index = 0; !progressed && index < JOBS; index++) {
                if (is_done[index]) continue;
                OSSL_ASYNC_FD descriptor;
                size_t known = 1;
                if (ASYNC_WAIT_CTX_get_all_fds(waits[index], &descriptor, &known) && known == 1) {
                    struct pollfd event = {.fd = descriptor, .events = POLLIN};
                    poll(&event, 1, 10);
                }
                break;
            }
        }
    }
    for (int index = 0; index < JOBS; index++) ASYNC_WAIT_CTX_free(waits[index]);
    ASYNC_cleanup_thread();
    return NULL;
}

int main(int count, char **arguments)
{
    REQUIRE(count == 2);
    alarm(50);
    struct providers providers = load_providers(arguments[1]);
    fetch_algorithms(&algorithms, providers.library);
    pthread_t threads[THREADS];
    for (uintptr_t index = 0; index < THREADS; index++)
        REQUIRE(pthread_create(&threads[index], NULL, drive, (void *)index) == 0);
    for (int index = 0; index < THREADS; index++) REQUIRE(pthread_join(threads[index], NULL) == 0);
    free_algorithms(&algorithms);
    unload_providers(&providers);
    return 0;
}
