// SPDX-License-Identifier: Apache-2.0
//
// What the objects of the Swift runtime are made of when the process has no memory left.
//
// Embedded Swift's runtime does not expect an allocation to fail: an instance of a class ends the process, and
// `UnsafeMutablePointer.allocate` gives an address that nobody checks. So the libraries keep memory back for it. They are
// linked with `--wrap=posix_memalign --wrap=free`: all requests of the runtime come by the first, and where libc refuses
// one, memory of the reserve serves it. The reserve is a zeroed variable of the library, of which no page exists until
// then. libstdc++ does the same for exceptions.
//
// malloc, calloc, realloc and aligned_alloc are not served: who calls them checks what they return. What is large, or
// as large as somebody else says, must be allocated by these.

#ifndef ALLOCATION_RESERVE_H
#define ALLOCATION_RESERVE_H

#include <stdbool.h>
#include <stddef.h>

/// Bytes of the reserve, and most that one request is given of it.
#define ALLOCATION_RESERVE_LENGTH 0x100000
#define ALLOCATION_RESERVE_GREATEST 0x10000

/// Bytes in use; 0 unless an allocation has failed.
extern size_t allocation_reserve_used;

/// The same, for Swift. Whoever can do without what it makes (a queue, a unit: the CPU does the work) looks before and
/// after, and gives it up again where the number has grown.
static inline size_t allocation_reserve_byte_count(void)
{
    return __atomic_load_n(&allocation_reserve_used, __ATOMIC_RELAXED);
}

/// Whether a half of the reserve is in use: what is asked to begin something, a stream or a queue, then refuses with the
/// error for "no memory". What has begun may use the other half to come to its end.
static inline bool allocation_reserve_is_low(void)
{
    return __atomic_load_n(&allocation_reserve_used, __ATOMIC_RELAXED) > ALLOCATION_RESERVE_LENGTH / 2;
}

#endif
