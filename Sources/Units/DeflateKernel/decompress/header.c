// SPDX-License-Identifier: Apache-2.0
//
// What stands before a block's symbols: RFC 1951, sections 3.2.3 to 3.2.7. Every step takes all its bits or none, so that it
// can be taken again when more have come; and judges as early as zlib does.

#include "../bytes.h"
#include "steps.h"

// In the order in which a header has the lengths of code lengths' codes.
static const uint8_t order[CODE_LENGTHS] = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 };

// Bytes of input from which on two literals are decoded at once where they can be.
enum { PAIRED_INPUT = 4096 };

static void make_fixed_tables(struct inflate_kernel *kernel)
{
    uint8_t lengths[FIXED_LITERAL_SYMBOLS];
    memset(lengths, 8, 144);
    memset(lengths + 144, 9, 112);
    memset(lengths + 256, 7, 24);
    memset(lengths + 280, 8, 8);
    codes_make_table(kernel->literal_table, LITERAL_ALPHABET, lengths, FIXED_LITERAL_SYMBOLS);
    memset(lengths, 5, FIXED_DISTANCES);
    codes_make_table(kernel->distance_table, DISTANCE_ALPHABET, lengths, FIXED_DISTANCES);
    kernel->has_fixed_tables = 1;
}

static enum step read_kind(struct inflate_kernel *kernel, struct bit_reader *reader)
{
    if (!has_bits(reader, 3))
        return STEP_HUNGRY;
    kernel->is_last_block = (int)take_bits(reader, 1);
    switch (take_bits(reader, 2)) {
    case 0:
        kernel->phase = AT_STORED_LENGTH;
        return STEP_DONE;
    case 1:
        if (!kernel->has_fixed_tables)
            make_fixed_tables(kernel);
        kernel->left = 0;
        kernel->phase = IN_SYMBOLS;
        return STEP_DONE;
    case 2:
        kernel->phase = AT_COUNTS;
        return STEP_DONE;
    default:
        return refuse(kernel, "invalid block type");
    }
}

static enum step read_stored_length(struct inflate_kernel *kernel, struct bit_reader *reader)
{
    // Bits that were primed here are no part of it, either.
    take_bits(reader, reader->held & 7);
    if (!has_bits(reader, 32))
        return STEP_HUNGRY;
    unsigned length = (unsigned)reader->bits & 0xffff, complement = (unsigned)(reader->bits >> 16) & 0xffff;
    if (complement != (length ^ 0xffff)) {
        reader->looked_at = 32;
        return refuse(kernel, "invalid stored block lengths");
    }
    // What was read beyond them is the block's first bytes.
    reader->next -= (reader->held - 32) / 8;
    reader->bits = 0;
    reader->held = 0;
    kernel->left = length;
    kernel->phase = IN_STORED_BLOCK;
    return STEP_DONE;
}

static enum step read_counts(struct inflate_kernel *kernel, struct bit_reader *reader)
{
    if (!has_bits(reader, 14))
        return STEP_HUNGRY;
    kernel->literal_symbols = FIRST_LENGTH + take_bits(reader, 5);
    kernel->distances = 1 + take_bits(reader, 5);
    kernel->code_length_lengths = 4 + take_bits(reader, 4);
    kernel->lengths_read = 0;
    memset(kernel->code_lengths, 0, sizeof(kernel->code_lengths));
    kernel->phase = IN_CODE_LENGTH_LENGTHS;
    if (kernel->literal_symbols > LITERAL_SYMBOLS || kernel->distances > DISTANCES)
        return refuse(kernel, "too many length or distance symbols");
    return STEP_DONE;
}

