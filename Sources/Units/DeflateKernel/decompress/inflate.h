// SPDX-License-Identifier: Apache-2.0

#ifndef INFLATE_H
#define INFLATE_H

#include "../text.h"
#include "codes.h"
#include "inflate_kernel.h"

enum {
    // The most lengths of codes that a header can have: of 257 + 31 and of 1 + 31 symbols.
    MOST_CODE_LENGTHS = FIRST_LENGTH + 31 + 32,
};

// What comes next. For what stands before stored bytes and symbols, see header.c.
enum phase {
    AT_BLOCK,
    AT_STORED_LENGTH,
    IN_STORED_BLOCK,
    AT_COUNTS,
    IN_CODE_LENGTH_LENGTHS,
    IN_CODE_LENGTHS,
    IN_SYMBOLS,
    AT_END,
    // Something was wrong.
    AT_FAULT,
};

// Where a run may stop before the next block: not at all, where it stands, or, as none has begun yet, there in the next run.
enum block_stop { STOP_IS_PAST, STOP_IS_HERE, STOP_IS_NEXT };

// Which tables zlib would have made last.
enum tables { NO_TABLES, CODE_LENGTH_TABLES, LITERAL_TABLES, ALL_TABLES };

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

// A request's output. No byte from `next` on is read or written before it is given out.
struct writing {
    uint8_t *next, *end;
    const uint8_t *begin;
};

struct inflate_kernel {
    enum phase phase;
    int is_last_block;
    uint64_t bits;
    unsigned held;
    // Bytes that the stored block, or the match that stopped at the end of output, has yet to give.
    unsigned left;
    // Of that match: all that it gives, how far back it begins, and bits of its code.
    unsigned match_length, match_distance, match_bits;
    // Bits of a literal's code that is known and has no room yet.
    unsigned literal_bits;
    enum block_stop before_block;
    // Whether the last run stopped right behind a block's header.
    int is_behind_header;
    const char *message;

    // The header being read.
    unsigned literal_symbols, distances, code_length_lengths;
    unsigned lengths_read;
    uint8_t code_lengths[CODE_LENGTHS];
    uint8_t lengths[MOST_CODE_LENGTHS];
    // What zlib's tables were last made of.
    enum tables tables;
    unsigned table_literals, table_distances;

    int has_fixed_tables;
    uint32_t code_length_table[CODE_LENGTH_TABLE_SIZE];
    uint32_t literal_table[LITERAL_TABLE_SIZE];
    uint32_t distance_table[DISTANCE_TABLE_SIZE];

    // The last bytes of output before this request, `history_count` of them up to `history_end`, and round: NULL as long as
    // there is no need.
    uint8_t *history;
    unsigned history_end, history_count;
};

// What a step came to: whether there is more to do, or why not.
enum step { STEP_DONE, STEP_HUNGRY, STEP_FULL, STEP_STOPPED, STEP_INVALID };

// Says what is wrong.
static inline enum step refuse(struct inflate_kernel *kernel, const char *message)
{
    kernel->message = message;
    return STEP_INVALID;
}

// Reads block headers up to the first symbol, whatever has come of them.
enum step inflate_read_header(struct inflate_kernel *kernel, struct bit_reader *reader);

// Decodes symbols up to the end of the block.
enum step inflate_read_symbols(struct inflate_kernel *kernel, struct bit_reader *reader, struct writing *writing);

// The same while there is plenty of input and of room, and STEP_HUNGRY when there is not. It may leave a match to be
// written.
enum step inflate_read_symbols_fast(struct inflate_kernel *kernel, struct bit_reader *reader, struct writing *writing);

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
