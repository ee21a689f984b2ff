// SPDX-License-Identifier: Apache-2.0
//
// stores: every store instruction that a compiler may make of a doorbell rings, and faults that are no doorbells reach
// the program's own handler, whenever it was installed. Wants a device hisi_sec2-0 without faults.

#include "node_program.h"

#include <setjmp.h>
#include <signal.h>

static struct queue queue;
static bool v2;
static sigjmp_buf escape;
static volatile sig_atomic_t caught;
static volatile uintptr_t caught_address;
/// An address without a mapping, which the compiler shall not know.
static volatile char *volatile nowhere = (char *)16;

/// Posts one descriptor, rings by `store` and sees it completed.
static bool rings(void (*store)(volatile uint64_t *, uint64_t))
{
    describe_nothing(queue_slot(&queue, queue.posted), v2);
    queue.posted++;
    atomic_thread_fence(memory_order_seq_cst);
    store((volatile uint64_t *)(queue.mmio + DOORBELL), queue.number | queue.posted % DEPTH << 32);
    bool is_done = queue_await(&queue, 5) >= 0;
    queue_acknowledge(&queue, false);
    return is_done;
}

static void plain(volatile uint64_t *doorbell, uint64_t value) { *doorbell = value; }
static void indexed(volatile uint64_t *doorbell, uint64_t value)
{
    volatile uint64_t *base = (volatile uint64_t *)queue.mmio;
    size_t index = (size_t)(doorbell - base);
    __asm__("" : "+r"(index));
    base[index] = value;
}
static void exchanged(volatile uint64_t *doorbell, uint64_t value)
{
    __atomic_store_n(doorbell, value, __ATOMIC_SEQ_CST); // xchg on x86-64, stlr on arm64
}

#if defined(__x86_64__)
#define STORE(name, ...)                                                                                               \
    static void name(volatile uint64_t *doorbell, uint64_t value)                                                      \
    {                                                                                                                  \
        (void)doorbell;                                                                                                \
        __VA_ARGS__                                                                                                    \
    }
STORE(by_r9, __asm__ volatile("mov %0, %%r9\n mov %%r9, (%1)" ::"r"(value), "r"(doorbell) : "r9", "memory");)
STORE(to_r12, __asm__ volatile("mov %0, %%r12\n mov %1, (%%r12)" ::"r"(doorbell), "r"(value) : "r12", "memory");)
STORE(to_r13, __asm__ volatile("mov %0, %%r13\n mov %1, (%%r13)" ::"r"(doorbell), "r"(value) : "r13", "memory");)
STORE(near, __asm__ volatile("mov %0, -0x10(%1)" ::"r"(value), "r"((char *)doorbell + 0x10) : "memory");)
STORE(far, __asm__ volatile("mov %0, 0x1000(%1)" ::"r"(value), "r"(queue.mmio) : "memory");)
STORE(scaled, __asm__ volatile("mov %0, 0x800(%1,%2,8)" ::"r"(value), "r"(queue.mmio), "r"(0x100l) : "memory");)
STORE(streamed, __asm__ volatile("movnti %0, (%1)" ::"r"(value), "r"(doorbell) : "memory");)
STORE(swapped, uint64_t old = value; __asm__ volatile("xchg %0, (%1)" : "+r"(old) : "r"(doorbell) : "memory");
      CHECK(old == 0);)
STORE(vector, __asm__ volatile("movq %0, %%xmm5\n movq %%xmm5, (%1)" ::"r"(value), "r"(doorbell) : "xmm5", "memory");)
STORE(vector_high, __asm__ volatile("movq %0, %%xmm13\n movq %%xmm13, 8(%1)" ::"r"(value), "r"((char *)doorbell - 8)
                                    : "xmm13", "memory");)
STORE(lower_half, __asm__ volatile("movq %0, %%xmm3\n movlps %%xmm3, (%1)" ::"r"(value), "r"(doorbell)
                                   : "xmm3", "memory");)
STORE(vex, __asm__ volatile("vmovq %0, %%xmm9\n vmovq %%xmm9, (%1)" ::"r"(value), "r"(doorbell) : "xmm9", "memory");)

