// SPDX-License-Identifier: Apache-2.0

#ifndef HUFFMAN_H
#define HUFFMAN_H

#include "../alphabets.h"

#include <stdint.h>

// As it is written: the first bit lowest.
struct code {
    uint16_t bits;
    uint16_t length; // 0: no such symbol
};

// What code_lengths works in. It is not on the stack: programs have threads with 16 KiB of that.
struct code_length_memory {
    uint64_t keys[LITERAL_SYMBOLS], sorted[LITERAL_SYMBOLS];
    uint32_t nodes[LITERAL_SYMBOLS + 1];
};

// Lengths of an optimal prefix code for symbols that occur so often, none longer than `longest`. At least two symbols
// get one, since some inflaters want a complete code.
void code_lengths(
    struct code_length_memory *memory, const uint32_t *counts, unsigned symbol_count, unsigned longest, uint8_t *lengths);

// The canonical code of these lengths (RFC 1951, 3.2.2).
void codes_of_lengths(const uint8_t *lengths, unsigned symbol_count, struct code *codes);

#endif
