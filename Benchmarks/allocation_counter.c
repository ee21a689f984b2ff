// SPDX-License-Identifier: Apache-2.0
//
// Counts what a process takes from the heap. A library to preload; a program that wants to know asks dlsym for
// allocation_count. Stands on the names that glibc gives its own allocator, so that nothing is looked up while it runs.

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

extern void *__libc_malloc(size_t byte_count);
extern void *__libc_calloc(size_t count, size_t byte_count);
extern void *__libc_realloc(void *memory, size_t byte_count);
extern void *__libc_memalign(size_t alignment, size_t byte_count);

static atomic_ulong allocations;

// Allocations of all threads since the process began; a reallocation is one.
unsigned long allocation_count(void) { return atomic_load(&allocations); }

static inline void count(void) { atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed); }

void *malloc(size_t byte_count)
{
    count();
    return __libc_malloc(byte_count);
}

void *calloc(size_t element_count, size_t byte_count)
{
    count();
    return __libc_calloc(element_count, byte_count);
}

void *realloc(void *memory, size_t byte_count)
{
    count();
    return __libc_realloc(memory, byte_count);
}

void *reallocarray(void *memory, size_t element_count, size_t byte_count)
{
    size_t product;
    if (__builtin_mul_overflow(element_count, byte_count, &product)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(memory, product);
}

void *memalign(size_t alignment, size_t byte_count)
{
    count();
    return __libc_memalign(alignment, byte_count);
}

void *aligned_alloc(size_t alignment, size_t byte_count) { return memalign(alignment, byte_count); }

// Swift takes over-aligned objects from here.
int posix_memalign(void **memory, size_t alignment, size_t byte_count)
{
    if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0)
        return EINVAL;
    void *address = memalign(alignment, byte_count);
    if (address == NULL)
        return ENOMEM;
    *memory = address;
    return 0;
}
