// SPDX-License-Identifier: Apache-2.0

#ifndef UACCE_VECTOR_KERNELS_WIPE_H
#define UACCE_VECTOR_KERNELS_WIPE_H

#include <stddef.h>
#include <string.h>

// Fills memory with zeros that the compiler may not leave out: the empty instruction claims to read them.
static inline void wipe(void *memory, size_t byte_count)
{
    memset(memory, 0, byte_count);
    __asm__ volatile("" : : "r"(memory) : "memory");
}

#endif
