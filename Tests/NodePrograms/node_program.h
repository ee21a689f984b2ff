// SPDX-License-Identifier: Apache-2.0
//
// For programs that use device nodes as a driver for real hardware does, with system calls and stores alone: checks, and
// a queue with its rings. Compiled without anything of this project. Layouts: Linux include/uapi/misc/uacce, drivers/
// crypto/hisilicon, UADK drv/.

#ifndef NODE_PROGRAM_H
#define NODE_PROGRAM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START_QUEUE 0x5700u
#define PUT_QUEUE 0x5701u
#define SET_CONTEXT 0xc004480au
#define GET_INFORMATION 0xc010480bu

enum { DEPTH = 1024, ENTRY = 128, DOORBELL = 0x1000, PAGE = 4096 };

// ---- checks: each counts, and a failed one says where ----

static atomic_int passed, failed;

static inline bool check_at(int line, bool is_right, const char *text)
{
    atomic_fetch_add(is_right ? &passed : &failed, 1);
    int error = errno;
    if (!is_right) printf("FAILED line %d: %s (errno %d)\n", line, text, error);
    errno = error;
    return is_right;
}
#define CHECK(condition) check_at(__LINE__, (condition), #condition)
/// A call that must fail with an error, and nothing else.
#define CHECK_FAILS(error, call)                                                                                       \
    (errno = 0, check_at(__LINE__, (long)(call) == -1 && errno == (error), #call " fails with " #error))
/// A call that must succeed and leave errno alone.
#define CHECK_CLEAN(call)                                                                                              \
    (errno = 7777, check_at(__LINE__, (long)(call) != -1 && errno == 7777, #call " succeeds, errno untouched"))

static inline int finish(void)
{
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}

static inline double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// ---- a device's attributes ----

static char device[32] = "hisi_sec2-0";

static inline int attribute(const char *name, char *text, size_t size)
{
    char path[256];
    snprintf(path, sizeof path, "/sys/class/uacce/%s/%s", device, name);
    int file = open(path, O_RDONLY);
    if (file < 0) return -1;
    ssize_t count = read(file, text, size - 1);
    close(file);
    if (count < 0) return -1;
    text[count] = '\0';
    return (int)count;
}

static inline long number(const char *name)
{
    char text[64];
    return attribute(name, text, sizeof text) > 0 ? strtol(text, NULL, 10) : -1;
}

static inline bool is_v2(void)
{
    char text[64];
    return attribute("api", text, sizeof text) > 0 && strcmp(text, "hisi_qm_v2\n") == 0;
}

static inline int open_node(void)
{
    char path[64];
    snprintf(path, sizeof path, "/dev/%s", device);
    return open(path, O_RDWR | O_CLOEXEC);
}

// ---- a queue ----

struct queue {
    int file;
    uint16_t number;
    size_t dus_size, mmio_size;
    uint8_t *dus, *mmio;
    /// Submissions posted, completions read, since the start.
    uint64_t posted, completed;
    uint16_t phase;
};

struct completion {
    uint32_t reserved0;
    uint16_t command, reserved1, slot, queue, reserved2, phase;
};

static inline void *map_region(int file, int region, size_t size)
{
    return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, (off_t)region * PAGE);
}

/// Opens, maps and starts, in the order UADK does. False with errno: the call that failed.
static inline bool queue_open(struct queue *queue)
{
    memset(queue, 0, sizeof *queue);
    queue->dus_size = (size_t)number("region_dus_size");
    queue->mmio_size = (size_t)number("region_mmio_size");
    queue->file = open_node();
    if (queue->file < 0) return false;
    queue->dus = map_region(queue->file, 1, queue->dus_size);
    queue->mmio = map_region(queue->file, 0, queue->mmio_size);
    uint16_t context[2] = {0xffff, 0};
    if (queue->dus == MAP_FAILED || queue->mmio == MAP_FAILED || ioctl(queue->file, SET_CONTEXT, context) != 0 ||
        ioctl(queue->file, START_QUEUE) != 0)
        return false;
    queue->number = context[0];
    queue->phase = 1;
    return true;
}

static inline void queue_close(struct queue *queue)
{
    ioctl(queue->file, PUT_QUEUE);
    munmap(queue->dus, queue->dus_size);
    munmap(queue->mmio, queue->mmio_size);
    close(queue->file);
}

static inline uint8_t *queue_slot(struct queue *queue, uint64_t index) { return queue->dus + index % DEPTH * ENTRY; }

static inline void queue_ring(struct queue *queue, unsigned command, uint64_t index, bool arm)
{
    atomic_thread_fence(memory_order_seq_cst);
    *(volatile uint64_t *)(queue->mmio + DOORBELL) =
        queue->number | (uint64_t)command << 12 | index % DEPTH << 32 | (uint64_t)arm << 48;
}

/// A descriptor that asks for nothing (its "invalid" bit is set): the device only completes it.
static inline void describe_nothing(uint8_t *slot, bool v2)
{
    memset(slot, 0, ENTRY);
    if (v2) {
        slot[0] = 2;
        slot[7] = 0x80;
    } else {
        slot[0] = 3 | 1 << 4;
    }
}

/// SHA-256 of `length` bytes into `digest`.
static inline void describe_sha256(uint8_t *slot, bool v2, const void *data, uint32_t length, void *digest)
{
    uint64_t source = (uintptr_t)data, target = (uintptr_t)digest;
    memset(slot, 0, ENTRY);
    if (v2) {
        uint32_t authentication = 8 | 1 << 11;
        slot[0] = 2 | 1 << 6;
        slot[1] = 1 << 3;
        memcpy(slot + 8, &authentication, 4);
        memcpy(slot + 16, &length, 4);
        memcpy(slot + 72, &target, 8);
        memcpy(slot + 96, &source, 8);
    } else {
        uint32_t head = 3 | 7 << 5, authentication = 1 | 8 << 4 | 1 << 15;
        memcpy(slot, &head, 4);
        memcpy(slot + 16, &source, 8);
        memcpy(slot + 56, &authentication, 4);
        memcpy(slot + 68, &length, 4);
        memcpy(slot + 84, &target, 8);
    }
}

/// Done, without error.
static inline bool is_well_done(const uint8_t *slot) { return (slot[112] & 1) == 1 && slot[114] == 0; }

static inline void queue_post(struct queue *queue)
{
    queue->posted++;
    queue_ring(queue, 0, queue->posted, false);
}

/// The slot of the next completion, or -1. The caller acknowledges it.
static inline int queue_take(struct queue *queue)
{
    struct completion *ring = (struct completion *)(queue->dus + DEPTH * ENTRY);
    struct completion *next = &ring[queue->completed % DEPTH];
    if ((__atomic_load_n(&next->phase, __ATOMIC_ACQUIRE) & 1) != queue->phase) return -1;
    int slot = next->slot;
    queue->completed++;
    if (queue->completed % DEPTH == 0) queue->phase ^= 1;
    return slot;
}

static inline void queue_acknowledge(struct queue *queue, bool arm) { queue_ring(queue, 1, queue->completed, arm); }

/// Waits for the next completion, at most `limit` seconds; -1: none came.
static inline int queue_await(struct queue *queue, double limit)
{
    double end = seconds() + limit;
    for (unsigned turn = 0;; turn++) {
        int slot = queue_take(queue);
        if (slot >= 0) return slot;
        if (turn % 1024 == 1023 && seconds() > end) return -1;
        if (turn > 10000) sched_yield();
    }
}

/// One SHA-256 from beginning to end. True: the digest of "abc" is right (FIPS 180-4).
static inline bool queue_works(struct queue *queue)
{
    static const uint8_t right[32] = {
        0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
        0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
    };
    static const char message[] = "abc";
    uint8_t digest[32] = {0};
    uint8_t *slot = queue_slot(queue, queue->posted);
    describe_sha256(slot, is_v2(), message, 3, digest);
    queue_post(queue);
    int done = queue_await(queue, 5);
    queue_acknowledge(queue, false);
    return done >= 0 && queue_slot(queue, (uint64_t)done) == slot && is_well_done(slot) &&
        memcmp(digest, right, sizeof right) == 0;
}

#endif
