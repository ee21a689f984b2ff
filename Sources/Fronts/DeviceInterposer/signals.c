// SPDX-License-Identifier: Apache-2.0
//
// SIGSEGV is the doorbell's, and with SIGBUS the device's that touches memory which is not there. What the program wants
// done about the two is remembered, told when it asks, and done when a fault is its own. Until the first queue is mapped
// nothing is changed.

#include "doorbell.h"
#include "paths.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Of SIGSEGV and SIGBUS.
static struct sigaction program_actions[2];
static atomic_flag is_being_used = ATOMIC_FLAG_INIT;

/// With signals blocked: the handler that asks must not interrupt its own thread here.
static void exchange(int number, const struct sigaction *new, struct sigaction *old)
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

void program_action_get(int number, struct sigaction *action) { exchange(number, NULL, action); }
void program_action_set(int number, const struct sigaction *action) { exchange(number, action, NULL); }

static bool is_trapped(int number) { return (number == SIGSEGV || number == SIGBUS) && doorbell_is_trapping(); }

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

// ---- what programs call ----

/// A fault that comes while SIGSEGV is blocked ends the program: no mask may have it in.
static const sigset_t *without_fault(const sigset_t *set, sigset_t *copy)
{
    if (set == NULL || path_root() == NULL || sigismember(set, SIGSEGV) != 1) return set;
    *copy = *set;
    sigdelset(copy, SIGSEGV);
    return copy;
}

INTERPOSED int sigaction(int number, const struct sigaction *new, struct sigaction *old)
{
    if (is_trapped(number)) {
        exchange(number, new, old);
        return 0;
    }
    if (new == NULL || number == SIGSEGV || path_root() == NULL || sigismember(&new->sa_mask, SIGSEGV) != 1)
        return REAL(sigaction)(number, new, old);
    struct sigaction copy = *new;
    sigdelset(&copy.sa_mask, SIGSEGV);
    return REAL(sigaction)(number, &copy, old);
}

typedef void (*handler)(int);

static handler set_handler(handler (*real)(int, handler), int number, handler new, int flags)
{
    if (!is_trapped(number)) return real(number, new);
    struct sigaction action = {.sa_handler = new, .sa_flags = flags}, old;
    exchange(number, &action, &old);
    return old.sa_handler;
}

handler bsd_signal(int number, handler new);
handler __sysv_signal(int number, handler new);
INTERPOSED handler signal(int number, handler new) { return set_handler(REAL(signal), number, new, SA_RESTART); }
INTERPOSED handler ssignal(int number, handler new) { return set_handler(REAL(ssignal), number, new, SA_RESTART); }
INTERPOSED handler bsd_signal(int number, handler new)
{
    return set_handler(REAL(bsd_signal), number, new, SA_RESTART);
}
INTERPOSED handler sysv_signal(int number, handler new)
{
    return set_handler(REAL(sysv_signal), number, new, (int)SA_RESETHAND | SA_NODEFER);
}
INTERPOSED handler __sysv_signal(int number, handler new)
{
    return set_handler(REAL(__sysv_signal), number, new, (int)SA_RESETHAND | SA_NODEFER);
}

INTERPOSED int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
    sigset_t copy;
    return REAL(sigprocmask)(how, how == SIG_UNBLOCK ? set : without_fault(set, &copy), old);
}

INTERPOSED int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
    sigset_t copy;
    return REAL(pthread_sigmask)(how, how == SIG_UNBLOCK ? set : without_fault(set, &copy), old);
}
