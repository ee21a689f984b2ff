// SPDX-License-Identifier: Apache-2.0
//
// Doorbells are stores into memory that must not be written: each of them faults, and the fault handler rings. Submission
// and completion doorbells share one address, so nothing that looks at memory now and then would see them all.

#ifndef UACCE_DOORBELL_H
#define UACCE_DOORBELL_H

#include "interposed.h"

/// Has faults come here first; once. False with errno: the system refused.
bool doorbell_trap(void);

/// Where a store instruction takes its value from.
enum store_source {
    STORE_REGISTER,
    STORE_IMMEDIATE,
    /// The lower half of a vector register.
    STORE_VECTOR,
};

/// A store instruction.
struct store {
    enum store_source source;
    /// Number of the register; on x86-64 as instructions number them (0 rax, 1 rcx, …), on arm64 31 is zero.
    int number;
    int64_t immediate;
    /// Bytes stored: 1 to 8.
    int width;
    /// Bytes of the instruction.
    int length;
    /// x86-64's xchg: the register gets what was in memory.
    bool is_exchange;
    /// arm64's pre- and post-indexed forms: this register gets `step` added; -1: none.
    int stepped;
    int step;
};

/// Decodes the instruction at `code`, of which only as many bytes are read as it has. False: it is no store that a
/// compiler would make of an assignment to a device register.
bool store_decode_x86_64(const uint8_t *code, struct store *store);
bool store_decode_aarch64(const uint8_t *code, struct store *store);

#endif
