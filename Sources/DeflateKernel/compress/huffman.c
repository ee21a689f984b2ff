// SPDX-License-Identifier: Apache-2.0

#include "huffman.h"
#include "../alphabets.h"

#include <string.h>

// A symbol and how often it occurs, in one number that sorts by the latter.
static uint64_t key(uint32_t count, unsigned symbol) { return (uint64_t)count << 16 | symbol; }
static unsigned symbol_of(uint64_t key) { return key & 0xffff; }
static uint32_t count_of(uint64_t key) { return (uint32_t)(key >> 16); }

// Shell's, with Ciura's gaps.
static void sort(uint64_t *keys, unsigned count)
{
    static const unsigned gaps[] = { 132, 57, 23, 10, 4, 1 };
    for (unsigned pass = 0; pass < sizeof(gaps) / sizeof(gaps[0]); pass++) {
        unsigned gap = gaps[pass];
        for (unsigned index = gap; index < count; index++) {
            uint64_t moving = keys[index];
            unsigned place = index;
            for (; place >= gap && keys[place - gap] > moving; place -= gap)
                keys[place] = keys[place - gap];
            keys[place] = moving;
        }
    }
}

// Makes the tree in the place of the counts, which ascend (Moffat and Katajainen, "In-place calculation of
// minimum-redundancy codes", 1995): afterwards node i, of count - 1 inner ones, holds its parent; the last is the root.
static void make_tree(uint32_t *nodes, unsigned count)
{
    unsigned leaf = 0, inner = 0;
    for (unsigned made = 0; made < count - 1; made++) {
        uint32_t weight = 0;
        for (int child = 0; child < 2; child++) {
            if (leaf >= count || (inner < made && nodes[inner] < nodes[leaf])) {
                weight += nodes[inner];
                nodes[inner++] = made;
            } else {
                weight += nodes[leaf++];
            }
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

void code_lengths(const uint32_t *counts, unsigned symbol_count, unsigned longest, uint8_t *lengths)
{
    uint64_t keys[LITERAL_SYMBOLS];
    uint32_t nodes[LITERAL_SYMBOLS];
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
    sort(keys, used);
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
    unsigned turned = 0;
    for (unsigned bit = 0; bit < count; bit++)
        turned |= (bits >> bit & 1) << (count - 1 - bit);
    return turned;
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
