// SPDX-License-Identifier: Apache-2.0
//
// Decodes symbols one at a time, with no more input and room than there is.

#include "../bytes.h"
#include "steps.h"
#include "window.h"

// Gives as much of a match as there is room for, and remembers the rest.
static enum step write_match(struct inflate_kernel *kernel, struct writing *writing)
{
    size_t room = (size_t)(writing->end - writing->next), written = (size_t)(writing->next - writing->begin);
    if (room == 0)
        return STEP_FULL;
    if (kernel->match_distance > written + kernel->history_count)
        return refuse(kernel, "invalid distance too far back");
    unsigned count = kernel->left < room ? kernel->left : (unsigned)room;
    kernel->left -= count;
    // The window goes round: in two pieces at most.
    while (count > 0 && kernel->match_distance > written) {
        unsigned back = kernel->match_distance - (unsigned)written, place = window_place(kernel, back);
        unsigned piece = lesser(lesser(back, count), HISTORY - place);
        memcpy(writing->next, kernel->history + place, piece);
        writing->next += piece;
        written += piece;
        count -= piece;
    }
    for (const uint8_t *source = writing->next - kernel->match_distance; count > 0; count--)
        *writing->next++ = *source++;
    return kernel->left == 0 ? STEP_DONE : STEP_FULL;
}

// Of a match, reads the length and the distance at once or not at all.
static enum step read_match(
    struct inflate_kernel *kernel, struct bit_reader *reader, uint32_t entry, unsigned linked_bits)
{
    unsigned length_bits = linked_bits + (entry & 0xff);
    if (length_bits > reader->held)
        return STEP_HUNGRY;
    uint64_t behind = reader->bits >> length_bits;
    unsigned distance_linked_bits;
    uint32_t distance_entry = look_up(kernel->distance_table, DISTANCE_TABLE_BITS, behind, &distance_linked_bits);
    unsigned code_bits = distance_linked_bits + (distance_entry >> 8 & 15);
    unsigned distance_bits = distance_linked_bits + (distance_entry & 0xff);
    if (length_bits + code_bits > reader->held)
        return STEP_HUNGRY;
    if (distance_entry & IS_STOP) {
        take_bits(reader, length_bits);
        take_bits(reader, code_bits);
        return refuse(kernel, "invalid distance code");
    }
    if (length_bits + distance_bits > reader->held)
        return STEP_HUNGRY;

    unsigned length_code_bits = linked_bits + (entry >> 8 & 15);
    take_bits(reader, length_code_bits);
    kernel->left = (entry >> 16) + take_bits(reader, length_bits - length_code_bits);
    take_bits(reader, code_bits);
    kernel->match_distance = (distance_entry >> 16) + take_bits(reader, distance_bits - code_bits);
    kernel->match_length = kernel->left;
    kernel->match_bits = length_bits + distance_bits;
    return STEP_DONE;
}

enum step inflate_read_symbols(struct inflate_kernel *kernel, struct bit_reader *reader, struct writing *writing)
{
    for (;;) {
        if (kernel->left > 0) {
            enum step step = write_match(kernel, writing);
            if (step != STEP_DONE)
                return step;
        }
        enum step fast = inflate_read_symbols_fast(kernel, reader, writing);
        if (fast != STEP_HUNGRY)
            return fast;
        if (kernel->left > 0)
            continue;
        fill_bits(reader);
        unsigned linked_bits;
        uint32_t entry = look_up(kernel->literal_table, LITERAL_TABLE_BITS, reader->bits, &linked_bits);
        unsigned code_bits = linked_bits + (entry >> 8 & 15);
        if (code_bits > reader->held)
            return STEP_HUNGRY;
        if (entry & IS_LITERAL) {
            if (writing->next == writing->end) {
                // zlib knows what comes before it sees that there is no room for it.
                reader->looked_at = kernel->literal_bits = code_bits;
                return STEP_FULL;
            }
            take_bits(reader, code_bits);
            *writing->next++ = (uint8_t)(entry >> 16);
        } else if (entry & IS_STOP) {
            take_bits(reader, code_bits);
            if ((entry & IS_INVALID) == IS_INVALID)
                return refuse(kernel, "invalid literal/length code");
            return STEP_DONE;
        } else {
            enum step step = read_match(kernel, reader, entry, linked_bits);
            if (step != STEP_DONE)
                return step;
        }
    }
}
