// SPDX-License-Identifier: Apache-2.0

#include "interposed.h"

#include <dlfcn.h>

static long missing(void) { return fail(ENOSYS); }

void *real_function(_Atomic(void *) *known, const char *name)
{
    // Any thread finds the same, so the order does not matter.
    void *function = atomic_load_explicit(known, memory_order_relaxed);
    if (function != NULL) return function;
    int saved = errno;
    function = dlsym(RTLD_NEXT, name);
    if (function == NULL) function = (void *)missing;
    errno = saved;
    atomic_store_explicit(known, function, memory_order_relaxed);
    return function;
}