static void instructions(void)
{
    static const struct {
        const char *name;
        void (*store)(volatile uint64_t *, uint64_t);
    } rows[] = {
        {"mov r9", by_r9},           {"mov to [r12]", to_r12},    {"mov to [r13]", to_r13},
        {"mov disp8", near},         {"mov disp32", far},         {"mov scaled", scaled},
        {"movnti", streamed},        {"xchg", swapped},           {"movq xmm", vector},
        {"movq xmm13", vector_high}, {"movlps", lower_half},      {"vmovq", vex},
    };
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        if (rows[row].store == vex && !__builtin_cpu_supports("avx")) continue;
        if (!CHECK(rings(rows[row].store))) printf("    %s\n", rows[row].name);
    }
    // An immediate: queue 0, completion doorbell (rings nothing, must not crash), and narrower stores, which are lost.
    char *registers = (char *)queue.mmio;
    __asm__ volatile("movq $0x1000, 0x1000(%0)" ::"r"(registers) : "memory");
    __asm__ volatile("movl $7, 0x1000(%0)" ::"r"(registers) : "memory");
    __asm__ volatile("movw $7, 0x1000(%0)" ::"r"(registers) : "memory");
    __asm__ volatile("movb $7, 0x1000(%0)" ::"r"(registers) : "memory");
    __asm__ volatile("movl %%ecx, 4(%0)" ::"r"(registers) : "memory");
    CHECK(rings(plain));
}
#else
static void instructions(void) {}
#endif

static void on_fault(int number, siginfo_t *information, void *context)
{
    (void)context;
    caught = number;
    caught_address = (uintptr_t)information->si_addr;
    siglongjmp(escape, 1);
}

static void on_signal(int number) { caught = number; }

/// A store to a page that may only be read, and one to nowhere: both are the program's faults.
static void faults(void)
{
    char *page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    caught = 0;
    if (sigsetjmp(escape, 1) == 0) *(volatile char *)(page + 8) = 1;
    CHECK(caught == SIGSEGV && caught_address == (uintptr_t)page + 8);
    caught = 0;
    if (sigsetjmp(escape, 1) == 0) *nowhere = 1;
    CHECK(caught == SIGSEGV && caught_address == 16);
    munmap(page, PAGE);
    CHECK(rings(plain));
}

static void *ring_with_all_signals_blocked(void *is_well)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    *(bool *)is_well = rings(plain);
    return NULL;
}

static void ring_in_handler(int number) { caught = rings(plain) ? number : 0; }

int main(void)
{
    v2 = is_v2();
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO}, told;
    // Installed before the first queue: taken over.
    sigaction(SIGSEGV, &action, NULL);
    if (!CHECK(queue_open(&queue)) || !CHECK(queue_works(&queue))) return finish();
    CHECK(sigaction(SIGSEGV, NULL, &told) == 0 && told.sa_sigaction == on_fault && told.sa_flags & SA_SIGINFO);
    faults();
    // After it.
    CHECK(signal(SIGSEGV, SIG_DFL) == (void (*)(int))(void *)on_fault);
    CHECK(sigaction(SIGSEGV, &action, &told) == 0 && told.sa_handler == SIG_DFL);
    faults();
    CHECK(rings(plain) && rings(indexed) && rings(exchanged));
    instructions();

    // A signal that was sent is no fault.
    CHECK(signal(SIGSEGV, on_signal) == (void (*)(int))(void *)on_fault);
    caught = 0;
    CHECK(raise(SIGSEGV) == 0 && caught == SIGSEGV);
    // Where the program blocks every signal, and in a handler that does.
    bool is_well = false;
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, ring_with_all_signals_blocked, &is_well) == 0);
    pthread_join(thread, NULL);
    CHECK(is_well);
    struct sigaction blocking = {.sa_handler = ring_in_handler};
    sigfillset(&blocking.sa_mask);
    CHECK(sigaction(SIGUSR1, &blocking, NULL) == 0);
    caught = 0;
    CHECK(raise(SIGUSR1) == 0 && caught == SIGUSR1);

    // Without a handler a fault ends the program, and says why.
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct queue own;
        signal(SIGSEGV, SIG_DFL);
        if (!queue_open(&own) || !queue_works(&own)) _exit(1);
        *nowhere = 1;
        _exit(2);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    queue_close(&queue);
    return finish();
}
