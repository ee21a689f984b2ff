// SPDX-License-Identifier: Apache-2.0

#include "kernel.h"
#include "search.h"

#include <stdlib.h>

// Measured against zlib's levels on source text, JSON and programs (Docs/performance.md): 4 to 6 take a quarter of level
// 6's time, 7 to 9 give no more output than zlib's own.
static const struct effort efforts[] = {
    [6] = { .tries = 0, .long_enough = 9 },
    [7] = { .tries = 40, .long_enough = 130, .good = 32 },
    [8] = { .tries = 100, .long_enough = LONGEST_MATCH, .good = 32 },
    [9] = { .tries = 230, .long_enough = LONGEST_MATCH, .good = 32 },
};

// Sixteenths of a bit that a match's length and distance take, without the distance's extra bits.
static const int match_cost = 150;
static const unsigned farthest_of_three = 4096;

struct deflate_kernel *deflate_kernel_new(void) { return malloc(sizeof(struct deflate_kernel)); }

void deflate_kernel_free(struct deflate_kernel *kernel) { free(kernel); }

void deflate_kernel_begin(
    struct deflate_kernel *kernel, int level, int window_bits, const void *window, size_t window_byte_count,
    size_t expected_byte_count)
{
    const uint8_t *history = window;
    if (window_byte_count > HISTORY) {
        history += window_byte_count - HISTORY;
        window_byte_count = HISTORY;
    }
    kernel->effort = efforts[level < 6 ? 6 : level > 9 ? 9 : level];
    kernel->reach = 1u << window_bits;
    kernel->literal_cost = 0;
    kernel->first_place = 0;
    kernel->cursor = kernel->filled = (unsigned)window_byte_count;
    memcpy(kernel->text, history, window_byte_count);

    struct places *places = &kernel->places;
    unsigned bits = MOST_HASH_BITS;
    if (expected_byte_count != 0 && window_byte_count == 0) {
        while (bits > 9 && expected_byte_count <= 4u << (bits - 1))
            bits--;
    }
    places->hash_bits = bits;
    places->short_hash_bits = lesser(bits, MOST_SHORT_HASH_BITS);
    memset(places->of_three, 0, sizeof(places->of_three[0]) << places->short_hash_bits);
    memset(places->of_four, 0, sizeof(places->of_four[0]) << bits);
    if (kernel->effort.tries != 0) {
        enter_window_in_chains(kernel);
    } else {
        memset(places->of_eight, 0, sizeof(places->of_eight[0]) << bits);
        enter_window_in_tables(kernel);
    }
}

// What a literal of this text would take, in sixteenths of a bit: the entropy of its beginning. Not inlined, so that what
// it counts in is off the stack again when blocks are written.
__attribute__((noinline)) static unsigned estimate_literal_cost(const uint8_t *text, size_t byte_count)
{
    unsigned counts[LITERALS] = { 0 }, count = byte_count < 4096 ? (unsigned)byte_count : 4096, sum = 0;
    if (count < 64)
        return 16 * 8;
    for (unsigned index = 0; index < count; index++)
        counts[text[index]]++;
    for (unsigned value = 0; value < LITERALS; value++) {
        if (counts[value] == 0)
            continue;
        // The logarithm's fraction is taken as linear.
        unsigned share = 16 * count / counts[value], whole = floor_log2(share);
        sum += counts[value] * (16 * (whole - 4) + (16 * share >> whole) - 16);
    }
    return sum / count;
}

// How far back a match of each length may be, where it has more extra bits the farther it is.
static void weigh_matches(struct deflate_kernel *kernel)
{
    for (unsigned length = SHORTEST_MATCH; length < LEAST_TEXT; length++) {
        int extra_bits = ((int)(length * kernel->literal_cost) - match_cost) / 16;
        kernel->farthest[length] = extra_bits < 0 ? 0 : extra_bits > 13 ? HISTORY : 4u << extra_bits;
    }
    kernel->farthest[SHORTEST_MATCH] = lesser(kernel->farthest[SHORTEST_MATCH], farthest_of_three);
    kernel->farthest[LEAST_TEXT] = HISTORY;
    kernel->shortest = SHORTEST_MATCH + 1;
    while (kernel->shortest < 6 && kernel->farthest[kernel->shortest] < 2048)
        kernel->shortest++;
}

// Drops what is behind the window, and takes as much input as there is room for.
static size_t fill(struct deflate_kernel *kernel, const uint8_t *input, size_t byte_count)
{
    if (byte_count > HISTORY + SEGMENT - kernel->filled && kernel->cursor > HISTORY) {
        unsigned dropped = kernel->cursor - HISTORY;
        memmove(kernel->text, kernel->text + dropped, kernel->filled - dropped);
        kernel->first_place += dropped;
        kernel->cursor -= dropped;
        kernel->filled -= dropped;
    }
    size_t taken = HISTORY + SEGMENT - kernel->filled;
    if (taken > byte_count)
        taken = byte_count;
    memcpy(kernel->text + kernel->filled, input, taken);
    kernel->filled += (unsigned)taken;
    memset(kernel->text + kernel->filled, 0, SLACK);
    return taken;
}

size_t deflate_kernel_run(
    struct deflate_kernel *kernel, const void *input, size_t input_byte_count, void *output, size_t room, int finish)
{
    struct bit_writer writer = { output, (uint8_t *)output + room, 0, 0 };
    const uint8_t *next = input;
    if (kernel->literal_cost == 0)
        kernel->literal_cost = estimate_literal_cost(next, input_byte_count);
    do {
        size_t taken = fill(kernel, next, input_byte_count);
        next += taken;
        input_byte_count -= taken;
        // A match may go on in what is not there yet.
        unsigned stop = input_byte_count == 0 ? kernel->filled : kernel->filled - LONGEST_MATCH;
        while (kernel->cursor < stop) {
            weigh_matches(kernel);
            if (kernel->effort.tries != 0)
                parse_with_chains(kernel, stop);
            else
                parse_with_tables(kernel, stop);
            int is_last = finish && input_byte_count == 0 && kernel->cursor == kernel->filled;
            if (!block_write(&writer, &kernel->block, &kernel->block_memory, is_last, &kernel->literal_cost))
                return 0;
        }
    } while (input_byte_count > 0);
    if (!finish)
        return block_write_marker(&writer) ? (size_t)(writer.at - (uint8_t *)output) : 0;
    if (writer.held > 0 && writer.at == writer.end)
        return 0;
    flush_to_byte(&writer);
    return (size_t)(writer.at - (uint8_t *)output);
}
