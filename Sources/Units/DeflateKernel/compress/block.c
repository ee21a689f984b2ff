// SPDX-License-Identifier: Apache-2.0

#include "block.h"
#include "block_header.h"
#include "huffman.h"

enum { STORED = 0, FIXED = 1, DYNAMIC = 2 };
enum { STORED_HEADER = 5 }; // bytes

// Writing wide takes room for 8 bytes more than there are.
static inline __attribute__((always_inline)) void write_sequences(
    struct bit_writer *out, const struct block *block, const struct codes *codes, int wide)
{
    struct bit_writer writer = *out; // in registers
    const uint8_t *text = block->text;
    const struct code none = { 0, 0 };
    for (size_t index = 0; index < block->sequence_count; index++) {
        struct sequence sequence = block->sequences[index];
        const uint8_t *literal = text;
        // Four at once, however many there are: their number is hard to foretell.
        for (int left = (int)sequence.literal_count; left > 0; left -= 4, literal += 4) {
            struct code first = codes->literals[literal[0]];
            struct code second = left > 1 ? codes->literals[literal[1]] : none;
            struct code third = left > 2 ? codes->literals[literal[2]] : none;
            struct code fourth = left > 3 ? codes->literals[literal[3]] : none;
            uint64_t two = first.bits | (uint64_t)second.bits << first.length;
            uint64_t more = third.bits | (uint64_t)fourth.bits << third.length;
            unsigned two_length = first.length + second.length;
            put(&writer, two | more << two_length, two_length + third.length + fourth.length);
            wide ? flush_wide(&writer) : flush(&writer);
        }
        if (sequence.length == 0)
            break;
        // 7 + 14 + 5 + 15 + 13 bits at most
        put(&writer, codes->lengths[sequence.length].bits, codes->lengths[sequence.length].count);
        unsigned symbol = distance_symbol(sequence.distance), extra_bits = distance_extra_bits(symbol);
        put(&writer, codes->distances[symbol].bits, codes->distances[symbol].length);
        put(&writer, (sequence.distance - 1u) & ((1u << extra_bits) - 1), extra_bits);
        wide ? flush_wide(&writer) : flush(&writer);
        text += sequence.literal_count + sequence.length;
    }
    put(&writer, codes->literals[END_OF_BLOCK].bits, codes->literals[END_OF_BLOCK].length);
    wide ? flush_wide(&writer) : flush(&writer);
    *out = writer;
}

static size_t cost(const uint32_t *counts, const uint8_t *lengths, unsigned symbol_count)
{
    size_t bit_count = 0;
    for (unsigned symbol = 0; symbol < symbol_count; symbol++)
        bit_count += (size_t)counts[symbol] * lengths[symbol];
    return bit_count;
}

static size_t extra_cost(const uint32_t *literals, const uint32_t *distances)
{
    size_t bit_count = 0;
    for (unsigned symbol = 0; symbol < LENGTHS; symbol++)
        bit_count += (size_t)literals[FIRST_LENGTH + symbol] * length_extra_bits(symbol);
    for (unsigned symbol = 0; symbol < DISTANCES; symbol++)
        bit_count += (size_t)distances[symbol] * distance_extra_bits(symbol);
    return bit_count;
}

static void fixed_lengths(uint8_t *literals, uint8_t *distances)
{
    memset(literals, 8, 144);
    memset(literals + 144, 9, 112);
    memset(literals + 256, 7, 24);
    memset(literals + 280, 8, 8);
    memset(distances, 5, DISTANCES);
}

static void make_codes(struct codes *codes, const uint8_t *literals, unsigned literal_count, const uint8_t *distances)
{
    codes_of_lengths(literals, literal_count, codes->literals);
    codes_of_lengths(distances, DISTANCES, codes->distances);
    for (unsigned length = SHORTEST_MATCH; length <= LONGEST_MATCH; length++) {
        unsigned symbol = length_symbol(length), extra_bits = length_extra_bits(symbol);
        uint32_t extra = (length - SHORTEST_MATCH) & ((1u << extra_bits) - 1);
        struct code code = codes->literals[FIRST_LENGTH + symbol];
        codes->lengths[length].bits = code.bits | extra << code.length;
        codes->lengths[length].count = code.length + extra_bits;
    }
}

