// SPDX-License-Identifier: Apache-2.0
//
// Deflate's numbers: RFC 1951, sections 3.2.3 to 3.2.7.

#ifndef ALPHABETS_H
#define ALPHABETS_H

#include <stdint.h>

enum {
    LITERALS = 256,
    END_OF_BLOCK = 256,
    FIRST_LENGTH = 257,
    LENGTHS = 29,
    LITERAL_SYMBOLS = FIRST_LENGTH + LENGTHS,
    DISTANCES = 30,
    CODE_LENGTHS = 19,

    SHORTEST_MATCH = 3,
    LONGEST_MATCH = 258,
    LONGEST_STORED_BLOCK = 65535,
    // Greatest distance of a match.
    HISTORY = 32768,

    LONGEST_DISTANCE_CODE = 15,
    LONGEST_CODE_LENGTH_CODE = 7,
    // Deflate allows 15. With 14, four literals fit into the 57 bits that are free in a register that has been flushed.
    LONGEST_LITERAL_CODE = 14,
};

static inline unsigned floor_log2(uint32_t value) { return 31 - (unsigned)__builtin_clz(value); }

// Symbols of lengths 3 to 258, counted from FIRST_LENGTH. They come in groups of four that have as many extra bits;
// only 258 has a symbol of its own.
static inline unsigned length_symbol(unsigned length)
{
    unsigned value = length - SHORTEST_MATCH;
    if (value < 8)
        return value;
    if (length == LONGEST_MATCH)
        return LENGTHS - 1;
    unsigned high = floor_log2(value);
    return 4 * (high - 1) + ((value >> (high - 2)) & 3);
}

static inline unsigned length_extra_bits(unsigned symbol)
{
    return symbol < 8 || symbol == LENGTHS - 1 ? 0 : symbol / 4 - 1;
}

// Symbols of distances 1 to 32768, in groups of two.
static inline unsigned distance_symbol(unsigned distance)
{
    unsigned value = distance - 1;
    if (value < 4)
        return value;
    unsigned high = floor_log2(value);
    return 2 * high + ((value >> (high - 1)) & 1);
}

static inline unsigned distance_extra_bits(unsigned symbol) { return symbol < 4 ? 0 : symbol / 2 - 1; }

#endif
