// SPDX-License-Identifier: Apache-2.0

#include "huffman.h"

#include <string.h>

// A symbol and how often it occurs, in one number that sorts by the latter.
static uint64_t key(uint32_t count, unsigned symbol) { return (uint64_t)count << 16 | symbol; }
static unsigned symbol_of(uint64_t key) { return key & 0xffff; }
static uint32_t count_of(uint64_t key) { return (uint32_t)(key >> 16); }

// Nothing below asks which of two counts is larger: that cannot be foretold, and a wrong guess costs more than a key.

// Of few keys, each goes behind all that are smaller.
static void sort_few(const uint64_t *keys, unsigned count, uint64_t *sorted)
{
    for (unsigned index = 0; index < count; index++) {
        unsigned place = 0;
        for (unsigned other = 0; other < count; other++)
            place += keys[other] < keys[index];
        sorted[place] = keys[index];
    }
}

// By eight bits of the counts. What is equal there stays in its order.
static void sort_by_digit(const uint64_t *keys, unsigned count, unsigned shift, uint64_t *sorted)
{
    uint16_t places[256] = { 0 };
    for (unsigned index = 0; index < count; index++)
        places[keys[index] >> shift & 255]++;
    for (unsigned digit = 0, place = 0; digit < 256; digit++) {
        const unsigned occurs = places[digit];
        places[digit] = (uint16_t)place;
        place += occurs;
    }
    for (unsigned index = 0; index < count; index++)
        sorted[places[keys[index] >> shift & 255]++] = keys[index];
}

// Keys that are in the order of their symbols. So many are about as quick in one way as in the other.
static void sort(uint64_t *keys, unsigned count, uint64_t *other)
{
    enum { FEW = 40 };
    uint64_t *from = keys, *to = other, all = 0;
    if (count <= FEW) {
        sort_few(keys, count, other);
        memcpy(keys, other, count * sizeof(*keys));
        return;
    }
    for (unsigned index = 0; index < count; index++)
        all |= keys[index];
    for (unsigned shift = 16; all >> shift != 0; shift += 8) {
        sort_by_digit(from, count, shift, to);
        uint64_t *const sorted = to;
        to = from;
        from = sorted;
    }
    if (from != keys)
        memcpy(keys, from, count * sizeof(*keys));
}

// Makes the tree in the place of the counts, which ascend (Moffat and Katajainen, "In-place calculation of
// minimum-redundancy codes", 1995): afterwards node i, of count - 1 inner ones, holds its parent; the last is the root.
// There is a node more, into which goes what nobody wants.
static void make_tree(uint32_t *nodes, unsigned count)
{
    unsigned leaf = 0, inner = 0;
    for (unsigned made = 0; made < count - 1; made++) {
        uint32_t weight = 0;
        for (int child = 0; child < 2; child++) {
            const uint32_t of_leaf = leaf < count ? nodes[leaf] : UINT32_MAX;
            const uint32_t of_inner = inner < made ? nodes[inner] : UINT32_MAX;
            const unsigned is_inner = of_inner < of_leaf;
            weight += is_inner ? of_inner : of_leaf;
            nodes[is_inner ? inner : count] = made;
            inner += is_inner;
            leaf += !is_inner;
        }
        nodes[made] = weight;
    }
}

// How many leaves there are at each depth; what is deeper than `longest` is counted there.
static void count_depths(uint32_t *nodes, unsigned count, unsigned longest, unsigned *leaves_at)
{
    int node = (int)count - 2;
    nodes[node] = 0;
    for (int index = node - 1; index >= 0; index--)
        nodes[index] = nodes[nodes[index]] + 1;
    unsigned places = 1;
    for (unsigned depth = 0, leaves = count; leaves > 0; depth++) {
        unsigned inner = 0;
        for (; node >= 0 && nodes[node] == depth; node--)
            inner++;
        leaves_at[depth < longest ? depth : longest] += places - inner;
        leaves -= places - inner;
        places = 2 * inner;
    }
}

// What was cut off at the longest length takes more than there is of code space: shorter codes give way, the longest
// first.
static void make_room(unsigned *leaves_at, unsigned longest)
{
    uint32_t taken = 0;
    for (unsigned length = 1; length <= longest; length++)
        taken += (uint32_t)leaves_at[length] << (longest - length);
    for (; taken > 1u << longest; taken--) {
        unsigned length = longest - 1;
        while (leaves_at[length] == 0)
            length--;
        leaves_at[length]--;
        leaves_at[length + 1] += 2;
        leaves_at[longest]--;
    }
}

void code_lengths(
    struct code_length_memory *memory, const uint32_t *counts, unsigned symbol_count, unsigned longest, uint8_t *lengths)
{
    uint64_t *const keys = memory->keys;
    uint32_t *const nodes = memory->nodes;
    unsigned leaves_at[LONGEST_DISTANCE_CODE + 1] = { 0 };
    unsigned used = 0;
    memset(lengths, 0, symbol_count);
    for (unsigned symbol = 0; symbol < symbol_count; symbol++) {
        if (counts[symbol] != 0)
            keys[used++] = key(counts[symbol], symbol);
    }
    if (used < 2) {
        unsigned only = used == 1 ? symbol_of(keys[0]) : 0;
        lengths[only] = 1;
        lengths[only == 0 ? 1 : 0] = 1;
        return;
    }
    sort(keys, used, memory->sorted);
    for (unsigned index = 0; index < used; index++)
        nodes[index] = count_of(keys[index]);
    make_tree(nodes, used);
    count_depths(nodes, used, longest, leaves_at);
    make_room(leaves_at, longest);
    unsigned next = 0;
    for (unsigned length = longest; length >= 1; length--) {
        for (unsigned left = leaves_at[length]; left > 0; left--)
            lengths[symbol_of(keys[next++])] = (uint8_t)length;
    }
}

static unsigned reversed(unsigned bits, unsigned count)
{
    bits = (bits & 0x5555) << 1 | (bits >> 1 & 0x5555);
    bits = (bits & 0x3333) << 2 | (bits >> 2 & 0x3333);
    bits = (bits & 0x0f0f) << 4 | (bits >> 4 & 0x0f0f);
    bits = (bits & 0x00ff) << 8 | (bits >> 8 & 0x00ff);
    return bits >> (16 - count);
}

void codes_of_lengths(const uint8_t *lengths, unsigned symbol_count, struct code *codes)
{
    unsigned symbols_of[LONGEST_DISTANCE_CODE + 1] = { 0 }, next[LONGEST_DISTANCE_CODE + 1] = { 0 };
    for (unsigned symbol = 0; symbol < symbol_count; symbol++)
        symbols_of[lengths[symbol]]++;
    symbols_of[0] = 0;
    for (unsigned length = 1; length <= LONGEST_DISTANCE_CODE; length++)
        next[length] = (next[length - 1] + symbols_of[length - 1]) << 1;
    for (unsigned symbol = 0; symbol < symbol_count; symbol++) {
        unsigned length = lengths[symbol];
        codes[symbol].bits = length == 0 ? 0 : (uint16_t)reversed(next[length]++, length);
        codes[symbol].length = (uint16_t)length;
    }
}
