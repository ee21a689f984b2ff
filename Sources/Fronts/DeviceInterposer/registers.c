// SPDX-License-Identifier: Apache-2.0

#include "registers.h"

/// All mappings of nodes lie in here, so that others need not be looked for.
static _Atomic uintptr_t lowest = UINTPTR_MAX, highest;

enum {
    /// Most that any version maps of its registers.
    REGISTERS_MAX = 0x10000,
};

bool registers_may_be_in(const void *address, size_t length)
{
    uintptr_t begin = (uintptr_t)address;
    return begin < atomic_load_explicit(&highest, memory_order_relaxed) &&
        begin + length > atomic_load_explicit(&lowest, memory_order_relaxed);
}

void registers_widen(uintptr_t begin, uintptr_t end)
{
    if (begin < atomic_load(&lowest)) atomic_store(&lowest, begin);
    if (end > atomic_load(&highest)) atomic_store(&highest, end);
}

struct node *registers_pin(uintptr_t address, size_t *offset)
{
    struct table *table = atomic_load_explicit(&the_table, memory_order_acquire);
    if (table == NULL || !registers_may_be_in((void *)address, 1)) return NULL;
    int count = atomic_load_explicit(&table->count, memory_order_acquire);
    for (int index = 0; index < count; index++) {
        uintptr_t begin = atomic_load_explicit(&table->registers[index], memory_order_acquire);
        if (address - begin >= REGISTERS_MAX || begin == 0) continue;
        struct node *node = &table->nodes[index];
        if (!node_pin_entry(node)) continue;
        struct mapping *mapping = &node->mappings[REGION_MMIO];
        if (begin == atomic_load(&mapping->begin) && address < atomic_load(&mapping->end)) {
            *offset = address - begin;
            return node;
        }
        node_unpin(node);
    }
    return NULL;
}
