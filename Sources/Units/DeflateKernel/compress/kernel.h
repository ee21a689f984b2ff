// SPDX-License-Identifier: Apache-2.0

#ifndef KERNEL_H
#define KERNEL_H

#include "block.h"
#include "deflate_kernel.h"
#include "../bytes.h"

enum {
    // Text that is parsed without moving it; a block is no longer.
    SEGMENT = 131072,
    // What may be read behind the text, without meaning.
    SLACK = 32,
    // A block is no longer than this either.
    MOST_SEQUENCES = 8192,
    MOST_HASH_BITS = 15,
    MOST_SHORT_HASH_BITS = 13,
    // Bytes that a search looks at, and the hash of the longest key.
    LEAST_TEXT = 8,
};

// What a level does to find matches.
struct effort {
    // How many earlier places that look alike are tried; 0: the last two, found by tables without chains.
    uint16_t tries;
    // Matches so long are taken without a look at what the next byte would give.
    uint16_t long_enough;
    // Behind a match so long fewer places are tried.
    uint16_t good;
};

// Places of text, modulo 65536, by a hash of what begins there. A place may be out of date or another's: whoever looks
// compares the text.
struct places {
    unsigned hash_bits, short_hash_bits;
    uint16_t of_three[1 << MOST_SHORT_HASH_BITS];
    uint16_t of_four[1 << MOST_HASH_BITS];
    union {
        uint16_t of_eight[1 << MOST_HASH_BITS];
        // The place before that has the same hash of four bytes; by place, modulo HISTORY.
        uint16_t before[HISTORY];
    };
};

struct deflate_kernel {
    struct effort effort;
    // Greatest distance of a match, and of one of 3 to 7 bytes: a far one takes more bits than literals would.
    unsigned reach;
    unsigned farthest[LEAST_TEXT + 1];
    // The shortest match that is worth it some way back.
    unsigned shortest;
    // In sixteenths of a bit, as it last was; 0: not known yet.
    unsigned literal_cost;
    // Of text[0].
    unsigned first_place;
    // Everything before is compressed, everything up to `filled` is there.
    unsigned cursor, filled;
    struct places places;
    struct sequence sequences[MOST_SEQUENCES + 1];
    struct block block;
    struct block_memory block_memory;
    uint8_t text[HISTORY + SEGMENT + SLACK];
};

// Parse from the cursor to `stop` at least, and to `filled` at most, or until the block is full. Matches end at `filled`.
void parse_with_tables(struct deflate_kernel *kernel, unsigned stop);
void parse_with_chains(struct deflate_kernel *kernel, unsigned stop);

// Enter the places of text before the cursor.
void enter_window_in_tables(struct deflate_kernel *kernel);
void enter_window_in_chains(struct deflate_kernel *kernel);

#endif
