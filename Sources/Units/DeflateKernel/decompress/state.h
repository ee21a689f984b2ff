// SPDX-License-Identifier: Apache-2.0
//
// What an inflating kernel keeps between two requests, and what a request works with.

#ifndef STATE_H
#define STATE_H

#include "codes.h"
#include "inflate_kernel.h"

#include <stdint.h>

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

#endif
