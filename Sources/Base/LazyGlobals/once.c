// SPDX-License-Identifier: Apache-2.0
//
// `swift_once`, which makes each global with an initialiser when it is first used, in place of Embedded Swift's own. That
// one spins until the thread that makes the global is done. In the child of a fork that thread does not exist, and the
// child spins for ever; and where a thread of a higher priority spins, the other does not come to its end. pthread_once
// knows forks (a child finds that the making belongs to its parent, and begins anew), waits on a futex, and lets another
// thread begin anew where one is cancelled.
//
// Embedded Swift's is a weak symbol, so this one is taken. But the compiler may put a copy of that into a function, and
// then the two could wait for each other: Scripts/check-lazy-globals looks that a library has none, or makes its globals
// before it has a second thread. In the ordinary build the runtime's own is right.

#include "lazy_globals.h"

#include <pthread.h>

_Static_assert(sizeof(pthread_once_t) <= sizeof(swift_once_token) && PTHREAD_ONCE_INIT == 0, "glibc and musl have it so");

#ifdef UACCE_EMBEDDED

void swift_once(swift_once_token *token, void (*make)(void *), void *context);

__attribute__((noinline)) static void lazy_globals_make(swift_once_token *token, void (*make)(void *))
{
    // What the compiler gives for `make` takes no context.
    pthread_once((pthread_once_t *)token, (void (*)(void))(void *)make);
    // As the compiler's copies have it, too. For pthread_once all bits mean "done".
    __atomic_store_n(token, -1, __ATOMIC_RELEASE);
}

void swift_once(swift_once_token *token, void (*make)(void *), void *context)
{
    (void)context;
    // Acquire: pairs with the release above; the global is then visible.
    if (__builtin_expect(__atomic_load_n(token, __ATOMIC_ACQUIRE) >= 0, 0))
        lazy_globals_make(token, make);
}

#endif
