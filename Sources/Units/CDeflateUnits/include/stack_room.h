// SPDX-License-Identifier: Apache-2.0
//
// Whether a thread has stack enough for a library that wants much of it. ISA-L makes a block's codes in a frame of 16 KB,
// and programs have threads with no more than that.

#ifndef STACK_ROOM_H
#define STACK_ROOM_H

#include <stddef.h>
#include <stdint.h>

/// What a thread was found to have; all zero: nothing is known.
struct stack_room {
    uintptr_t thread;
    /// Everything between these can be used.
    uintptr_t low, high;
};

/// What ISA-L takes at most, and what a handler of a signal may take meanwhile.
#define ISAL_STACK_LENGTH 0x8000

/// Whether there are `byte_count` bytes of stack below the caller's frame. Looks where nothing is known yet: a few system
/// calls then, of a kind that sandboxes allow. It takes memory without a guard page below a stack for a part of it.
int stack_room_is_enough(struct stack_room *known, size_t byte_count);

#endif
