// SPDX-License-Identifier: Apache-2.0

#include "window.h"

#include "../bytes.h"

#include <stdlib.h>

int window_make(struct inflate_kernel *kernel)
{
    if (kernel->history == NULL)
        kernel->history = malloc(HISTORY);
    return kernel->history != NULL;
}

int window_add(struct inflate_kernel *kernel, const uint8_t *bytes, size_t count)
{
    if (count == 0)
        return 1;
    if (!window_make(kernel))
        return 0;
    if (count >= HISTORY) {
        memcpy(kernel->history, bytes + (count - HISTORY), HISTORY);
        kernel->history_end = 0;
        kernel->history_count = HISTORY;
        return 1;
    }
    unsigned whole = (unsigned)count, first = lesser(HISTORY - kernel->history_end, whole);
    memcpy(kernel->history + kernel->history_end, bytes, first);
    memcpy(kernel->history, bytes + first, whole - first);
    kernel->history_end = (kernel->history_end + whole) & (HISTORY - 1);
    kernel->history_count = lesser(kernel->history_count + whole, HISTORY);
    return 1;
}

unsigned inflate_kernel_window(const struct inflate_kernel *kernel, uint8_t *target)
{
    if (target != NULL && kernel->history_count > 0) {
        unsigned start = window_place(kernel, kernel->history_count);
        unsigned first = lesser(HISTORY - start, kernel->history_count);
        memcpy(target, kernel->history + start, first);
        memcpy(target + first, kernel->history, kernel->history_count - first);
    }
    return kernel->history_count;
}

int inflate_kernel_extend_window(struct inflate_kernel *kernel, const void *bytes, size_t count)
{
    return window_add(kernel, bytes, count);
}
