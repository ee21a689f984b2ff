// SPDX-License-Identifier: Apache-2.0

#include "../bytes.h"
#include "steps.h"
#include "window.h"

#include <stdlib.h>

struct inflate_kernel *inflate_kernel_new(void)
{
    struct inflate_kernel *kernel = malloc(sizeof(*kernel));
    if (kernel != NULL) {
        kernel->has_fixed_tables = 0;
        kernel->history = NULL;
        inflate_kernel_begin(kernel, 0);
    }
    return kernel;
}

struct inflate_kernel *inflate_kernel_copy(const struct inflate_kernel *kernel)
{
    struct inflate_kernel *copy = malloc(sizeof(*copy));
    if (copy == NULL)
        return NULL;
    memcpy(copy, kernel, sizeof(*copy));
    if (kernel->history == NULL)
        return copy;
    copy->history = NULL;
    if (!window_make(copy)) {
        free(copy);
        return NULL;
    }
    memcpy(copy->history, kernel->history, HISTORY);
    return copy;
}

void inflate_kernel_free(struct inflate_kernel *kernel)
{
    if (kernel == NULL)
        return;
    free(kernel->history);
    free(kernel);
}

void inflate_kernel_begin(struct inflate_kernel *kernel, int stops_at_first)
{
    kernel->before_block = stops_at_first ? STOP_IS_NEXT : STOP_IS_PAST;
    kernel->phase = AT_BLOCK;
    kernel->is_last_block = 0;
    kernel->bits = 0;
    kernel->held = 0;
    kernel->left = 0;
    kernel->literal_bits = 0;
    kernel->is_behind_header = 0;
    kernel->message = NULL;
    kernel->tables = NO_TABLES;
    kernel->history_end = 0;
    kernel->history_count = 0;
}

const char *inflate_kernel_message(const struct inflate_kernel *kernel) { return kernel->message; }

// Gives as much of a stored block as there is, and as there is room for. No bits are held but those that were primed, which
// are for what follows.
static enum step copy_stored(struct inflate_kernel *kernel, struct bit_reader *reader, struct writing *writing)
{
    size_t count = kernel->left, room = (size_t)(writing->end - writing->next);
    size_t input = (size_t)(reader->end - reader->next);
    if (count > room)
        count = room;
    if (count > input)
        count = input;
    if (count > 0)
        memcpy(writing->next, reader->next, count);
    writing->next += count;
    reader->next += count;
    reader->floor = reader->next;
    kernel->left -= (unsigned)count;
    if (kernel->left == 0)
        return STEP_DONE;
    return writing->next == writing->end ? STEP_FULL : STEP_HUNGRY;
}

// Blocks, until something is missing or wrong or the last is over, or to a place where the caller wants to stop.
static enum step read_blocks(
    struct inflate_kernel *kernel, struct bit_reader *reader, struct writing *writing, enum inflate_stops stops)
{
    kernel->before_block = kernel->before_block == STOP_IS_NEXT ? STOP_IS_HERE : STOP_IS_PAST;
    // The run before ended behind a header, and so this one does not.
    int was_behind_header = kernel->phase == IN_SYMBOLS || kernel->phase == IN_STORED_BLOCK;
    kernel->is_behind_header = 0;
    while (kernel->phase != AT_END) {
        if (kernel->phase == AT_BLOCK) {
            if (stops != STOP_NOWHERE && kernel->before_block != STOP_IS_PAST)
                return STEP_STOPPED;
            if (kernel->is_last_block) {
                kernel->phase = AT_END;
                break;
            }
        }
        enum step step = inflate_read_header(kernel, reader);
        if (step != STEP_DONE)
            return step;
        if (stops == STOP_AT_HEADERS && !was_behind_header) {
            kernel->is_behind_header = 1;
            return STEP_STOPPED;
        }
        step = kernel->phase == IN_STORED_BLOCK ? copy_stored(kernel, reader, writing)
                                                : inflate_read_symbols(kernel, reader, writing);
        if (step != STEP_DONE)
            return step;
        kernel->phase = AT_BLOCK;
        kernel->before_block = STOP_IS_HERE;
        was_behind_header = 0;
    }
    return STEP_DONE;
}

struct inflate_result inflate_kernel_run(
    struct inflate_kernel *kernel, const void *input, size_t input_byte_count, void *output, size_t room,
    enum inflate_stops stops, unsigned at_end)
{
    struct inflate_result result = { INFLATE_INVALID, 0, 0, 0 };
    if (kernel->phase == AT_FAULT)
        return result;
    const uint8_t *begin = input;
    struct bit_reader reader = { begin, begin + input_byte_count, begin, kernel->bits, kernel->held, 0 };
    struct writing writing = { output, (uint8_t *)output + room, output };
    kernel->literal_bits = 0;
    enum step step = read_blocks(kernel, &reader, &writing, stops);

    result.produced = (size_t)(writing.next - writing.begin);
    // Where zlib adds to its window: what is wrong makes none; the end makes one where it may not yet have been meant; and when
    // the first word of a trailer is read, all output is taken for added.
    int adds = 1;
    if (step == STEP_INVALID || (step == STEP_DONE && !(at_end & END_KEEPS_WINDOW)))
        adds = kernel->history != NULL;
    if (step == STEP_DONE && (at_end & END_HAS_TRAILER) && reader.held / 8 + (size_t)(reader.end - reader.next) >= 4)
        adds = 0;
    if (adds && !window_add(kernel, writing.begin, result.produced)) {
        kernel->phase = AT_FAULT;
        result.outcome = INFLATE_NO_MEMORY;
        return result;
    }
    switch (step) {
    case STEP_INVALID: kernel->phase = AT_FAULT; break;
    case STEP_DONE:
        result.outcome = INFLATE_END;
        take_bits(&reader, reader.held & 7);
        break;
    case STEP_STOPPED: result.outcome = INFLATE_STOPPED; break;
    default: result.outcome = writing.next == writing.end ? INFLATE_FULL : INFLATE_HUNGRY;
    }
    if (step != STEP_HUNGRY && reader.held > reader.looked_at) {
        // Whole bytes that were not looked at are not consumed, if they are of this request.
        size_t ahead = (reader.held - reader.looked_at) / 8, taken = (size_t)(reader.next - reader.floor);
        if (ahead > taken)
            ahead = taken;
        reader.next -= ahead;
        reader.held -= 8 * (unsigned)ahead;
        reader.bits &= (1ull << reader.held) - 1;
    }
    kernel->bits = reader.bits;
    kernel->held = reader.held;
    result.consumed = (size_t)(reader.next - begin);
    result.is_between_blocks = kernel->phase == AT_BLOCK && !kernel->is_last_block;
    return result;
}

int inflate_kernel_word(
    struct inflate_kernel *kernel, const void *input, size_t input_byte_count, size_t *consumed, uint32_t *word)
{
    const uint8_t *next = input, *end = next + input_byte_count;
    while (kernel->held < 32 && next < end) {
        kernel->bits |= (uint64_t)*next++ << kernel->held;
        kernel->held += 8;
    }
    *consumed = input_byte_count - (size_t)(end - next);
    *word = (uint32_t)kernel->bits;
    return kernel->held >= 32;
}

void inflate_kernel_drop_word(struct inflate_kernel *kernel)
{
    kernel->bits = 0;
    kernel->held = 0;
}
