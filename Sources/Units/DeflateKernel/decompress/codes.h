// SPDX-License-Identifier: Apache-2.0
//
// Tables that tell, by the bits that come next, which symbol they begin with.
//
// A table has an entry for every value of the first few bits. Where a code is longer than these, its entry leads to a table of
// its own behind, for the bits that follow. An entry has all that decoding needs to know of a symbol:
//
//     0-7    bits that it takes, its extra bits among them
//     8-11   bits that its code takes; of a LINK, bits that the table behind it is for
//     12-15  what it is
//     16-31  the literal, twice; the least length or distance; of a LINK, where the table behind it begins

#ifndef CODES_H
#define CODES_H

#include "../alphabets.h"

#include <stdint.h>

enum {
    IS_LITERAL = 1 << 15,
    IS_LINK = 1 << 14,
    // Neither a literal nor a match: the end of a block, or no symbol.
    IS_STOP = 1 << 13,
    IS_INVALID = IS_STOP | 1 << 12,
    // Two literals, whose codes fit into the first bits together; 8-11 has the first one's, 24-31 the second literal.
    IS_PAIR = 1 << 12,

    LONGEST_CODE = 15,
    // Symbols of a fixed block that stand for nothing are coded nevertheless: RFC 1951, section 3.2.6.
    FIXED_LITERAL_SYMBOLS = 288,
    FIXED_DISTANCES = 32,

    LITERAL_TABLE_BITS = 11,
    DISTANCE_TABLE_BITS = 8,
    CODE_LENGTH_TABLE_BITS = LONGEST_CODE_LENGTH_CODE,
    // The most entries that a table of so many bits and those behind it can have, as zlib's examples/enough.c counts
    // them: `enough 288 11 15` and `enough 32 8 15`.
    LITERAL_TABLE_SIZE = 2342,
    DISTANCE_TABLE_SIZE = 402,
    CODE_LENGTH_TABLE_SIZE = 1 << CODE_LENGTH_TABLE_BITS,
};

enum alphabet { LITERAL_ALPHABET, DISTANCE_ALPHABET, CODE_LENGTH_ALPHABET };

// Fills a table for codes of the given lengths, 0 to 15 bits each, 0 for symbols that do not occur.
//
// Returns 0 where zlib refuses them: too many short ones, or too few, unless it is a single one of one bit (or, among
// distances and code lengths, none).
int codes_make_table(uint32_t *table, enum alphabet alphabet, const uint8_t *lengths, unsigned count);

// How many entries zlib's table for these codes has, with `root` bits and tables behind it.
unsigned codes_count_entries(const uint8_t *lengths, unsigned count, unsigned root);

// Lets two literals be decoded at once where their codes are short, if there are many such: JSON is decoded 1.2 times as
// fast, programs are not. Takes several times as long as making the table, so it is for much to decode only.
void codes_pair_literals(uint32_t *table, const uint8_t *lengths);

#endif
