// SPDX-License-Identifier: Apache-2.0
//
// Where nodes are mapped, and which node's doorbell registers an address belongs to. mappings.c writes it down, the fault
// handler reads it.

#ifndef UACCE_REGISTERS_H
#define UACCE_REGISTERS_H

#include "node_table.h"

/// Pins the node whose doorbell registers are mapped at `address` and stores the offset in them; NULL: none. Takes no
/// lock: the fault handler calls it.
struct node *registers_pin(uintptr_t address, size_t *offset);

/// False: nothing of any node is mapped in the range. True: look.
bool registers_may_be_in(const void *address, size_t length);

/// Records that something of a node is mapped in the range. Under the table's lock.
void registers_widen(uintptr_t begin, uintptr_t end);

#endif
