// SPDX-License-Identifier: Apache-2.0
//
// SIGSEGV is the doorbell's, and with SIGBUS the device's that touches memory which is not there. What the program wants
// done about the two is kept (program_actions.h), given back when it asks, and done when a fault is its own. Until the first
// queue is mapped nothing is changed.

#include "paths.h"
#include "program_actions.h"

static bool is_trapped(int number) { return (number == SIGSEGV || number == SIGBUS) && program_actions_are_kept(); }

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
        program_action_exchange(number, new, old);
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
    program_action_exchange(number, &action, &old);
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
