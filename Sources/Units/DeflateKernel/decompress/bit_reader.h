// SPDX-License-Identifier: Apache-2.0
//
// The compressed stream as bits, and the tables of codes that are looked up by them.

#ifndef BIT_READER_H
#define BIT_READER_H

#include "codes.h"

#include <stdint.h>

// Input that has been read and not yet used, and what comes after.
struct bit_reader {
    const uint8_t *next, *end;
    // Nothing before this can be given back.
    const uint8_t *floor;
    uint64_t bits;  // the first lowest; none above `held`
    unsigned held;
    // Of these, bits that were looked at, when a step ends without taking them. What is beyond is given back.
    unsigned looked_at;
};

// Reads until 56 to 63 bits are held, or there are no more.
static inline void fill_bits(struct bit_reader *reader)
{
    while (reader->held < 56 && reader->next < reader->end) {
        reader->bits |= (uint64_t)*reader->next++ << reader->held;
        reader->held += 8;
    }
}

// Whether there are so many bits, up to 56.
static inline int has_bits(struct bit_reader *reader, unsigned count)
{
    if (reader->held < count)
        fill_bits(reader);
    return reader->held >= count;
}

static inline unsigned take_bits(struct bit_reader *reader, unsigned count)
{
    unsigned value = (unsigned)reader->bits & ((1u << count) - 1);
    reader->bits >>= count;
    reader->held -= count;
    return value;
}

// The entry that a table has for the next bits. Only good if it takes no more bits than are held: then it is no matter
// what follows.
static inline uint32_t look_up(const uint32_t *table, unsigned table_bits, uint64_t bits, unsigned *linked_bits)
{
    uint32_t entry = table[bits & ((1u << table_bits) - 1)];
    *linked_bits = 0;
    if (entry & IS_LINK) {
        *linked_bits = table_bits;
        entry = table[(entry >> 16) + ((bits >> table_bits) & ((1u << (entry >> 8 & 15)) - 1))];
    }
    return entry;
}

#endif
