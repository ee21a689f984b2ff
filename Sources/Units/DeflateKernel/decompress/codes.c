// SPDX-License-Identifier: Apache-2.0

#include "codes.h"

#include "../bytes.h"

// Least length and extra bits of each length symbol; the last two stand for nothing. RFC 1951, section 3.2.5.
static const struct { uint16_t least; uint8_t extra_bits; } lengths_of_symbols[] = {
    { 3, 0 }, { 4, 0 }, { 5, 0 }, { 6, 0 }, { 7, 0 }, { 8, 0 }, { 9, 0 }, { 10, 0 }, { 11, 1 }, { 13, 1 },
    { 15, 1 }, { 17, 1 }, { 19, 2 }, { 23, 2 }, { 27, 2 }, { 31, 2 }, { 35, 3 }, { 43, 3 }, { 51, 3 }, { 59, 3 },
    { 67, 4 }, { 83, 4 }, { 99, 4 }, { 115, 4 }, { 131, 5 }, { 163, 5 }, { 195, 5 }, { 227, 5 }, { 258, 0 },
};

static uint32_t literal_entry(unsigned symbol)
{
    if (symbol < LITERALS)
        return symbol << 24 | symbol << 16 | IS_LITERAL;
    if (symbol == END_OF_BLOCK)
        return IS_STOP;
    if (symbol >= LITERAL_SYMBOLS)
        return IS_INVALID;
    symbol -= FIRST_LENGTH;
    return (uint32_t)lengths_of_symbols[symbol].least << 16 | lengths_of_symbols[symbol].extra_bits;
}

static uint32_t distance_entry(unsigned symbol)
{
    if (symbol >= DISTANCES)
        return IS_INVALID;
    unsigned extra_bits = distance_extra_bits(symbol);
    uint32_t least = symbol < 4 ? symbol + 1 : ((2 + (symbol & 1)) << extra_bits) + 1;
    return least << 16 | extra_bits;
}

// The entry of a symbol, but for its code's length.
static uint32_t entry_of(enum alphabet alphabet, unsigned symbol)
{
    switch (alphabet) {
    case LITERAL_ALPHABET: return literal_entry(symbol);
    case DISTANCE_ALPHABET: return distance_entry(symbol);
    default: return symbol << 16;
    }
}

static unsigned bits_of(enum alphabet alphabet)
{
    switch (alphabet) {
    case LITERAL_ALPHABET: return LITERAL_TABLE_BITS;
    case DISTANCE_ALPHABET: return DISTANCE_TABLE_BITS;
    default: return CODE_LENGTH_TABLE_BITS;
    }
}

// The next code of `length` bits. Codes count up from their first bit, which is the lowest here.
static unsigned next_code(unsigned code, unsigned length)
{
    unsigned bit = 1u << (length - 1);
    while (code & bit)
        bit >>= 1;
    return bit == 0 ? 0 : (code & (bit - 1)) | bit;
}

// How many bits a table needs for the codes that begin as the one of `length` bits does, of which it is the first.
// `counts` says how many codes of each length are left.
static unsigned bits_behind(const unsigned *counts, unsigned length, unsigned table_bits)
{
    unsigned bits = length - table_bits;
    int free = 1 << bits;
    while ((free -= (int)counts[length]) > 0 && length < LONGEST_CODE) {
        free <<= 1;
        bits++;
        length++;
    }
    return bits;
}

// For a single code of one bit, or none.
static void make_incomplete_table(uint32_t *table, enum alphabet alphabet, const uint8_t *lengths, unsigned count)
{
    // What has no code takes a bit and means nothing; among code lengths, zlib reads a length of zero.
    uint32_t entries[2], other = (alphabet == CODE_LENGTH_ALPHABET ? 0 : IS_INVALID) + 0x101;
    entries[0] = entries[1] = other;
    for (unsigned symbol = 0; symbol < count; symbol++)
        if (lengths[symbol] != 0)
            entries[0] = entry_of(alphabet, symbol) + 0x101;
    for (unsigned code = 0; code < 1u << bits_of(alphabet); code++)
        table[code] = entries[code & 1];
}

