// SPDX-License-Identifier: Apache-2.0
//
// faults: descriptors that name memory which is not there, or goes while the device is at it. The queue stops, and says
// so once; other queues, other devices, and the program's own faults are as before. Wants hisi_sec2-0 and a hisi_zip.

#include "node_program.h"

#include <setjmp.h>
#include <signal.h>

/// `error_type` and `status` that a descriptor has then (UADK issue 220).
enum { SEC_TRANSLATION = 0x11, ZIP_TRANSLATION = 0x41 };
/// ZIP: became larger, which is no error.
enum { EXPANDED = 0x0d };
enum { DATA = 3 * PAGE, LARGE = 15 << 20 };

static bool v2;
static int standard_error;
static FILE *told;
static sigjmp_buf escape;
static volatile sig_atomic_t caught;
static atomic_bool is_over;

static void on_fault(int number, siginfo_t *information, void *context)
{
    (void)information, (void)context;
    caught = number;
    siglongjmp(escape, 1);
}

/// Lines of the library's on stderr since the last look. What else came there goes where it was meant to go.
static int lines_told(void)
{
    char line[512];
    int count = 0;
    fflush(told);
    clearerr(told);
    while (fgets(line, sizeof line, told) != NULL) {
        if (strstr(line, "names memory that is not there") != NULL)
            count++;
        else
            dprintf(standard_error, "%s", line);
    }
    return count;
}

