// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE // REG_RIP
#include "fault_guard.h"

#include "probe.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>

enum {
    /// No page is smaller.
    PAGE = 4096,
};

static bool touches(bool (*fails)(uintptr_t), uintptr_t start, size_t count)
{
    if (count == 0) return true;
    const uintptr_t last = start + count - 1;
    for (uintptr_t at = start; at < last; at = (at / PAGE + 1) * PAGE)
        if (fails(at)) return false;
    return !fails(last);
}

bool fault_guard_reads(uintptr_t start, size_t count) { return touches(fault_guard_probe_read, start, count); }
bool fault_guard_writes(uintptr_t start, size_t count) { return touches(fault_guard_probe_write, start, count); }

/// Where a thread goes on after a fault.
struct guard {
    sigjmp_buf escape;
    volatile uintptr_t fault;
};

// A key instead of _Thread_local: the handler may run on any thread of the program, and the first look at a thread-local
// variable of a library that was opened late allocates memory.
static pthread_key_t current;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_bool has_key;

static void make_key(void)
{
    // Without a key no fault is taken, and ends the process as it would without this file.
    if (pthread_key_create(&current, NULL) == 0) atomic_store(&has_key, true);
}

bool fault_guard_run(void (*body)(void *context), void *context, uintptr_t *fault)
{
    pthread_once(&once, make_key);
    struct guard guard;
    bool is_well = sigsetjmp(guard.escape, 0) == 0;
    if (is_well) {
        if (atomic_load(&has_key)) pthread_setspecific(current, &guard);
        body(context);
    } else {
        *fault = guard.fault;
    }
    if (atomic_load(&has_key)) pthread_setspecific(current, NULL);
    return is_well;
}

bool fault_guard_take(const siginfo_t *information, void *context)
{
    // What somebody sends is no fault.
    if (information->si_code <= 0) return false;
    ucontext_t *interrupted = context;
    uintptr_t at = PROGRAM_COUNTER(interrupted);
    if (at >= (uintptr_t)fault_guard_probes_begin && at < (uintptr_t)fault_guard_probes_end) {
        PROGRAM_COUNTER(interrupted) = (uintptr_t)fault_guard_probe_failed;
        return true;
    }
    struct guard *guard = atomic_load(&has_key) ? pthread_getspecific(current) : NULL;
    if (guard == NULL) return false;
    guard->fault = (uintptr_t)information->si_addr;
    // As it was when the fault came: the handler's mask has more in it.
    pthread_sigmask(SIG_SETMASK, &interrupted->uc_sigmask, NULL);
    siglongjmp(guard->escape, 1);
}
