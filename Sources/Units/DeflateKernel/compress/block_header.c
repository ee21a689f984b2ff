// SPDX-License-Identifier: Apache-2.0

#include "block_header.h"
#include "huffman.h"

// The order in which the lengths of the runs' code are told, those that are seldom used last.
static const uint8_t telling_order[CODE_LENGTHS] = {
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
};

enum { REPEAT = 16, FEW_ZEROS = 17, MANY_ZEROS = 18 };

static const struct {
    uint8_t shortest, longest, extra_bits;
} repetitions[CODE_LENGTHS] = {
    [REPEAT] = { 3, 6, 2 },
    [FEW_ZEROS] = { 3, 10, 3 },
    [MANY_ZEROS] = { 11, 138, 7 },
};

static void add(struct block_header *header, uint32_t *counts, unsigned symbol, unsigned extra)
{
    header->runs[header->run_count].symbol = (uint8_t)symbol;
    header->runs[header->run_count++].extra = (uint8_t)extra;
    counts[symbol]++;
}

static void add_run(struct block_header *header, uint32_t *counts, unsigned length, unsigned count)
{
    if (length != 0) {
        add(header, counts, length, 0);
        count--;
    }
    while (count >= 3) {
        unsigned symbol = length != 0 ? REPEAT : count < repetitions[MANY_ZEROS].shortest ? FEW_ZEROS : MANY_ZEROS;
        unsigned taken = count < repetitions[symbol].longest ? count : repetitions[symbol].longest;
        add(header, counts, symbol, taken - repetitions[symbol].shortest);
        count -= taken;
    }
    for (; count > 0; count--)
        add(header, counts, length, 0);
}

void block_header_make(
    struct block_header *header, struct code_length_memory *memory, const uint8_t *literal_lengths,
    const uint8_t *distance_lengths)
{
    unsigned literal_count = LITERAL_SYMBOLS, distance_count = DISTANCES;
    while (literal_count > FIRST_LENGTH && literal_lengths[literal_count - 1] == 0)
        literal_count--;
    while (distance_count > 1 && distance_lengths[distance_count - 1] == 0)
        distance_count--;
    header->literal_symbol_count = literal_count;
    header->distance_symbol_count = distance_count;

    // Both alphabets' lengths are told as one sequence.
    uint8_t all[LITERAL_SYMBOLS + DISTANCES];
    unsigned count = literal_count + distance_count;
    memcpy(all, literal_lengths, literal_count);
    memcpy(all + literal_count, distance_lengths, distance_count);
    uint32_t counts[CODE_LENGTHS] = { 0 };
    header->run_count = 0;
    for (unsigned start = 0, end; start < count; start = end) {
        for (end = start + 1; end < count && all[end] == all[start];)
            end++;
        add_run(header, counts, all[start], end - start);
    }

    code_lengths(memory, counts, CODE_LENGTHS, LONGEST_CODE_LENGTH_CODE, header->lengths);
    header->length_count = CODE_LENGTHS;
    while (header->length_count > 4 && header->lengths[telling_order[header->length_count - 1]] == 0)
        header->length_count--;
    header->bit_count = 5 + 5 + 4 + 3 * header->length_count;
    for (unsigned symbol = 0; symbol < CODE_LENGTHS; symbol++)
        header->bit_count += (size_t)counts[symbol] * (header->lengths[symbol] + repetitions[symbol].extra_bits);
}

void block_header_write(const struct block_header *header, struct bit_writer *writer)
{
    struct code codes[CODE_LENGTHS];
    codes_of_lengths(header->lengths, CODE_LENGTHS, codes);
    put(writer, header->literal_symbol_count - FIRST_LENGTH, 5);
    put(writer, header->distance_symbol_count - 1, 5);
    put(writer, header->length_count - 4, 4);
    for (unsigned index = 0; index < header->length_count; index++) {
        flush(writer);
        put(writer, header->lengths[telling_order[index]], 3);
    }
    for (unsigned index = 0; index < header->run_count; index++) {
        unsigned symbol = header->runs[index].symbol;
        flush(writer);
        put(writer, codes[symbol].bits, codes[symbol].length);
        put(writer, header->runs[index].extra, repetitions[symbol].extra_bits);
    }
    flush(writer);
}
