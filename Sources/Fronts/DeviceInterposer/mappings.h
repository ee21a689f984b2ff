// SPDX-License-Identifier: Apache-2.0
//
// Which node's doorbell registers an address belongs to.

#ifndef UACCE_MAPPINGS_H
#define UACCE_MAPPINGS_H

#include "table.h"

/// Pins the node whose doorbell registers are mapped at `address` and stores the offset in them; NULL: none. Takes no
/// lock: the fault handler asks.
struct node *mapping_pin_registers(uintptr_t address, size_t *offset);

#endif
