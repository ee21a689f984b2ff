// SPDX-License-Identifier: Apache-2.0
//
// queues COUNT: 32 threads take queues of a device that has COUNT of them until there are none, then EBUSY; what is
// released can be had again; and all at the end.

#include "warpdrive_program.h"

#include <pthread.h>
#include <stdatomic.h>

#define THREADS 32
#define MOST 1024

static pthread_barrier_t barrier;
static atomic_int taken, wrong;

struct work {
    struct wd_queue queues[MOST];
    int count;
};

static void *take(void *argument)
{
    struct work *work = argument;
    pthread_barrier_wait(&barrier);
    int error = 0;
    while (work->count < MOST && (error = request_queue(&work->queues[work->count], "cipher", 0)) == 0) {
        work->count++;
        atomic_fetch_add(&taken, 1);
        // So that no thread takes them all.
        if (encrypts_the_example(&work->queues[work->count - 1]) != 0)
            atomic_fetch_add(&wrong, 1);
    }
    if (error != -EBUSY)
        atomic_fetch_add(&wrong, 1);
    pthread_barrier_wait(&barrier);
    // Now all queues are out at once, and each of them works.
    for (int round = 0; round < 50; round++)
        for (int i = 0; i < work->count; i++)
            if (encrypts_the_example(&work->queues[i]) != 0)
                atomic_fetch_add(&wrong, 1);
    pthread_barrier_wait(&barrier);
    return NULL;
}

// All threads send to one queue and receive from it: every message comes back once, to somebody, and right.
static struct wd_queue shared;
static atomic_int received;

static void *share(void *unused)
{
    (void)unused;
    enum { EACH = 2000 };
    static const unsigned char key[16];
    struct wd_cipher_msg *messages = calloc(EACH, sizeof(*messages));
    unsigned char(*blocks)[16] = calloc(EACH, 16);
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < EACH; i++) {
        messages[i] = (struct wd_cipher_msg){
            .op = WD_ENCRYPT, .alg = WD_AES, .mode = WD_ECB, .key = key, .key_bytes = 16,
            .in = blocks[i], .out = blocks[i], .bytes = 16,
        };
        int error;
        while ((error = wd_send(&shared, &messages[i])) == -EBUSY) {
            void *done;
            if (wd_recv(&shared, &done) == 0)
                atomic_fetch_add(&received, ((struct wd_cipher_msg *)done)->status == 0);
        }
        if (error != 0)
            atomic_fetch_add(&wrong, 1);
    }
    // Everybody's messages are other threads' to receive, so none of them goes before all are back.
    void *done;
    while (atomic_load(&received) < THREADS * EACH)
        if (wd_recv(&shared, &done) == 0)
            atomic_fetch_add(&received, ((struct wd_cipher_msg *)done)->status == 0);
    pthread_barrier_wait(&barrier);
    // AES-128 of a block of zeros with a key of zeros.
    for (int i = 0; i < EACH; i++)
        if (blocks[i][0] != 0x66 || blocks[i][15] != 0x2e)
            atomic_fetch_add(&wrong, 1);
    free(messages);
    free(blocks);
    return NULL;
}

int main(int count, char **arguments)
{
    CHECK(count == 2);
    int queues = atoi(arguments[1]);
    static struct work works[THREADS];
    pthread_t threads[THREADS];
    for (int round = 0; round < 3; round++) {
        atomic_store(&taken, 0);
        CHECK(pthread_barrier_init(&barrier, NULL, THREADS) == 0);
        for (int i = 0; i < THREADS; i++) {
            works[i].count = 0;
            CHECK(pthread_create(&threads[i], NULL, take, &works[i]) == 0);
        }
        for (int i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
        CHECK_EQUAL(taken, queues);
        CHECK_EQUAL(wrong, 0);
        struct wd_queue another;
        CHECK_EQUAL(request_queue(&another, "cipher", 0), -EBUSY);
        // One that comes back is had again, and is then the last.
        struct work *owner = works;
        while (owner->count == 0)
            owner++;
        wd_release_queue(&owner->queues[--owner->count]);
        CHECK_EQUAL(request_queue(&another, "cipher", 0), 0);
        CHECK_EQUAL(encrypts_the_example(&another), 0);
        struct wd_queue more;
        CHECK_EQUAL(request_queue(&more, "cipher", 0), -EBUSY);
        wd_release_queue(&another);
        for (int i = 0; i < THREADS; i++)
            while (works[i].count > 0)
                wd_release_queue(&works[i].queues[--works[i].count]);
        pthread_barrier_destroy(&barrier);
    }
    CHECK_EQUAL(request_queue(&shared, "cipher", 0), 0);
    CHECK(pthread_barrier_init(&barrier, NULL, THREADS) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, share, NULL) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CHECK_EQUAL(wrong, 0);
    wd_release_queue(&shared);
    printf("%d threads shared %d queues\n", THREADS, queues);
    return 0;
}
