// SPDX-License-Identifier: Apache-2.0
//
// How a function is put in front of the C library's, and how that one is called.

#ifndef UACCE_INTERPOSED_H
#define UACCE_INTERPOSED_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INTERPOSED __attribute__((visibility("default")))

/// Looks a function up behind this library, once. Never NULL: what is not there fails with ENOSYS.
void *real_function(_Atomic(void *) *known, const char *name);

/// The function that would be called without this library. May be used before constructors have run.
#define REAL(function)                                                                                                 \
    ({                                                                                                                 \
        static _Atomic(void *) known_##function;                                                                       \
        (__typeof__(&function))real_function(&known_##function, #function);                                            \
    })

/// Returns -1 with `error` in errno.
static inline int fail(int error)
{
    errno = error;
    return -1;
}

#endif
