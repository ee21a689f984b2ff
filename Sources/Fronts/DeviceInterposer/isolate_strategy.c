// SPDX-License-Identifier: Apache-2.0
//
// Writing to isolate_strategy: how many errors an hour a device may have before it is taken out of service. Checked like
// the kernel's isolate_strategy_store does it, and kept in the tree. Nothing in the emulated device has such errors.

#include "node_table.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    /// UACCE_MAX_ERR_THRESHOLD
    GREATEST = 65535,
};

/// A number as kstrtoul takes it with base 0, with a newline behind it or none; -1: it is none, or too large.
static long number(const char *text, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    if (size > 0 && text[size - 1] == '\n') size--;
    if (size > 0 && *text == '+') text++, size--;
    long base = 10, value = 0;
    if (size > 1 && *text == '0') {
        bool is_hexadecimal = (text[1] | 0x20) == 'x';
        base = is_hexadecimal ? 16 : 8;
        text += is_hexadecimal ? 2 : 1;
        size -= is_hexadecimal ? 2 : 1;
    }
    if (size == 0) return -1;
    for (; size > 0; text++, size--) {
        int character = *text >= 'A' && *text <= 'F' ? *text | 0x20 : *text;
        const char *digit = character == '\0' ? NULL : strchr(digits, character);
        if (digit == NULL || digit - digits >= base) return -1;
        value = value * base + (digit - digits);
        if (value > GREATEST) return -1;
    }
    return value;
}

static ssize_t store(int descriptor, const void *text, size_t size)
{
    char line[16];
    long threshold = number(text, size);
    if (threshold < 0) return fail(EINVAL);
    int length = snprintf(line, sizeof line, "%ld\n", threshold);
    if (pwrite(descriptor, line, (size_t)length, 0) != length || ftruncate(descriptor, length) != 0) return -1;
    return (ssize_t)size;
}

INTERPOSED ssize_t write(int descriptor, const void *data, size_t size)
{
    struct node *node;
    if (!is_node(descriptor)) return REAL(write)(descriptor, data, size);
    switch (node_pin(descriptor, &node)) {
    case NODE_STRATEGY:
        return store(descriptor, data, size);
    case NODE_OWN:
        node_unpin(node);
        // uacce has no such call.
        return fail(EINVAL);
    case NODE_FOREIGN:
        return fail(EINVAL);
    case NODE_NONE:
    case NODE_HIDDEN:
        break;
    }
    return REAL(write)(descriptor, data, size);
}
