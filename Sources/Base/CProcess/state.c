// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "process_state.h"

#include <linux/futex.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096, LARGEST_GENERATION = (1 << 20) - 1 };

// For a process without memory for a page when it loaded the library.
static union {
    struct process_page page;
    char bytes[PAGE_BYTES];
} spare __attribute__((aligned(PAGE_BYTES)));

struct process_page *process_page = &spare.page;
pthread_key_t process_thread_key;
static bool is_set_up, has_key;
static int processors = 1;
// Ordinary memory, which a child inherits; written with the adoption mutex held.
static uint64_t last_generation;
static void (*thread_end)(void *);

extern int __register_atfork(void (*)(void), void (*)(void), void (*)(void), void *);

static void wipe_in_child(void) { memset(process_page, 0, sizeof *process_page); }

static void end_thread(void *value)
{
    void (*handler)(void *) = __atomic_load_n(&thread_end, __ATOMIC_ACQUIRE);
    if (handler != NULL) handler(value);
}

void process_mutex_init(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
    // Some systems have no inheritance; a lock without it is still a lock.
    if (pthread_mutex_init(mutex, &attributes) != 0) pthread_mutex_init(mutex, NULL);
    pthread_mutexattr_destroy(&attributes);
}

static void construct(void);

static __attribute__((noinline)) void adopt(void)
{
    construct();
    pthread_mutex_lock(&process_page->adoption);
    if (process_page->generation == 0) {
        process_mutex_init(&process_page->lock);
        last_generation = last_generation % LARGEST_GENERATION + 1;
        __atomic_store_n(&process_page->generation, last_generation, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&process_page->adoption);
}

// By the constructor below, or sooner: a library's DT_INIT comes before all constructors, and may use this.
static __attribute__((noinline)) void set_up(void)
{
    is_set_up = true;
    unsigned long set[64] = {0};
    long used = syscall(SYS_sched_getaffinity, 0, sizeof set, set);
    int count = 0;
    for (long word = 0; word < used / (long)sizeof *set; word++) count += __builtin_popcountl(set[word]);
    if (count > 0) processors = count;

    void *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED) process_page = page;
    // The library is never unloaded (-z nodelete), so the handler may stay.
    if (madvise(process_page, PAGE_BYTES, MADV_WIPEONFORK) != 0) __register_atfork(NULL, NULL, wipe_in_child, NULL);

    has_key = pthread_key_create(&process_thread_key, end_thread) == 0;
    // Also has the C library ask the kernel about inheritance, once for all.
    adopt();
}

__attribute__((constructor(101))) static void construct(void)
{
    if (!is_set_up) set_up();
}

uint64_t process_own_generation(void)
{
    if (process_generation() == 0) adopt();
    return process_generation();
}

int process_lock(void)
{
    int cancellation = process_forbid_cancellation();
    if (process_generation() == 0) adopt();
    pthread_mutex_lock(&process_page->lock);
    return cancellation;
}

void process_unlock(int cancellation)
{
    pthread_mutex_unlock(&process_page->lock);
    process_allow_cancellation(cancellation);
}

int process_forbid_cancellation(void)
{
    int before = PTHREAD_CANCEL_ENABLE;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    return before;
}

void process_allow_cancellation(int cancellation) { pthread_setcancelstate(cancellation, NULL); }

bool process_has_thread_key(void)
{
    construct();
    return has_key;
}

bool process_set_thread_value(void *value) { return pthread_setspecific(process_thread_key, value) == 0; }

void process_at_thread_end(void (*handler)(void *))
{
    void (*none)(void *) = NULL;
    __atomic_compare_exchange_n(&thread_end, &none, handler, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

int process_processor_count(void)
{
    construct();
    return processors;
}

pthread_mutex_t *process_mutex_new(void)
{
    pthread_mutex_t *mutex = malloc(sizeof *mutex);
    if (mutex != NULL) process_mutex_init(mutex);
    return mutex;
}

void process_mutex_free(pthread_mutex_t *mutex)
{
    // Not destroyed: with glibc and musl that frees nothing.
    free(mutex);
}

void process_wait(const uint32_t *word, uint32_t value, unsigned microseconds)
{
    struct timespec limit = {microseconds / 1000000, (long)(microseconds % 1000000) * 1000};
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, &limit, NULL, 0);
}

void process_wake(const uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0); }

void process_rest(unsigned microseconds)
{
    static const uint32_t nothing;
    process_wait(&nothing, 0, microseconds);
}
