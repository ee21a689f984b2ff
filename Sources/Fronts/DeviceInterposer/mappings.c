// SPDX-License-Identifier: Apache-2.0
//
// mmap and its relatives. Both regions lie in the region file of the node's device. Doorbell registers are mapped
// without the right to write: stores fault, and the fault handler rings (doorbell.c). Loads read zero.

#include "doorbell.h"
#include "emulator.h"
#include "registers.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

// ---- mmap ----

/// The mapping, or MAP_FAILED with the errno that uacce and hisi_qm give. Under the lock.
static void *map_region(
    struct table *table, struct node *node, void *address, size_t length, int protection, int flags, off_t offset)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t whole = (length + page - 1) & ~(page - 1);
    if (length == 0 || offset < 0 || (size_t)offset % page != 0) return errno = EINVAL, MAP_FAILED;
    if (node->access == O_WRONLY || (protection & PROT_WRITE && node->access != O_RDWR))
        return errno = EACCES, MAP_FAILED;
    if ((size_t)offset / page > REGION_DUS) return errno = EINVAL, MAP_FAILED;
    int region = (int)((size_t)offset / page);
    void *queue = atomic_load(&node->queue);
    if (region == REGION_MMIO && protection & PROT_WRITE && !doorbell_trap()) return MAP_FAILED;

    int64_t place = 0;
    int error = emulator.map(queue, region, (long)whole, &place);
    if (error != 0) return errno = error, MAP_FAILED;
    int granted = region == REGION_MMIO ? (protection & ~PROT_WRITE) | (protection & PROT_WRITE ? PROT_READ : 0)
                                        : protection;
    int kept = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE | MAP_POPULATE | MAP_LOCKED);
    char *mapped = REAL(mmap)(address, whole, granted, MAP_SHARED | kept, node->region_file, (off_t)place);
    if (mapped == MAP_FAILED) {
        error = errno;
        emulator.unmap(queue, region);
        return errno = error, MAP_FAILED;
    }
    madvise(mapped, whole, MADV_DONTFORK);
    uintptr_t begin = (uintptr_t)mapped;
    registers_widen(begin, begin + whole);
    atomic_store(&node->mappings[region].end, begin + whole);
    atomic_store(&node->mappings[region].begin, begin);
    if (region == REGION_MMIO) atomic_store(&table->registers[node - table->nodes], begin);
    return mapped;
}

/// Takes note that nothing of nodes is mapped in a range any more. Under the lock.
static void forget_range(struct table *table, uintptr_t begin, uintptr_t end)
{
    for (int index = 0; index < atomic_load(&table->count); index++) {
        struct node *node = &table->nodes[index];
        void *queue = atomic_load(&node->queue);
        for (int region = 0; queue != NULL && region < 2; region++) {
            struct mapping *mapping = &node->mappings[region];
            uintptr_t first = atomic_load(&mapping->begin), last = atomic_load(&mapping->end);
            if (first == last || begin >= last || end <= first) continue;
            if (begin <= first && end >= last) {
                if (region == REGION_MMIO) atomic_store(&table->registers[index], 0);
                atomic_store(&mapping->begin, 0);
                atomic_store(&mapping->end, 0);
                emulator.unmap(queue, region);
                node_release_if_unused(node);
                queue = atomic_load(&node->queue);
            } else if (end >= last) {
                atomic_store(&mapping->end, begin);
            }
            // What is cut off at the front or in the middle stays on record: the rest keeps its offsets.
        }
    }
}

/// Whether anything of nodes is mapped in a range. Takes no lock: the emulator unmaps memory of its own while this library
/// holds it.
static bool is_mapped_in(struct table *table, uintptr_t begin, uintptr_t end)
{
    for (int index = 0; index < atomic_load(&table->count); index++) {
        for (int region = 0; region < 2; region++) {
            const struct mapping *mapping = &table->nodes[index].mappings[region];
            if (begin < atomic_load(&mapping->end) && end > atomic_load(&mapping->begin)) return true;
        }
    }
    return false;
}

static void forget(void *address, size_t length)
{
    struct table *table = atomic_load(&the_table);
    if (table == NULL || !is_mapped_in(table, (uintptr_t)address, (uintptr_t)address + length)) return;
    int saved = errno;
    sigset_t previous;
    table_lock(table, &previous);
    forget_range(table, (uintptr_t)address, (uintptr_t)address + length);
    table_unlock(table, &previous);
    errno = saved;
}

static void *map(
    void *(*real)(void *, size_t, int, int, int, off_t), void *address, size_t length, int protection, int flags,
    int descriptor, off_t offset)
{
    if (flags & MAP_ANONYMOUS || !is_node(descriptor)) {
        void *result = real(address, length, protection, flags, descriptor, offset);
        if (result != MAP_FAILED && flags & MAP_FIXED && registers_may_be_in(address, length)) forget(address, length);
        return result;
    }
    struct node *node;
    switch (node_pin(descriptor, &node)) {
    case NODE_OWN: {
        bool is_genuine = node_is_genuine(node, descriptor);
        void *result = MAP_FAILED;
        int error = 0;
        if (is_genuine) {
            int saved = errno;
            struct table *table = atomic_load(&the_table);
            sigset_t previous;
            table_lock(table, &previous);
            result = map_region(table, node, address, length, protection, flags, offset);
            error = result == MAP_FAILED ? errno : saved;
            table_unlock(table, &previous);
        }
        node_unpin(node);
        if (!is_genuine) break;
        errno = error;
        return result;
    }
    case NODE_FOREIGN:
        // As a dead queue: it is the parent's, and its memory is not here.
        errno = ENXIO;
        return MAP_FAILED;
    case NODE_NONE:
    case NODE_HIDDEN:
    case NODE_STRATEGY:
        break;
    }
    return real(address, length, protection, flags, descriptor, offset);
}

INTERPOSED void *mmap(void *address, size_t length, int protection, int flags, int descriptor, off_t offset)
{
    return map(REAL(mmap), address, length, protection, flags, descriptor, offset);
}

INTERPOSED void *mmap64(void *address, size_t length, int protection, int flags, int descriptor, off64_t offset)
{
    return map(REAL(mmap64), address, length, protection, flags, descriptor, offset);
}

INTERPOSED int munmap(void *address, size_t length)
{
    int result = REAL(munmap)(address, length);
    if (result == 0 && registers_may_be_in(address, length)) {
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        forget(address, (length + page - 1) & ~(page - 1));
    }
    return result;
}

// ---- what would spoil a mapping ----

INTERPOSED void *mremap(void *address, size_t length, size_t new_length, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    void *new_address = va_arg(arguments, void *);
    va_end(arguments);
    struct table *table = atomic_load(&the_table);
    if (table != NULL && registers_may_be_in(address, 1)) {
        uintptr_t place = (uintptr_t)address;
        if (is_mapped_in(table, place, place + 1)) return errno = EPERM, MAP_FAILED;
    }
    return REAL(mremap)(address, length, new_length, flags, new_address);
}

INTERPOSED int mprotect(void *address, size_t length, int protection)
{
    size_t offset;
    struct node *node;
    if (protection & PROT_WRITE && registers_may_be_in(address, length) &&
        (node = registers_pin((uintptr_t)address, &offset)) != NULL) {
        node_unpin(node);
        // Stores must go on faulting.
        if (!doorbell_trap()) return -1;
        protection = (protection & ~PROT_WRITE) | PROT_READ;
    }
    return REAL(mprotect)(address, length, protection);
}
