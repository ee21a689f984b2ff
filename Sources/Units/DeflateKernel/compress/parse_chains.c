// SPDX-License-Identifier: Apache-2.0
//
// The thorough way: all places of a hash of four bytes hang together, the last first, and as many are tried as the level
// says. A match is put off for a better one that begins one or two bytes later.

#include "search.h"

static unsigned enter_four(struct places *places, uint32_t bytes, unsigned place)
{
    uint16_t *last = &places->of_four[hash_of_four(places, bytes)];
    unsigned before = *last;
    places->before[place % HISTORY] = (uint16_t)before;
    *last = (uint16_t)place;
    return before;
}

static unsigned enter_three(struct places *places, uint32_t bytes, unsigned place)
{
    uint16_t *last = &places->of_three[hash_of_three(places, bytes)];
    unsigned before = *last;
    *last = (uint16_t)place;
    return before;
}

// Enters the place at `at`, and looks for a match that is longer than `beaten`.
static inline struct match search(struct deflate_kernel *kernel, unsigned at, unsigned beaten, unsigned tries)
{
    struct places *places = &kernel->places;
    const uint8_t *here = kernel->text + at;
    const uint32_t bytes = load32(here);
    const unsigned place = at + kernel->first_place, reach = lesser(at, kernel->reach);
    const unsigned most = lesser(kernel->filled - at, LONGEST_MATCH);
    unsigned distance = distance_between(place, enter_four(places, bytes, place));
    unsigned nearest = distance_between(place, enter_three(places, bytes, place));
    struct match best = { beaten, 0 };
    if (beaten < SHORTEST_MATCH) {
        best.length = kernel->shortest - 1;
        if (nearest - 1 < lesser(reach, kernel->farthest[SHORTEST_MATCH])
            && ((bytes ^ load32(here - nearest)) << 8) == 0)
            best = (struct match){ SHORTEST_MATCH, nearest };
    }
    // Going back; a place that does not lie farther back than the one before is out of date, and so is all behind it.
    for (unsigned last = 0; distance > last && distance <= reach; tries--) {
        const uint8_t *there = here - distance;
        // The end of what would be longer is less often the same than its beginning.
        if (load32(there + best.length - 3) == load32(here + best.length - 3) && load32(there) == bytes) {
            unsigned length = same_of(here, there, 4, most);
            if (length > best.length && distance <= kernel->farthest[lesser(length, LEAST_TEXT)]) {
                best = (struct match){ length, distance };
                if (length >= kernel->effort.long_enough || length == most)
                    break;
            }
        }
        if (tries <= 1)
            break;
        last = distance;
        distance = distance_between(place, places->before[(place - distance) % HISTORY]);
    }
    return best;
}

// Whether a match that begins later is worth what lies between: four bits a byte, and what the distance takes.
static int is_better(struct match later, struct match now, int by)
{
    return later.distance != 0
        && 4 * ((int)later.length - (int)now.length) + (int)floor_log2(now.distance) - (int)floor_log2(later.distance) > by;
}

void parse_with_chains(struct deflate_kernel *kernel, unsigned stop)
{
    const unsigned end = kernel->filled;
    const struct effort effort = kernel->effort;
    struct parse parse = parse_begin(kernel);
    while (parse.at < stop && parse.sequence_count < MOST_SEQUENCES) {
        if (end - parse.at < LEAST_TEXT) {
            while (parse.at < end)
                take_literal(&parse);
            break;
        }
        struct match match = search(kernel, parse.at, SHORTEST_MATCH - 1, effort.tries);
        if (match.distance == 0) {
            take_literal(&parse);
            continue;
        }
        unsigned entered = 1;
        while (match.length < effort.long_enough && end - parse.at > 2 * LONGEST_MATCH) {
            unsigned beaten = match.length > SHORTEST_MATCH ? match.length - 1 : SHORTEST_MATCH;
            unsigned tries = match.length < effort.good ? effort.tries : effort.tries / 2;
            struct match later = search(kernel, parse.at + 1, beaten, tries);
            entered = 2;
            if (!is_better(later, match, 2)) {
                later = search(kernel, parse.at + 2, beaten, tries / 2);
                entered = 3;
                if (!is_better(later, match, 6))
                    break;
                take_literal(&parse);
            }
            take_literal(&parse);
            match = later;
            entered = 1;
        }
        unsigned at = parse.at + entered;
        take_match(&parse, match);
        for (unsigned last = lesser(parse.at, end - LEAST_TEXT); at < last; at++) {
            uint32_t bytes = load32(kernel->text + at);
            enter_four(&kernel->places, bytes, at + kernel->first_place);
            enter_three(&kernel->places, bytes, at + kernel->first_place);
        }
    }
    parse_end(&parse);
}

void enter_window_in_chains(struct deflate_kernel *kernel)
{
    for (unsigned at = 0; at + LEAST_TEXT <= kernel->cursor; at++) {
        uint32_t bytes = load32(kernel->text + at);
        enter_four(&kernel->places, bytes, at + kernel->first_place);
        enter_three(&kernel->places, bytes, at + kernel->first_place);
    }
}
