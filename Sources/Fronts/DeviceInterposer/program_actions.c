// SPDX-License-Identifier: Apache-2.0

#include "program_actions.h"

#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

/// Of SIGSEGV and SIGBUS.
static struct sigaction program_actions[2];
static atomic_bool are_kept;
static atomic_flag is_being_used = ATOMIC_FLAG_INIT;

/// With signals blocked: the handler that asks must not interrupt its own thread here.
void program_action_exchange(int number, const struct sigaction *new, struct sigaction *old)
{
    struct sigaction *action = &program_actions[number == SIGBUS];
    sigset_t all, previous;
    sigfillset(&all);
    REAL(pthread_sigmask)(SIG_SETMASK, &all, &previous);
    while (atomic_flag_test_and_set(&is_being_used)) sched_yield();
    struct sigaction before = *action;
    if (new != NULL) *action = *new;
    atomic_flag_clear(&is_being_used);
    REAL(pthread_sigmask)(SIG_SETMASK, &previous, NULL);
    if (old != NULL) *old = before;
}

bool program_actions_are_kept(void) { return atomic_load_explicit(&are_kept, memory_order_acquire); }
void program_actions_keep(bool keeps) { atomic_store(&are_kept, keeps); }

void program_action_get(int number, struct sigaction *action) { program_action_exchange(number, NULL, action); }
void program_action_set(int number, const struct sigaction *action) { program_action_exchange(number, action, NULL); }

void program_action_take(int number, siginfo_t *information, void *context)
{
    struct sigaction action;
    program_action_get(number, &action);
    bool was_sent = information->si_code <= 0;
    if (action.sa_handler == SIG_IGN && was_sent) return;
    if (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN) {
        // The kernel ends a program that ignores a fault of its own. The fault happens again; a signal that was sent is
        // sent again, and arrives when this returns.
        struct sigaction end = {.sa_handler = SIG_DFL};
        REAL(sigaction)(number, &end, NULL);
        if (was_sent) syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), number);
        return;
    }
    if (action.sa_flags & (int)SA_RESETHAND) {
        struct sigaction end = {.sa_handler = SIG_DFL};
        program_action_set(number, &end);
    }
    // The mask that the kernel would have set.
    sigset_t mask;
    sigorset(&mask, &((ucontext_t *)context)->uc_sigmask, &action.sa_mask);
    if (!(action.sa_flags & SA_NODEFER)) sigaddset(&mask, number);
    REAL(pthread_sigmask)(SIG_SETMASK, &mask, NULL);
    if (action.sa_flags & SA_SIGINFO) {
        action.sa_sigaction(number, information, context);
    } else {
        action.sa_handler(number);
    }
}
