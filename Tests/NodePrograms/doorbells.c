// SPDX-License-Identifier: Apache-2.0
//
// doorbells SECONDS: no doorbell may be lost, whoever rings beside whom. Submission and completion doorbells are stores to
// one address; a device that looks at it now and then would miss some, and whoever waits for the last of a burst would
// wait for ever. Threads with a queue each, half of them sync (one request, wait, the next), half async (one thread sends
// in bursts while another receives), all of them checking each completion. A completion that is late by five seconds is
// a failure. Tells how many doorbells rang, and what one costs.

#include "node_program.h"

enum { WORKERS = 4, BURST = 61 };

static bool v2;
static double end_of_run;
static atomic_ullong rings;
/// The longest that a sync request took, in microseconds.
static atomic_ullong slowest;

/// Sends one by one. Every hundredth is a real digest.
static void *synchronous(void *unused)
{
    (void)unused;
    struct queue queue;
    if (!CHECK(queue_open(&queue))) return NULL;
    uint64_t requests = 0;
    bool is_well = true;
    double begin = seconds();
    for (; is_well && begin < end_of_run; requests++) {
        double now = seconds();
        unsigned long long took = (unsigned long long)((now - begin) * 1e6), known = atomic_load(&slowest);
        while (took > known && !atomic_compare_exchange_weak(&slowest, &known, took)) continue;
        begin = now;
        if (requests % 100 == 0) {
            is_well = queue_works(&queue);
            continue;
        }
        uint8_t *slot = queue_slot(&queue, queue.posted);
        describe_nothing(slot, v2);
        memcpy(slot + (v2 ? 40 : 8), &requests, v2 ? 2 : 8); // the tag
        queue_post(&queue);
        int done = queue_await(&queue, 5);
        is_well = done >= 0 && queue_slot(&queue, (uint64_t)done) == slot && is_well_done(slot) &&
            memcmp(slot + (v2 ? 40 : 8), &requests, v2 ? 2 : 8) == 0;
        queue_acknowledge(&queue, false);
    }
    CHECK(is_well);
    CHECK(requests > 100);
    atomic_fetch_add(&rings, 2 * requests);
    queue_close(&queue);
    return NULL;
}

/// A queue with a sender and a receiver: `queue.posted` is the sender's, the rest the receiver's.
struct stream {
    struct queue queue;
    _Atomic uint64_t sent, received;
    atomic_bool is_over;
};

static void *receive(void *argument)
{
    struct stream *stream = argument;
    struct queue *queue = &stream->queue;
    bool is_well = true;
    double last = seconds();
    while (is_well) {
        int slot = queue_take(queue);
        if (slot >= 0) {
            // In order, each in its slot.
            is_well = (uint64_t)slot == (queue->completed - 1) % DEPTH && is_well_done(queue_slot(queue, (uint64_t)slot));
            // UADK rings for every completion.
            queue_acknowledge(queue, false);
            atomic_fetch_add(&stream->received, 1);
            last = seconds();
        } else if (atomic_load(&stream->is_over) && atomic_load(&stream->sent) == atomic_load(&stream->received)) {
            break;
        } else {
            if (atomic_load(&stream->sent) == atomic_load(&stream->received)) last = seconds();
            is_well = seconds() - last < 5;
            sched_yield();
        }
    }
    CHECK(is_well);
    atomic_store(&stream->is_over, true);
    return NULL;
}

/// Sends bursts of different lengths, with a doorbell for each request or one for several. The last of a burst is what
/// would get lost: it waits until everything has come back.
static void *asynchronous(void *unused)
{
    (void)unused;
    struct stream *stream = calloc(1, sizeof *stream);
    pthread_t receiver;
    if (!CHECK(queue_open(&stream->queue)) || !CHECK(pthread_create(&receiver, NULL, receive, stream) == 0)) return NULL;
    struct queue *queue = &stream->queue;
    uint64_t doorbells = 0;
    for (uint64_t burst = 0; seconds() < end_of_run && !atomic_load(&stream->is_over); burst++) {
        uint64_t length = 1 + burst * 7 % BURST, step = 1 + burst % 3;
        for (uint64_t index = 0; index < length; index++) {
            while (queue->posted - atomic_load(&stream->received) >= DEPTH - 1) sched_yield();
            describe_nothing(queue_slot(queue, queue->posted), v2);
            queue->posted++;
            atomic_fetch_add(&stream->sent, 1);
            if (queue->posted % step == 0 || index + 1 == length) {
                queue_ring(queue, 0, queue->posted, false);
                doorbells++;
            }
        }
        if (burst % 2 == 0) continue;
        while (atomic_load(&stream->received) < queue->posted && !atomic_load(&stream->is_over)) sched_yield();
    }
    atomic_store(&stream->is_over, true);
    pthread_join(receiver, NULL);
    CHECK(atomic_load(&stream->sent) == atomic_load(&stream->received));
    CHECK(atomic_load(&stream->received) > 100);
    atomic_fetch_add(&rings, doorbells + atomic_load(&stream->received));
    queue_close(queue);
    free(stream);
    return NULL;
}

/// Nanoseconds of a doorbell that changes nothing.
static double cost(void)
{
    struct queue queue;
    if (!CHECK(queue_open(&queue))) return 0;
    enum { COUNT = 20000 };
    double begin = seconds();
    for (int index = 0; index < COUNT; index++) queue_acknowledge(&queue, false);
    double each = (seconds() - begin) / COUNT * 1e9;
    CHECK(queue_works(&queue));
    queue_close(&queue);
    return each;
}

int main(int count, char **arguments)
{
    double duration = count > 1 ? atof(arguments[1]) : 3;
    v2 = is_v2();
    printf("a completion doorbell costs %.0f ns\n", cost());
    end_of_run = seconds() + duration;
    pthread_t threads[WORKERS];
    for (int index = 0; index < WORKERS; index++)
        CHECK(pthread_create(&threads[index], NULL, index % 2 == 0 ? synchronous : asynchronous, NULL) == 0);
    for (int index = 0; index < WORKERS; index++) pthread_join(threads[index], NULL);
    printf("%llu doorbells in %.0f s, none lost; the slowest sync request took %.1f ms\n", (unsigned long long)rings,
        duration, (double)slowest / 1000);
    return finish();
}