static enum step read_code_length_lengths(struct inflate_kernel *kernel, struct bit_reader *reader)
{
    while (kernel->lengths_read < kernel->code_length_lengths) {
        if (!has_bits(reader, 3))
            return STEP_HUNGRY;
        kernel->code_lengths[order[kernel->lengths_read++]] = (uint8_t)take_bits(reader, 3);
    }
    kernel->lengths_read = 0;
    kernel->phase = IN_CODE_LENGTHS;
    kernel->tables = NO_TABLES;
    if (!codes_make_table(kernel->code_length_table, CODE_LENGTH_ALPHABET, kernel->code_lengths, CODE_LENGTHS))
        return refuse(kernel, "invalid code lengths set");
    kernel->tables = CODE_LENGTH_TABLES;
    return STEP_DONE;
}

static enum step read_code_lengths(struct inflate_kernel *kernel, struct bit_reader *reader)
{
    static const struct { uint8_t bits, least; } repetitions[] = { { 2, 3 }, { 3, 3 }, { 7, 11 } };
    unsigned total = kernel->literal_symbols + kernel->distances;
    while (kernel->lengths_read < total) {
        fill_bits(reader);
        uint32_t entry = kernel->code_length_table[reader->bits & (CODE_LENGTH_TABLE_SIZE - 1)];
        unsigned symbol = entry >> 16, bits = entry & 0xff;
        if (bits > reader->held)
            return STEP_HUNGRY;
        if (symbol < 16) {
            take_bits(reader, bits);
            kernel->lengths[kernel->lengths_read++] = (uint8_t)symbol;
            continue;
        }
        // 16 repeats the length before, 17 and 18 a length of zero.
        unsigned extra_bits = repetitions[symbol - 16].bits;
        if (bits + extra_bits > reader->held)
            return STEP_HUNGRY;
        take_bits(reader, bits);
        if (symbol == 16 && kernel->lengths_read == 0) {
            reader->looked_at = extra_bits;
            return refuse(kernel, "invalid bit length repeat");
        }
        unsigned count = repetitions[symbol - 16].least + take_bits(reader, extra_bits);
        if (count > total - kernel->lengths_read)
            return refuse(kernel, "invalid bit length repeat");
        int length = symbol == 16 ? kernel->lengths[kernel->lengths_read - 1] : 0;
        memset(kernel->lengths + kernel->lengths_read, length, count);
        kernel->lengths_read += count;
    }
    if (kernel->lengths[END_OF_BLOCK] == 0)
        return refuse(kernel, "invalid code -- missing end-of-block");
    kernel->has_fixed_tables = 0;
    kernel->left = 0;
    kernel->phase = IN_SYMBOLS;
    kernel->table_literals = kernel->literal_symbols;
    kernel->table_distances = kernel->distances;
    kernel->tables = NO_TABLES;
    if (!codes_make_table(kernel->literal_table, LITERAL_ALPHABET, kernel->lengths, kernel->literal_symbols))
        return refuse(kernel, "invalid literal/lengths set");
    kernel->tables = LITERAL_TABLES;
    if (!codes_make_table(
            kernel->distance_table, DISTANCE_ALPHABET, kernel->lengths + kernel->literal_symbols, kernel->distances))
        return refuse(kernel, "invalid distances set");
    kernel->tables = ALL_TABLES;
    if (reader->end - reader->next >= PAIRED_INPUT)
        codes_pair_literals(kernel->literal_table, kernel->lengths);
    return STEP_DONE;
}

enum step inflate_read_header(struct inflate_kernel *kernel, struct bit_reader *reader)
{
    for (;;) {
        enum step step;
        switch (kernel->phase) {
        case AT_BLOCK: step = read_kind(kernel, reader); break;
        case AT_STORED_LENGTH: step = read_stored_length(kernel, reader); break;
        case AT_COUNTS: step = read_counts(kernel, reader); break;
        case IN_CODE_LENGTH_LENGTHS: step = read_code_length_lengths(kernel, reader); break;
        case IN_CODE_LENGTHS: step = read_code_lengths(kernel, reader); break;
        default: return STEP_DONE;
        }
        if (step != STEP_DONE)
            return step;
    }
}
