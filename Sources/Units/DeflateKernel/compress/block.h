// SPDX-License-Identifier: Apache-2.0

#ifndef BLOCK_H
#define BLOCK_H

#include <stddef.h>

#include "../alphabets.h"
#include "bit_writer.h"
#include "block_header.h"
#include "huffman.h"

// Some literals, and a match behind them; none, of length 0, only at a block's end.
struct sequence {
    uint32_t literal_count;
    uint16_t length;
    uint16_t distance; // 32768 is as large as it gets
};

// A piece of text that has been parsed, and how often each symbol occurs in that.
struct block {
    const uint8_t *text;
    size_t byte_count;
    const struct sequence *sequences;
    size_t sequence_count;
    uint32_t literals[LITERAL_SYMBOLS]; // and lengths
    uint32_t distances[DISTANCES];
};

// The fixed code's symbols, of which the last two do not occur (RFC 1951, 3.2.6).
enum { FIXED_SYMBOLS = 288 };

struct codes {
    struct code literals[FIXED_SYMBOLS];
    struct code distances[DISTANCES];
    // Of each match length: symbol and extra bits together.
    struct {
        uint32_t bits;
        uint32_t count;
    } lengths[LONGEST_MATCH + 1];
};

// What block_write works in.
struct block_memory {
    struct code_length_memory code_lengths;
    uint32_t counts[LITERAL_SYMBOLS];
    uint8_t literals[LITERAL_SYMBOLS], distances[DISTANCES], fixed_literals[FIXED_SYMBOLS], fixed_distances[DISTANCES];
    struct block_header header;
    struct codes codes;
};

// Writes a block in whichever form is smallest. Returns 0, with nothing written, where it has no room.
//
// literal_cost: set to what a literal took on average, in sixteenths of a bit, if there were enough to tell.
int block_write(
    struct bit_writer *writer, const struct block *block, struct block_memory *memory, int is_last,
    unsigned *literal_cost);

// Writes a block without text that ends on a byte: zlib's sync marker. Returns 0 where it has no room.
int block_write_marker(struct bit_writer *writer);

#endif