int codes_make_table(uint32_t *table, enum alphabet alphabet, const uint8_t *lengths, unsigned count)
{
    unsigned table_bits = bits_of(alphabet), counts[LONGEST_CODE + 1] = { 0 }, starts[LONGEST_CODE + 2];
    for (unsigned symbol = 0; symbol < count; symbol++)
        counts[lengths[symbol]]++;
    unsigned used = count - counts[0];
    counts[0] = 0;

    // Codes that are still free, of each length in turn.
    int free = 1;
    unsigned longest = 0;
    for (unsigned length = 1; length <= LONGEST_CODE; length++) {
        free = 2 * free - (int)counts[length];
        if (free < 0)
            return 0;
        if (counts[length] != 0)
            longest = length;
    }
    if (free > 0) {
        int is_allowed = used == 0 || (longest == 1 && alphabet != CODE_LENGTH_ALPHABET);
        if (is_allowed)
            make_incomplete_table(table, alphabet, lengths, count);
        return is_allowed;
    }

    // The symbols by length, and among equals in their own order.
    uint16_t symbols[FIXED_LITERAL_SYMBOLS];
    starts[1] = 0;
    for (unsigned length = 1; length <= LONGEST_CODE; length++)
        starts[length + 1] = starts[length] + counts[length];
    for (unsigned symbol = 0; symbol < count; symbol++)
        if (lengths[symbol] != 0)
            symbols[starts[lengths[symbol]]++] = (uint16_t)symbol;

    // A table of as many bits as the codes have that are entered grows with them: twice itself for a bit more.
    unsigned length = 1, code = 0, next = 0;
    while (counts[length] == 0)
        length++;
    unsigned size = 1u << (length < table_bits ? length : table_bits);
    for (; length <= table_bits; length++) {
        for (unsigned left = counts[length]; left > 0; left--) {
            table[code] = entry_of(alphabet, symbols[next++]) + length * 0x101;
            code = next_code(code, length);
        }
        if (length < table_bits) {
            memcpy(table + size, table, size * sizeof(*table));
            size *= 2;
        }
    }

    // Longer ones. Those that begin alike follow each other.
    unsigned mask = (1u << table_bits) - 1, beginning = ~0u, behind = 0, end = size;
    for (; length <= longest; length++) {
        while (counts[length] > 0) {
            if ((code & mask) != beginning) {
                beginning = code & mask;
                unsigned bits = bits_behind(counts, length, table_bits);
                table[beginning] = end << 16 | IS_LINK | bits << 8 | table_bits;
                behind = end;
                end += 1u << bits;
                size = 1u << bits;
            }
            uint32_t entry = entry_of(alphabet, symbols[next++]) + (length - table_bits) * 0x101;
            for (unsigned place = code >> table_bits; place < size; place += 1u << (length - table_bits))
                table[behind + place] = entry;
            counts[length]--;
            code = next_code(code, length);
        }
    }
    return 1;
}

unsigned codes_count_entries(const uint8_t *lengths, unsigned count, unsigned root)
{
    unsigned counts[LONGEST_CODE + 1] = { 0 }, shortest = LONGEST_CODE + 1, longest = 0;
    for (unsigned symbol = 0; symbol < count; symbol++)
        counts[lengths[symbol]]++;
    counts[0] = 0;
    for (unsigned length = LONGEST_CODE; length >= 1; length--)
        if (counts[length] != 0) {
            shortest = length;
            longest = longest == 0 ? length : longest;
        }
    // Without any code zlib makes a table of one bit.
    if (longest == 0)
        return 2;
    root = lesser(root, longest);
    if (root < shortest)
        root = shortest;
    unsigned entries = 1u << root, mask = entries - 1, beginning = ~0u, code = 0;
    for (unsigned length = shortest; length <= longest; length++)
        while (counts[length] > 0) {
            if (length > root && (code & mask) != beginning) {
                beginning = code & mask;
                // No longer than the longest code.
                unsigned bits = length - root;
                int free = 1 << bits;
                for (unsigned each = length; each < longest && (free -= (int)counts[each]) > 0; each++) {
                    free <<= 1;
                    bits++;
                }
                entries += 1u << bits;
            }
            counts[length]--;
            code = next_code(code, length);
        }
    return entries;
}

// Whether two literals in turn fit at least one time in eight, if symbols come as often as their codes say.
static int are_pairs_frequent(const uint8_t *lengths)
{
    unsigned counts[LONGEST_CODE + 1] = { 0 }, shorter[LONGEST_CODE + 1] = { 0 }, pairs = 0;
    for (unsigned literal = 0; literal < LITERALS; literal++)
        counts[lengths[literal]]++;
    // Shares of all symbols, in 2^-15 and, of pairs, 2^-30.
    for (unsigned length = 1; length < LITERAL_TABLE_BITS; length++)
        shorter[length] = shorter[length - 1] + (counts[length] << (LONGEST_CODE - length));
    for (unsigned length = 1; length < LITERAL_TABLE_BITS; length++)
        pairs += (counts[length] << (LONGEST_CODE - length)) * shorter[LITERAL_TABLE_BITS - length];
    return pairs >= 1u << 27;
}

void codes_pair_literals(uint32_t *table, const uint8_t *lengths)
{
    if (!are_pairs_frequent(lengths))
        return;
    // What follows a code has an entry farther up, that is not paired yet.
    for (unsigned place = 1 << LITERAL_TABLE_BITS; place-- > 0;) {
        uint32_t first = table[place];
        unsigned first_bits = first & 0xff;
        if (!(first & IS_LITERAL) || first_bits > LITERAL_TABLE_BITS - 1)
            continue;
        uint32_t second = table[place >> first_bits];
        // Its own second literal does not count.
        unsigned bits = first_bits + (second >> 8 & 15);
        if ((second & IS_LITERAL) && bits <= LITERAL_TABLE_BITS)
            table[place] = (second << 8 & 0xff000000) | (first & 0xff0000) | IS_LITERAL | IS_PAIR | first_bits << 8 | bits;
    }
}
