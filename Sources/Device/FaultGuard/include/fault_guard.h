// SPDX-License-Identifier: Apache-2.0
//
// Touching memory that a descriptor names, which may not be there: a device gets a fault then, and the process that it
// works in does not end. Whoever installs a handler of SIGSEGV and SIGBUS has it call fault_guard_take() first.

#ifndef UACCE_FAULT_GUARD_H
#define UACCE_FAULT_GUARD_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Whether `count` bytes from `start` on may be read, or written: one byte of each page is, and keeps its value.
/// To be called on threads where neither signal is blocked, as the next one is.
bool fault_guard_reads(uintptr_t start, size_t count);
bool fault_guard_writes(uintptr_t start, size_t count);

/// Runs `body(context)`. False: it touched memory that is not there, `*fault`, and was left where it stood: nothing that
/// it was changing is to be used again, nor may it have held a lock.
bool fault_guard_run(void (*body)(void *context), void *context, uintptr_t *fault);

/// For the handler of SIGSEGV and SIGBUS (SA_SIGINFO): takes a fault that happened in one of the above, and returns true,
/// whereupon the handler returns, or does not return. False: the fault is somebody else's.
bool fault_guard_take(const siginfo_t *information, void *context);

#endif