static void *mapped(size_t length, int protection)
{
    return mmap(NULL, length, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static uint32_t status_word(const struct queue *queue, size_t offset)
{
    return __atomic_load_n((uint32_t *)(queue->dus + queue->dus_size - offset), __ATOMIC_ACQUIRE);
}
static uint32_t takes_no_more(const struct queue *queue) { return status_word(queue, 4); }
static uint32_t completes_no_more(const struct queue *queue) { return status_word(queue, 8); }

static bool polls(const struct queue *queue)
{
    struct pollfd entry = {.fd = queue->file, .events = POLLIN};
    return poll(&entry, 1, 0) == 1;
}

/// A list with one entry (kernel: hisi_acc_hw_sgl).
static void *list_of(void *memory, const void *data, uint32_t length)
{
    uint8_t *list = memset(memory, 0, 128);
    uint16_t one = 1;
    uint64_t address = (uintptr_t)data;
    memcpy(list + 8, &one, 2);
    memcpy(list + 10, &one, 2);
    memcpy(list + 12, &one, 2);
    memcpy(list + 64, &address, 8);
    memcpy(list + 80, &length, 4);
    return list;
}

/// Digests DATA bytes at `source` into `digest`; with `is_list`, `source` is a list.
static void one_case(const char *name, const void *source, void *digest, bool is_list, struct queue *other)
{
    struct queue queue;
    uint8_t good[32], again[32];
    int failed_before = failed;
    if (!CHECK(queue_open(&queue))) return;
    CHECK(queue_works(&queue) && polls(&queue) && !polls(&queue));
    for (int index = 0; index < 3; index++) {
        uint8_t *slot = queue_slot(&queue, queue.posted + (uint64_t)index);
        if (index == 1) {
            describe_sha256(slot, v2, source, DATA, digest);
            if (is_list) slot[1] |= v2 ? 0x80 : 0x08;
        } else {
            describe_sha256(slot, v2, "abc", 3, index == 0 ? good : again);
        }
    }
    memset(again, 0x55, sizeof again);
    queue.posted += 3;
    queue_ring(&queue, 0, queue.posted, false);
    CHECK(queue_await(&queue, 5) == 1 && is_well_done(queue_slot(&queue, 1)) && good[0] == 0xba);
    uint8_t *slot = queue_slot(&queue, 2);
    CHECK(queue_await(&queue, 5) == 2 && (slot[112] & 1) == 1 && slot[114] == SEC_TRANSLATION);
    // No more is taken, but what is complete may be read; then no more is completed.
    CHECK(takes_no_more(&queue) == 1 && completes_no_more(&queue) == 0);
    CHECK(polls(&queue) && !polls(&queue));
    queue_acknowledge(&queue, true);
    CHECK(completes_no_more(&queue) == 1);
    // Who sends all the same waits as long as it likes, and no longer.
    describe_sha256(queue_slot(&queue, queue.posted), v2, source, DATA, digest);
    queue_post(&queue);
    CHECK(queue_await(&queue, 0.05) == -1 && again[0] == 0x55);
    CHECK(lines_told() == 1);
    CHECK(queue_works(other));
    // Not even a start mends it; closing does.
    CHECK_CLEAN(ioctl(queue.file, PUT_QUEUE));
    CHECK_CLEAN(ioctl(queue.file, START_QUEUE));
    queue.posted = queue.completed = 0;
    memset(queue.dus + DEPTH * ENTRY, 0, DEPTH * sizeof(struct completion));
    describe_nothing(queue_slot(&queue, 0), v2);
    queue_post(&queue);
    CHECK(queue_await(&queue, 0.05) == -1 && takes_no_more(&queue) == 1);
    long available = number("available_instances");
    queue_close(&queue);
    CHECK(number("available_instances") == available + 1);
    if (failed != failed_before) printf("    in: %s\n", name);
}

static void sec_cases(struct queue *other)
{
    uint8_t digest[32], *plain = mapped(DATA, PROT_READ | PROT_WRITE);
    // Below all that a kernel maps for a program that may lie anywhere.
    void *gone = (void *)0x10000000;
    one_case("unmapped source", gone, digest, false, other);
    one_case("null source", NULL, digest, false, other);
    one_case("source in the kernel", (void *)0xffff800000000000, digest, false, other);
    uint8_t *holed = mapped(DATA, PROT_READ);
    munmap(holed + PAGE, PAGE);
    one_case("hole in the source", holed, digest, false, other);
    one_case("source that must not be read", mapped(DATA, PROT_NONE), digest, false, other);
    one_case("unmapped digest", plain, gone, false, other);
    one_case("digest that must not be written", plain, mapped(PAGE, PROT_READ), false, other);
    one_case("digest in doorbell registers", plain, other->mmio + DOORBELL - 8, false, other);
    uint8_t *edge = mapped(2 * PAGE, PROT_READ | PROT_WRITE);
    mprotect(edge + PAGE, PAGE, PROT_READ);
    one_case("digest half outside", plain, edge + PAGE - 16, false, other);
    int file = memfd_create("short", 0);
    CHECK(ftruncate(file, PAGE) == 0);
    one_case("file that ends before its mapping", mmap(NULL, DATA, PROT_READ, MAP_PRIVATE, file, 0), digest, false,
        other);
    uint8_t *lists = mapped(PAGE, PROT_READ | PROT_WRITE);
    one_case("unmapped list", gone, digest, true, other);
    one_case("unmapped entry of a list", list_of(lists, gone, DATA), digest, true, other);
}

static void *keep_busy(void *other)
{
    long count = 0;
    while (!atomic_load(&is_over) && queue_works(other)) count++;
    CHECK(atomic_load(&is_over) && count > 0);
    return NULL;
}

/// Takes the source away while the device digests it.
static void taken_away(struct queue *other)
{
    pthread_t busy;
    CHECK(pthread_create(&busy, NULL, keep_busy, other) == 0);
    int faults = 0;
    for (int round = 0; round < 20; round++) {
        struct queue queue;
        uint8_t digest[32], *data = mapped(LARGE, PROT_READ | PROT_WRITE);
        memset(data, round, LARGE);
        if (!CHECK(queue_open(&queue))) break;
        describe_sha256(queue_slot(&queue, 0), v2, data, LARGE, digest);
        queue_post(&queue);
        // The device needs some 8 ms for it.
        usleep((useconds_t)(200 * round));
        munmap(data, LARGE);
        CHECK(queue_await(&queue, 10) == 0);
        uint8_t *slot = queue_slot(&queue, 0);
        bool is_fault = (slot[112] & 1) == 1 && slot[114] == SEC_TRANSLATION;
        CHECK((is_fault || is_well_done(slot)) && takes_no_more(&queue) == (is_fault ? 1 : 0));
        CHECK(lines_told() == (is_fault ? 1 : 0));
        faults += is_fault;
        queue_close(&queue);
    }
    CHECK(faults >= 5);
    printf("    %d of 20 were caught in the act\n", faults);
    atomic_store(&is_over, true);
    pthread_join(busy, NULL);
}

static uint32_t word(const uint8_t *slot, int index)
{
    uint32_t value;
    memcpy(&value, slot + 4 * index, 4);
    return value;
}

/// Compresses `length` bytes on a ZIP device (zlib, one whole request).
static void describe_compression(uint8_t *slot, const void *source, uint32_t length, void *target, uint32_t room)
{
    uint64_t addresses[2] = {(uintptr_t)source, (uintptr_t)target};
    uint32_t words[3] = {1u << 25 | 1u << 27 | (v2 ? 0u : 3u << 28), 2, room};
    memset(slot, 0, ENTRY);
    memcpy(slot + 16, &length, 4);
    memcpy(slot + 28, &words[0], 4);
    memcpy(slot + 36, &words[1], 4);
    memcpy(slot + 56, &words[2], 4);
    memcpy(slot + 72, addresses, 16);
}

static void zip_case(const void *source, uint32_t length, void *target, uint32_t room, bool is_fault)
{
    struct queue queue;
    if (!CHECK(queue_open(&queue))) return;
    describe_compression(queue_slot(&queue, 0), source, length, target, room);
    describe_compression(queue_slot(&queue, 1), "abc", 3, target, room);
    queue.posted = 2;
    queue_ring(&queue, 0, queue.posted, false);
    CHECK(queue_await(&queue, 5) == 0);
    uint32_t status = word(queue_slot(&queue, 0), 3) & 0xff;
    CHECK(is_fault ? status == ZIP_TRANSLATION : status == 0 || status == EXPANDED);
    CHECK(takes_no_more(&queue) == is_fault && lines_told() == is_fault);
    queue_close(&queue);
}

static void zip_cases(void)
{
    uint8_t *plain = mapped(LARGE, PROT_READ | PROT_WRITE), *room = mapped(LARGE, PROT_READ | PROT_WRITE);
    // Too random to become smaller.
    uint64_t state = 1;
    for (uint32_t at = 0; at < LARGE; at++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        plain[at] = (uint8_t)(state >> 56);
    }
    mprotect(plain + (1 << 20), PAGE, PROT_NONE);
    zip_case(plain, 2 << 20, room, 4 << 20, true);
    zip_case(plain, 1 << 20, room, 4 << 20, false);
    // Room that is not needed need not be there; room that is, must.
    mprotect(room + (2 << 20), PAGE, PROT_READ);
    zip_case(plain, 1 << 20, room, 4 << 20, false);
    zip_case(plain + (2 << 20), 6 << 20, room, 8 << 20, true);
}

static void own_faults(void)
{
    uint8_t *gone = mapped(PAGE, PROT_READ);
    int file = memfd_create("empty", 0);
    volatile uint8_t *beyond = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0);
    munmap(gone, PAGE);
    CHECK(caught == 0);
    if (sigsetjmp(escape, 1) == 0) *(volatile uint8_t *)gone;
    CHECK(caught == SIGSEGV);
    if (sigsetjmp(escape, 1) == 0) *beyond;
    CHECK(caught == SIGBUS);
    caught = 0;
}

int main(void)
{
    v2 = is_v2();
    standard_error = dup(STDERR_FILENO);
    told = tmpfile();
    if (!CHECK(told != NULL && dup2(fileno(told), STDERR_FILENO) >= 0)) return finish();
    // The program's reading and the library's writing must not share a place in the file.
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", STDERR_FILENO);
    told = fopen(path, "r");
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO}, found;
    sigaction(SIGBUS, &action, NULL);
    struct queue other;
    if (!CHECK(told != NULL) || !CHECK(queue_open(&other))) return finish();
    // One handler was there before the first queue, one comes after.
    sigaction(SIGSEGV, &action, NULL);
    CHECK(sigaction(SIGBUS, NULL, &found) == 0 && found.sa_sigaction == on_fault);
    sec_cases(&other);
    own_faults();
    taken_away(&other);
    own_faults();
    snprintf(device, sizeof device, "hisi_zip-1");
    zip_cases();
    own_faults();
    CHECK(queue_works(&other));
    queue_close(&other);
    CHECK(lines_told() == 0);
    return finish();
}
