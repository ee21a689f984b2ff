// SPDX-License-Identifier: Apache-2.0
//
// Programs consist of code, tables, names and zeros, each of which has values of its own. Where one ends and the next
// begins is found by counting the values of a few bytes, which takes a small part of the time that compressing them does.

#include "content.h"

#include <string.h>

// Found by trying, on programs: with shorter pieces, a lesser difference or a lower least, the output becomes smaller and
// takes more time, for all its codes.
enum {
    PIECE = 2048, // what is looked at as one
    LEAST = 8192, // a shorter kind is not worth codes of its own
    PERCENT = 95, // how much the shares of two kinds' values differ, of 200
};

// Values are told apart by their five highest bits. Of each 64 bytes, four are counted, each in a table of its own: one
// table would wait for itself where a value comes again and again.
enum { CLASSES = 32, TABLES = 4, STRIDE = 64, COUNTED = TABLES * PIECE / STRIDE };

struct census {
    uint64_t counts[CLASSES];
    uint64_t total;
};

static uint64_t load64(const uint8_t *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof(value));
    return value;
}

// Whether no byte that is looked at, 8 of 64, is above 127: text, which is of one kind. That takes much less time than
// counting.
static int is_plain(const uint8_t *piece)
{
    uint64_t all = 0;
    for (unsigned at = 0; at < PIECE; at += STRIDE)
        all |= load64(piece + at);
    return (all & 0x8080808080808080u) == 0;
}

static void count(const uint8_t *piece, struct census *census)
{
    uint16_t counts[TABLES][CLASSES] = { { 0 } };
    for (unsigned at = 0; at < PIECE; at += STRIDE) {
        uint64_t bytes = load64(piece + at);
        counts[0][bytes >> 3 & 31]++;
        counts[1][bytes >> 19 & 31]++;
        counts[2][bytes >> 43 & 31]++;
        counts[3][bytes >> 59]++;
    }
    for (unsigned class = 0; class < CLASSES; class++)
        census->counts[class] = 0u + counts[0][class] + counts[1][class] + counts[2][class] + counts[3][class];
    census->total = COUNTED;
}

static void add(struct census *census, const struct census *other)
{
    for (unsigned class = 0; class < CLASSES; class++)
        census->counts[class] += other->counts[class];
    census->total += other->total;
}

// Compares the shares that each class has: the sum of their differences is 0 where they are the same, and 200 percent
// where no class is in both. No product comes near 64 bits with totals of 2^31 and COUNTED.
static int differ(const struct census *one, const struct census *other)
{
    uint64_t sum = 0;
    for (unsigned class = 0; class < CLASSES; class++) {
        uint64_t first = one->counts[class] * other->total, second = other->counts[class] * one->total;
        sum += first > second ? first - second : second - first;
    }
    return 100 * sum > PERCENT * one->total * other->total;
}

size_t content_of_one_kind(const uint8_t *bytes, size_t byte_count)
{
    struct census all = { { 0 }, 0 }, piece;
    // What the last piece leaves is too short for a kind.
    for (size_t at = 0; at + PIECE < byte_count; at += PIECE) {
        if (all.total == 0) {
            if (is_plain(bytes + at))
                continue;
            // The last of the text stands for all of it.
            if (at > 0)
                count(bytes + at - PIECE, &all);
        }
        count(bytes + at, &piece);
        if (at >= LEAST && differ(&piece, &all))
            return at;
        add(&all, &piece);
    }
    return byte_count;
}
