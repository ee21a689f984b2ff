// SPDX-License-Identifier: Apache-2.0
//
// What lies before a request's output: the window that its first matches refer to.

#ifndef WINDOW_H
#define WINDOW_H

#include "state.h"

// Returns 0 without memory.
int window_make(struct inflate_kernel *kernel);

// Adds output to the window, for the next request's matches. Returns 0 without memory.
int window_add(struct inflate_kernel *kernel, const uint8_t *bytes, size_t count);

// Where in the window the byte is that came `back` bytes before this request, 1 to `history_count`.
static inline unsigned window_place(const struct inflate_kernel *kernel, unsigned back)
{
    return (kernel->history_end - back) & (HISTORY - 1);
}

#endif
