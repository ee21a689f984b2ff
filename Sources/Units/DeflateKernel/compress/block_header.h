// SPDX-License-Identifier: Apache-2.0

#ifndef BLOCK_HEADER_H
#define BLOCK_HEADER_H

#include <stddef.h>

#include "../alphabets.h"
#include "bit_writer.h"
#include "huffman.h"

// How a block tells its codes' lengths (RFC 1951, 3.2.7): as runs, which have a code of their own.
struct block_header {
    unsigned literal_symbol_count, distance_symbol_count;
    uint8_t lengths[CODE_LENGTHS]; // of the runs' code
    unsigned length_count;
    struct {
        uint8_t symbol, extra;
    } runs[LITERAL_SYMBOLS + DISTANCES];
    unsigned run_count;
    size_t bit_count;
};

void block_header_make(
    struct block_header *header, struct code_length_memory *memory, const uint8_t *literal_lengths,
    const uint8_t *distance_lengths);

// Takes header->bit_count bits.
void block_header_write(const struct block_header *header, struct bit_writer *writer);

#endif
