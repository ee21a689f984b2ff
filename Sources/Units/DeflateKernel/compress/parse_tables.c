// SPDX-License-Identifier: Apache-2.0
//
// The quick way: of each hash only the last place is known, once by four bytes and once by eight, so that there is a long
// match among the two if there was one lately. What cannot be foretold is done without branches: a search that is led
// astray costs as much as several bytes should take.

#include "search.h"

// Enters the place where `here` is, after looking what was there before. A match has to be longer than `beaten`.
INLINE struct match search(
    struct deflate_kernel *kernel, const uint8_t *here, unsigned place, unsigned most, unsigned reach, unsigned beaten,
    int three)
{
    struct places *places = &kernel->places;
    uint64_t bytes = load64(here);
    uint16_t *of_four = &places->of_four[hash_of_four(places, (uint32_t)bytes)];
    uint16_t *of_eight = &places->of_eight[hash_of_eight(places, bytes)];
    unsigned near = distance_between(place, *of_four), far = distance_between(place, *of_eight), least = 0;
    *of_four = *of_eight = (uint16_t)place;
    int is_three = 0;
    if (three) {
        uint16_t *of_three = &places->of_three[hash_of_three(places, (uint32_t)bytes)];
        least = distance_between(place, *of_three);
        *of_three = (uint16_t)place;
        int reached = least - 1 < lesser(reach, kernel->farthest[SHORTEST_MATCH]);
        least = reached ? least : 0;
        is_three = reached & ((((uint32_t)bytes ^ load32(here - least)) << 8) == 0);
    }
    int near_reached = near - 1 < reach, far_reached = far - 1 < reach;
    near = near_reached ? near : 0;
    far = far_reached ? far : 0;
    unsigned near_length = same_of_16(here, here - near), far_length = same_of_16(here, here - far);
    near_length = near_reached ? near_length : 0;
    far_length = far_reached ? far_length : 0;
    struct match found = far_length > near_length ? (struct match){ far_length, far }
                                                  : (struct match){ near_length, near };
    const struct match none = { 0, 0 };
    if (!(is_three | (found.length > SHORTEST_MATCH)))
        return none;
    if (found.length == 16)
        found.length = same_of(here, here - found.distance, 16, most);
    found.length = lesser(found.length, most);
    if (found.length > SHORTEST_MATCH && found.length > beaten
        && found.distance <= kernel->farthest[lesser(found.length, LEAST_TEXT)])
        return found;
    if (is_three && beaten < SHORTEST_MATCH)
        return (struct match){ SHORTEST_MATCH, least };
    return none;
}

INLINE void enter(struct places *places, const uint8_t *here, unsigned place)
{
    uint64_t bytes = load64(here);
    places->of_four[hash_of_four(places, (uint32_t)bytes)] = (uint16_t)place;
    places->of_eight[hash_of_eight(places, bytes)] = (uint16_t)place;
}

INLINE void enter_four(struct places *places, const uint8_t *here, unsigned place)
{
    for (unsigned index = 0; index < 4; index++)
        enter(places, here + index, place + index);
}

// Enters `from` to `end`, at most 8 places that are already entered among them: the end of a loop that is as short as a
// match is hard to foretell, and to enter a place again does no harm.
INLINE void enter_all(struct deflate_kernel *kernel, unsigned from, unsigned end)
{
    if (end < 8)
        return;
    for (; from + 8 < end; from += 4)
        enter_four(&kernel->places, kernel->text + from, from + kernel->first_place);
    enter_four(&kernel->places, kernel->text + end - 8, end - 8 + kernel->first_place);
    enter_four(&kernel->places, kernel->text + end - 4, end - 4 + kernel->first_place);
}

INLINE void parse(struct deflate_kernel *kernel, unsigned stop, int three)
{
    const unsigned end = kernel->filled, long_enough = kernel->effort.long_enough;
    const uint8_t *const text = kernel->text;
    struct parse parse = parse_begin(kernel);
    while (parse.at < stop && parse.sequence_count < MOST_SEQUENCES) {
        unsigned at = parse.at, left = end - at;
        if (left < LEAST_TEXT) {
            while (parse.at < end)
                take_literal(&parse);
            break;
        }
        unsigned reach = lesser(at, kernel->reach);
        struct match match = search(
            kernel, text + at, at + kernel->first_place, lesser(left, LONGEST_MATCH), reach, SHORTEST_MATCH - 1, three);
        if (match.distance == 0) {
            take_literal(&parse);
            continue;
        }
        unsigned entered = 1;
        while (match.length < long_enough && left > LONGEST_MATCH + LEAST_TEXT) {
            // Does the next byte begin a longer one?
            struct match next = search(
                kernel, text + parse.at + 1, parse.at + 1 + kernel->first_place, LONGEST_MATCH, reach, match.length, 0);
            entered = 2;
            if (next.distance == 0)
                break;
            take_literal(&parse);
            left--;
            entered = 1;
            match = next;
        }
        unsigned from = parse.at + entered;
        take_match(&parse, match);
        enter_all(kernel, from, lesser(parse.at, end - LEAST_TEXT));
    }
    parse_end(&parse);
}

void parse_with_tables(struct deflate_kernel *kernel, unsigned stop)
{
    // Where literals take few bits, matches of three are not worth looking for.
    if (kernel->farthest[SHORTEST_MATCH] >= 256)
        parse(kernel, stop, 1);
    else
        parse(kernel, stop, 0);
}

void enter_window_in_tables(struct deflate_kernel *kernel)
{
    for (unsigned at = 0; at + LEAST_TEXT <= kernel->cursor; at++)
        enter(&kernel->places, kernel->text + at, at + kernel->first_place);
}
