// SPDX-License-Identifier: Apache-2.0
//
// sharing: queues are the device's, not a process's. Two processes, and 32 threads in one of them, take queues until
// EBUSY; they come back when closed, when a process ends, and when it is killed. Wants a device hisi_sec2-0 with 40 queues
// (uaccectl run --queues 40) and to be alone.

#include "node_program.h"

#include <signal.h>

enum { QUEUES = 40, THREADS = 32, OTHERS = QUEUES - THREADS };

static pthread_barrier_t barrier;

static void *hold(void *number)
{
    struct queue queue;
    bool is_open = queue_open(&queue);
    CHECK(is_open);
    if (is_open) *(int *)number = queue.number;
    pthread_barrier_wait(&barrier); // all are open
    pthread_barrier_wait(&barrier); // and looked at
    bool works = is_open;
    for (int turn = 0; turn < 50 && works; turn++) works = queue_works(&queue);
    CHECK(works);
    if (is_open) queue_close(&queue);
    return NULL;
}

/// A child that opens as many queues as it is told, says so with a byte, and waits to be told to end.
static pid_t holder(int wanted, int *ready, int *release)
{
    int up[2], down[2];
    if (pipe(up) != 0 || pipe(down) != 0) return -1;
    pid_t child = fork();
    if (child == 0) {
        char byte = 0;
        close(up[0]);
        close(down[1]);
        struct queue queue;
        for (int index = 0; index < wanted; index++) byte = (char)(byte + queue_open(&queue));
        byte = (char)(byte + (wanted > 0 && queue_works(&queue) ? 0 : 100));
        (void)!write(up[1], &byte, 1);
        (void)!read(down[0], &byte, 1);
        _exit(0);
    }
    close(up[1]);
    close(down[0]);
    *ready = up[0];
    *release = down[1];
    return child;
}

static bool wait_for(long wanted)
{
    double end = seconds() + 5;
    while (number("available_instances") != wanted && seconds() < end) usleep(1000);
    return number("available_instances") == wanted;
}

int main(void)
{
    CHECK(number("available_instances") == QUEUES);
    int ready, release, status;
    char byte = 0;
    pid_t child = holder(OTHERS, &ready, &release);
    CHECK(read(ready, &byte, 1) == 1 && byte == OTHERS);
    CHECK(number("available_instances") == THREADS);

    static int numbers[THREADS];
    pthread_t threads[THREADS];
    pthread_barrier_init(&barrier, NULL, THREADS + 1);
    for (int index = 0; index < THREADS; index++) CHECK(pthread_create(&threads[index], NULL, hold, &numbers[index]) == 0);
    pthread_barrier_wait(&barrier);
    bool is_taken[QUEUES] = {false}, are_different = true;
    for (int index = 0; index < THREADS; index++) {
        are_different &= numbers[index] < QUEUES && !is_taken[numbers[index]];
        is_taken[numbers[index]] = true;
    }
    CHECK(are_different);
    CHECK(number("available_instances") == 0);
    CHECK_FAILS(EBUSY, open_node());
    CHECK_FAILS(EBUSY, open_node());
    pthread_barrier_wait(&barrier);
    for (int index = 0; index < THREADS; index++) pthread_join(threads[index], NULL);
    CHECK(number("available_instances") == THREADS);

    // The other process ends without giving anything back.
    close(release);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(number("available_instances") == QUEUES);

    // One that is killed, in the middle of its work.
    child = holder(QUEUES, &ready, &release);
    byte = 0;
    CHECK(read(ready, &byte, 1) == 1 && byte == QUEUES);
    CHECK_FAILS(EBUSY, open_node());
    kill(child, SIGKILL);
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    CHECK(wait_for(QUEUES));
    struct queue queue;
    CHECK(queue_open(&queue) && queue_works(&queue));
    queue_close(&queue);

    // Open and close from many threads at once, as nothing may leak.
    CHECK(number("available_instances") == QUEUES);
    return finish();
}