// Of a first one: behind bits that are held.
static size_t stored_header_byte_count(const struct bit_writer *writer) { return (writer->held + 3 + 7) / 8 + 4; }

static void write_stored_header(struct bit_writer *writer, size_t byte_count, int is_last)
{
    put(writer, (unsigned)(is_last != 0) | STORED << 1, 3);
    flush_to_byte(writer);
    put(writer, byte_count | (uint64_t)(~byte_count & 0xffff) << 16, 32);
    flush(writer);
}

static int write_stored(struct bit_writer *writer, const struct block *block, int is_last)
{
    const uint8_t *text = block->text;
    size_t left = block->byte_count, taken;
    size_t piece_count = (left + LONGEST_STORED_BLOCK - 1) / LONGEST_STORED_BLOCK;
    if ((size_t)(writer->end - writer->at)
        < left + stored_header_byte_count(writer) + (piece_count - 1) * STORED_HEADER)
        return 0;
    for (; left > 0; left -= taken, text += taken) {
        taken = left < LONGEST_STORED_BLOCK ? left : LONGEST_STORED_BLOCK;
        write_stored_header(writer, taken, is_last && taken == left);
        memcpy(writer->at, text, taken);
        writer->at += taken;
    }
    return 1;
}

int block_write(
    struct bit_writer *writer, const struct block *block, struct block_memory *memory, int is_last,
    unsigned *literal_cost)
{
    uint32_t *const counts = memory->counts;
    struct block_header *const header = &memory->header;
    struct codes *const codes = &memory->codes;
    memcpy(counts, block->literals, sizeof(memory->counts));
    counts[END_OF_BLOCK] = 1;
    uint8_t *const literals = memory->literals, *const distances = memory->distances;
    uint8_t *const fixed_literals = memory->fixed_literals, *const fixed_distances = memory->fixed_distances;
    code_lengths(&memory->code_lengths, counts, LITERAL_SYMBOLS, LONGEST_LITERAL_CODE, literals);
    code_lengths(&memory->code_lengths, block->distances, DISTANCES, LONGEST_DISTANCE_CODE, distances);
    block_header_make(header, &memory->code_lengths, literals, distances);
    fixed_lengths(fixed_literals, fixed_distances);

    size_t literal_count = 0;
    for (unsigned symbol = 0; symbol < LITERALS; symbol++)
        literal_count += counts[symbol];
    if (literal_count >= 32)
        *literal_cost = (unsigned)(16 * cost(counts, literals, LITERALS) / literal_count);

    size_t dynamic = header->bit_count + cost(counts, literals, LITERAL_SYMBOLS)
        + cost(block->distances, distances, DISTANCES);
    size_t fixed = cost(counts, fixed_literals, LITERAL_SYMBOLS) + cost(block->distances, fixed_distances, DISTANCES);
    size_t coded = 3 + extra_cost(counts, block->distances) + (fixed <= dynamic ? fixed : dynamic);
    if (8 * (block->byte_count + STORED_HEADER) < coded)
        return write_stored(writer, block, is_last);

    size_t byte_count = (writer->held + coded + 7) / 8, room = (size_t)(writer->end - writer->at);
    if (room < byte_count)
        return 0;
    put(writer, (unsigned)(is_last != 0) | (fixed <= dynamic ? FIXED : DYNAMIC) << 1, 3);
    if (fixed <= dynamic) {
        flush(writer);
        make_codes(codes, fixed_literals, FIXED_SYMBOLS, fixed_distances);
    } else {
        block_header_write(header, writer);
        make_codes(codes, literals, LITERAL_SYMBOLS, distances);
    }
    if (room >= byte_count + sizeof(writer->bits))
        write_sequences(writer, block, codes, 1);
    else
        write_sequences(writer, block, codes, 0);
    return 1;
}

int block_write_marker(struct bit_writer *writer)
{
    if ((size_t)(writer->end - writer->at) < stored_header_byte_count(writer))
        return 0;
    write_stored_header(writer, 0, 0);
    return 1;
}
