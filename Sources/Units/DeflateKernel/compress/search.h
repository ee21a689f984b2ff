// SPDX-License-Identifier: Apache-2.0
//
// What both ways of searching have in common.

#ifndef SEARCH_H
#define SEARCH_H

#include "kernel.h"

#define INLINE static inline __attribute__((always_inline))

struct match {
    unsigned length;
    unsigned distance; // 0: none
};

// Knuth's multiplicative hashing, with the golden ratio.
static inline unsigned hash_of_three(const struct places *places, uint32_t bytes)
{
    return (bytes << 8) * 0x9e3779b1u >> (32 - places->short_hash_bits);
}

static inline unsigned hash_of_four(const struct places *places, uint32_t bytes)
{
    return bytes * 0x9e3779b1u >> (32 - places->hash_bits);
}

static inline unsigned hash_of_eight(const struct places *places, uint64_t bytes)
{
    return (unsigned)(bytes * 0x9e3779b97f4a7c15u >> (64 - places->hash_bits));
}

// How far back a place is, from another: garbage where it is out of date, and then to be compared anyway.
static inline unsigned distance_between(unsigned place, unsigned earlier) { return (uint16_t)(place - earlier); }

// What a parse has made so far: the sequences of a block, and its counts.
struct parse {
    struct deflate_kernel *kernel;
    unsigned at;
    unsigned literals_from;
    size_t sequence_count;
};

static inline struct parse parse_begin(struct deflate_kernel *kernel)
{
    memset(kernel->block.literals, 0, sizeof(kernel->block.literals));
    memset(kernel->block.distances, 0, sizeof(kernel->block.distances));
    return (struct parse){ kernel, kernel->cursor, kernel->cursor, 0 };
}

static inline void take_literal(struct parse *parse)
{
    parse->kernel->block.literals[parse->kernel->text[parse->at++]]++;
}

static inline void take_match(struct parse *parse, struct match match)
{
    struct block *block = &parse->kernel->block;
    parse->kernel->sequences[parse->sequence_count++] = (struct sequence){
        parse->at - parse->literals_from, (uint16_t)match.length, (uint16_t)match.distance,
    };
    block->literals[FIRST_LENGTH + length_symbol(match.length)]++;
    block->distances[distance_symbol(match.distance)]++;
    parse->literals_from = parse->at += match.length;
}

static inline void parse_end(struct parse *parse)
{
    struct deflate_kernel *kernel = parse->kernel;
    if (parse->at > parse->literals_from)
        kernel->sequences[parse->sequence_count++] = (struct sequence){ parse->at - parse->literals_from, 0, 0 };
    kernel->block.text = kernel->text + kernel->cursor;
    kernel->block.byte_count = parse->at - kernel->cursor;
    kernel->block.sequences = kernel->sequences;
    kernel->block.sequence_count = parse->sequence_count;
    kernel->cursor = parse->at;
}

#endif
