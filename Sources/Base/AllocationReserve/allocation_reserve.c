// SPDX-License-Identifier: Apache-2.0
//
// Blocks of 1024 bytes, and a bit for each of them. No lock: the child of a fork could find it taken.

#include "allocation_reserve.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

enum {
    BLOCK = 1024,
    BLOCKS = ALLOCATION_RESERVE_LENGTH / BLOCK,
    WORDS = BLOCKS / 64,
};
_Static_assert(ALLOCATION_RESERVE_GREATEST == 64 * BLOCK, "a request has blocks of one word");

size_t allocation_reserve_used;

static _Alignas(4096) unsigned char memory[ALLOCATION_RESERVE_LENGTH];
static uint64_t taken[WORDS];
// Of each request, at the number of its first block: how many blocks it has.
static uint8_t lengths[BLOCKS];

static uint64_t mask(unsigned count, unsigned first) { return (count == 64 ? ~0ULL : (1ULL << count) - 1) << first; }

// Where `count` blocks in a row are free, or 64.
static unsigned find_run(uint64_t word, unsigned count)
{
    for (unsigned first = 0; first + count <= 64; first++)
        if ((word & mask(count, first)) == 0)
            return first;
    return 64;
}

static void *take(size_t byte_count)
{
    unsigned count = (unsigned)((byte_count + BLOCK - 1) / BLOCK);
    for (unsigned index = 0; index < WORDS; index++) {
        uint64_t word = __atomic_load_n(&taken[index], __ATOMIC_RELAXED);
        for (;;) {
            unsigned first = find_run(word, count);
            if (first == 64)
                break;
            // Acquire: pairs with the release in give_back; who had the blocks before is done with them.
            if (!__atomic_compare_exchange_n(
                    &taken[index], &word, word | mask(count, first), 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
                continue;
            __atomic_fetch_add(&allocation_reserve_used, count * BLOCK, __ATOMIC_RELAXED);
            lengths[index * 64 + first] = (uint8_t)count;
            return memory + (index * 64 + first) * BLOCK;
        }
    }
    return NULL;
}

static void give_back(size_t offset)
{
    unsigned block = (unsigned)(offset / BLOCK), count = lengths[block];
    __atomic_fetch_sub(&allocation_reserve_used, count * BLOCK, __ATOMIC_RELAXED);
    __atomic_fetch_and(&taken[block / 64], ~mask(count, block % 64), __ATOMIC_RELEASE);
}

// The linker gives these names to what the libraries call: see the header. libc's own are behind the others.
int __wrap_posix_memalign(void **result, size_t alignment, size_t byte_count);
void __wrap_free(void *pointer);
int __real_posix_memalign(void **result, size_t alignment, size_t byte_count) __attribute__((weak));
void __real_free(void *pointer) __attribute__((weak));

__attribute__((noinline)) static int take_instead(void **result, size_t alignment, size_t byte_count)
{
    void *found = NULL;
    if (byte_count <= ALLOCATION_RESERVE_GREATEST && alignment <= BLOCK)
        found = take(byte_count == 0 ? 1 : byte_count);
    if (found == NULL)
        return ENOMEM;
    *result = found;
    return 0;
}

int __wrap_posix_memalign(void **result, size_t alignment, size_t byte_count)
{
    // What the runtime asks for has mostly the alignment that malloc gives, which is quicker.
    if (alignment <= _Alignof(max_align_t)) {
        void *found = malloc(byte_count);
        if (__builtin_expect(found != NULL, 1)) {
            *result = found;
            return 0;
        }
    } else if (__builtin_expect(__real_posix_memalign(result, alignment, byte_count) == 0, 1)) {
        return 0;
    }
    return take_instead(result, alignment, byte_count);
}

void __wrap_free(void *pointer)
{
    size_t offset = (size_t)((uintptr_t)pointer - (uintptr_t)memory);
    if (__builtin_expect(offset < sizeof memory, 0))
        give_back(offset);
    else
        __real_free(pointer);
}
