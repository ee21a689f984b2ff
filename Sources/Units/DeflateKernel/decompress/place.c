// SPDX-License-Identifier: Apache-2.0
//
// Where zlib's inflate would stand. It takes a match in four steps (a code, extra bits, another code, extra bits), where the
// kernel takes all of it or nothing; so some of the bits that the kernel holds zlib has used up already.

#include "../bytes.h"
#include "bit_reader.h"
#include "state.h"

// How many bits of a match that is not all there zlib has used up.
static unsigned begun_match_bits(const struct inflate_kernel *kernel)
{
    unsigned linked_bits;
    uint32_t entry = look_up(kernel->literal_table, LITERAL_TABLE_BITS, kernel->bits, &linked_bits);
    unsigned code_bits = linked_bits + (entry >> 8 & 15), all_bits = linked_bits + (entry & 0xff);
    // Literals and ends of blocks are taken as soon as they are there.
    if (code_bits > kernel->held || (entry & (IS_LITERAL | IS_STOP)))
        return 0;
    if (all_bits > kernel->held)
        return code_bits;
    entry = look_up(kernel->distance_table, DISTANCE_TABLE_BITS, kernel->bits >> all_bits, &linked_bits);
    code_bits = linked_bits + (entry >> 8 & 15);
    return all_bits + code_bits > kernel->held ? all_bits : all_bits + code_bits;
}

// Bits that zlib has used up of a symbol that is not done with, of those that the kernel still holds.
static unsigned used_up(const struct inflate_kernel *kernel)
{
    if (kernel->phase != IN_SYMBOLS || kernel->is_behind_header || kernel->left > 0)
        return 0;
    return kernel->literal_bits > 0 ? kernel->literal_bits : begun_match_bits(kernel);
}

unsigned long inflate_kernel_codes_used(const struct inflate_kernel *kernel)
{
    // Bits of zlib's tables for code lengths, literals and distances.
    enum { CODE_LENGTH_ROOT = 7, LITERAL_ROOT = 9, DISTANCE_ROOT = 6 };
    const uint8_t *lengths = kernel->lengths;
    switch (kernel->tables) {
    case CODE_LENGTH_TABLES: return codes_count_entries(kernel->code_lengths, CODE_LENGTHS, CODE_LENGTH_ROOT);
    case LITERAL_TABLES: return codes_count_entries(lengths, kernel->table_literals, LITERAL_ROOT);
    case ALL_TABLES:
        return codes_count_entries(lengths, kernel->table_literals, LITERAL_ROOT)
            + codes_count_entries(lengths + kernel->table_literals, kernel->table_distances, DISTANCE_ROOT);
    default: return 0;
    }
}

struct inflate_place inflate_kernel_place(const struct inflate_kernel *kernel)
{
    unsigned used = used_up(kernel);
    int is_in_symbol = kernel->phase == IN_SYMBOLS && !kernel->is_behind_header;
    int is_before_block = kernel->phase == AT_BLOCK && kernel->before_block == STOP_IS_HERE;
    struct inflate_place place = {
        .held = kernel->held - used,
        .is_last_block = kernel->is_last_block,
        .stop_flag = is_before_block ? 128 : kernel->is_behind_header ? 256 : 0,
        .is_sync_point = kernel->phase == AT_STORED_LENGTH && kernel->held == 0,
        .mark = -(1L << 16),
    };
    if (is_in_symbol && kernel->left > 0)
        place.mark = ((long)kernel->match_bits << 16) + (long)(kernel->match_length - kernel->left);
    else if (is_in_symbol)
        place.mark = (long)used << 16;
    else if (kernel->phase == IN_STORED_BLOCK && !kernel->is_behind_header)
        place.mark += (long)kernel->left;
    return place;
}

int inflate_kernel_prime(struct inflate_kernel *kernel, int count, int value)
{
    // What zlib has used up stays.
    unsigned used = used_up(kernel);
    if (count < 0) {
        kernel->held = used;
        kernel->bits &= (1ull << used) - 1;
        return 1;
    }
    if (count > 16 || kernel->held - used + (unsigned)count > 32)
        return 0;
    kernel->bits |= ((uint64_t)(unsigned)value & ((1u << count) - 1)) << kernel->held;
    kernel->held += (unsigned)count;
    return 1;
}

uint64_t inflate_kernel_held(const struct inflate_kernel *kernel, unsigned *count)
{
    unsigned used = used_up(kernel);
    *count = kernel->held - used;
    return kernel->bits >> used;
}
