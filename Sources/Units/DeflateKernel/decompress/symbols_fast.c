// SPDX-License-Identifier: Apache-2.0
//
// Decodes symbols where every step has all the input and room that it can want, so that little is asked in between.

#include "copy_match.h"
#include "steps.h"
#include "window.h"

enum {
    // What a step reads at most, two times seven bytes, and what is loaded beyond.
    INPUT_AHEAD = 14 + 8,
    // Three entries of two literals.
    LITERALS_AHEAD = 6,
    // And the longest match.
    ROOM_AHEAD = LITERALS_AHEAD + LONGEST_MATCH,
};

// Afterwards at least 56 bits are held. Those above are right, too, and are loaded once more.
// `held` counts in its lowest 8 bits only, so that a whole entry may be subtracted.
#define REFILL() (bits |= load64(next) << (held & 63), next += (63 - (uint8_t)held) >> 3, held |= 56)
#define CONSUME(entry) (bits >>= (entry) & 63, held -= (entry))
#define LOOK_UP() literals[bits & ((1u << LITERAL_TABLE_BITS) - 1)]
#define LOOK_BEHIND(table, entry) (table)[((entry) >> 16) + (bits & ((1u << ((entry) >> 8 & 15)) - 1))]

// One literal or two, and the entry of what follows. The only literal is also its entry's last.
#define PUT_LITERALS() \
    do { \
        unsigned pair = entry >> 12 & 1; \
        out[0] = (uint8_t)(entry >> 16); \
        out[pair] = (uint8_t)(entry >> 24); \
        out += 1 + pair; \
        CONSUME(entry); \
        entry = LOOK_UP(); \
    } while (0)

// The value of an entry and its extra bits, which follow its code.
static inline unsigned value_of(uint32_t entry, uint64_t bits)
{
    unsigned code_bits = entry >> 8 & 15;
    return (entry >> 16) + (unsigned)((bits & ((1ull << (entry & 63)) - 1)) >> code_bits);
}

// Twice in the program: where a match may be too long for the room that there is, and where it cannot be.
static inline __attribute__((always_inline)) enum step read_symbols(
    struct inflate_kernel *kernel, struct bit_reader *reader, struct writing *writing, const int is_near_end)
{
    const ptrdiff_t room_ahead = is_near_end ? LITERALS_AHEAD : ROOM_AHEAD;
    const uint8_t *begin = writing->begin, *end = writing->end;
    if (reader->end - reader->next < INPUT_AHEAD || end - writing->next < room_ahead)
        return STEP_HUNGRY;
    const uint32_t *literals = kernel->literal_table, *distances = kernel->distance_table;
    const uint8_t *next = reader->next, *last = reader->end - INPUT_AHEAD;
    const uint8_t *last_out = end - room_ahead;
    uint8_t *out = writing->next;
    uint64_t bits = reader->bits;
    unsigned held = reader->held;
    enum step step = STEP_HUNGRY;

    REFILL();
    uint32_t entry = LOOK_UP();
    do {
        // Two entries of literals leave 34 bits of 56, and three enough to look up the next.
        if (entry & IS_LITERAL) {
            PUT_LITERALS();
            if (entry & IS_LITERAL) {
                PUT_LITERALS();
                if (entry & IS_LITERAL) {
                    PUT_LITERALS();
                    REFILL();
                    continue;
                }
            }
            REFILL();
        }
        // Where a match is left over, it counts how many bits it took.
        size_t before = is_near_end ? 8 * (size_t)next - (uint8_t)held : 0;
        if (entry & (IS_LINK | IS_STOP)) {
            if (entry & IS_LINK) {
                CONSUME((uint32_t)LITERAL_TABLE_BITS);
                entry = LOOK_BEHIND(literals, entry);
            }
            if (entry & IS_LITERAL) {
                PUT_LITERALS();
                REFILL();
                continue;
            }
            if (entry & IS_STOP) {
                CONSUME(entry);
                step = (entry & IS_INVALID) == IS_INVALID ? refuse(kernel, "invalid literal/length code") : STEP_DONE;
                break;
            }
        }
        // A match takes up to 48 bits.
        unsigned length = value_of(entry, bits);
        CONSUME(entry);
        uint32_t far = distances[bits & ((1u << DISTANCE_TABLE_BITS) - 1)];
        if (far & (IS_LINK | IS_STOP)) {
            if (far & IS_LINK) {
                CONSUME((uint32_t)DISTANCE_TABLE_BITS);
                far = LOOK_BEHIND(distances, far);
            }
            if (far & IS_STOP) {
                CONSUME(far);
                step = refuse(kernel, "invalid distance code");
                break;
            }
        }
        unsigned distance = value_of(far, bits);
        CONSUME(far);
        // Found while the match is copied; what is left of the bits will do.
        entry = LOOK_UP();
        REFILL();

        size_t written = (size_t)(out - begin), back = distance - written;
        unsigned place = 0;
        int is_left = is_near_end && length > (size_t)(end - out);
        // copy_match looks at the bytes before both.
        if (distance >= written) {
            place = window_place(kernel, (unsigned)back);
            is_left |= written == 0 || back == 0 || length > back || back > kernel->history_count || place == 0
                || place + length >= HISTORY;
        }
        if (is_left) {
            kernel->left = length;
            kernel->match_length = length;
            kernel->match_distance = distance;
            kernel->match_bits = (unsigned)(8 * (size_t)next - (uint8_t)held - before);
            break;
        }
        if (distance < written)
            copy_match(out, distance, length);
        else
            copy_apart(out, kernel->history + place, length);
        out += length;
    } while (next <= last && out <= last_out);

    held &= 63;
    reader->bits = bits & ((1ull << held) - 1);
    reader->held = held;
    reader->next = next;
    writing->next = out;
    return step;
}

enum step inflate_read_symbols_fast(
    struct inflate_kernel *kernel, struct bit_reader *reader, struct writing *writing)
{
    enum step step = read_symbols(kernel, reader, writing, 0);
    if (step != STEP_HUNGRY || kernel->left > 0)
        return step;
    return read_symbols(kernel, reader, writing, 1);
}
