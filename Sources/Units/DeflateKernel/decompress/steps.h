// SPDX-License-Identifier: Apache-2.0
//
// The steps that a request is made of: inflate.c calls them, each file has one.

#ifndef STEPS_H
#define STEPS_H

#include "bit_reader.h"
#include "state.h"

// What a step came to: whether there is more to do, or why not.
enum step { STEP_DONE, STEP_HUNGRY, STEP_FULL, STEP_STOPPED, STEP_INVALID };

// Says what is wrong.
static inline enum step refuse(struct inflate_kernel *kernel, const char *message)
{
    kernel->message = message;
    return STEP_INVALID;
}

// Reads block headers up to the first symbol, from where the last call stopped.
enum step inflate_read_header(struct inflate_kernel *kernel, struct bit_reader *reader);

// Decodes symbols up to the end of the block.
enum step inflate_read_symbols(struct inflate_kernel *kernel, struct bit_reader *reader, struct writing *writing);

// The same while there is plenty of input and of room, and STEP_HUNGRY when there is not. It may leave a match to be
// written.
enum step inflate_read_symbols_fast(struct inflate_kernel *kernel, struct bit_reader *reader, struct writing *writing);

#endif
