// SPDX-License-Identifier: Apache-2.0

#include "inflate.h"

#include <stdlib.h>

struct inflate_kernel *inflate_kernel_new(void)
{
    struct inflate_kernel *kernel = malloc(sizeof(*kernel));
    if (kernel != NULL) {
        kernel->has_fixed_tables = 0;
        inflate_kernel_begin(kernel);
    }
    return kernel;
}

void inflate_kernel_free(struct inflate_kernel *kernel) { free(kernel); }

void inflate_kernel_begin(struct inflate_kernel *kernel)
{
    kernel->phase = AT_BLOCK;
    kernel->is_last_block = 0;
    kernel->bits = 0;
    kernel->held = 0;
    kernel->left = 0;
    kernel->history_end = 0;
    kernel->history_count = 0;
}

// Gives as much of a stored block as there is, and as there is room for.
static enum step copy_stored(struct inflate_kernel *kernel, struct bit_reader *reader, struct writing *writing)
{
    while (kernel->left > 0 && reader->held > 0 && writing->next < writing->end) {
        *writing->next++ = (uint8_t)take_bits(reader, 8);
        kernel->left--;
    }
    if (reader->held == 0) {
        size_t count = kernel->left, room = (size_t)(writing->end - writing->next);
        size_t input = (size_t)(reader->end - reader->next);
        if (count > room)
            count = room;
        if (count > input)
            count = input;
        memcpy(writing->next, reader->next, count);
        writing->next += count;
        reader->next += count;
        kernel->left -= (unsigned)count;
    }
    if (kernel->left == 0)
        return STEP_DONE;
    return writing->next == writing->end ? STEP_FULL : STEP_HUNGRY;
}

// Keeps the last of this request's output for the next one's matches.
static void remember(struct inflate_kernel *kernel, const struct writing *writing)
{
    size_t count = (size_t)(writing->next - writing->begin);
    if (count > HISTORY)
        count = HISTORY;
    const uint8_t *source = writing->next - count;
    if (count > 2 * HISTORY - kernel->history_end) {
        unsigned kept = HISTORY - (unsigned)count;
        memmove(kernel->history, kernel->history + kernel->history_end - kept, kept);
        kernel->history_end = kept;
    }
    memcpy(kernel->history + kernel->history_end, source, count);
    kernel->history_end += (unsigned)count;
    kernel->history_count = lesser(kernel->history_count + (unsigned)count, HISTORY);
}

// Blocks, until something is missing or wrong or the last is over.
static enum step read_blocks(struct inflate_kernel *kernel, struct bit_reader *reader, struct writing *writing)
{
    while (kernel->phase != AT_END) {
        enum step step = inflate_read_header(kernel, reader);
        if (step == STEP_DONE)
            step = kernel->phase == IN_STORED_BLOCK ? copy_stored(kernel, reader, writing)
                                                    : inflate_read_symbols(kernel, reader, writing);
        if (step != STEP_DONE)
            return step;
        kernel->phase = kernel->is_last_block ? AT_END : AT_BLOCK;
    }
    return STEP_DONE;
}

struct inflate_result inflate_kernel_run(
    struct inflate_kernel *kernel, const void *input, size_t input_byte_count, void *output, size_t room)
{
    const uint8_t *begin = input;
    struct bit_reader reader = { begin, begin + input_byte_count, kernel->bits, kernel->held };
    struct writing writing = { output, (uint8_t *)output + room, output };
    enum step step = read_blocks(kernel, &reader, &writing);

    struct inflate_result result = { INFLATE_INVALID, 0, 0, 0 };
    result.produced = (size_t)(writing.next - writing.begin);
    if (step == STEP_INVALID)
        return result;
    if (step == STEP_DONE) {
        result.outcome = INFLATE_END;
        take_bits(&reader, reader.held & 7);
    } else {
        result.outcome = writing.next == writing.end ? INFLATE_FULL : INFLATE_HUNGRY;
        remember(kernel, &writing);
    }
    if (step != STEP_HUNGRY) {
        // Whole bytes that nobody has looked at are not consumed. Those of earlier requests are needed before these.
        size_t ahead = reader.held / 8, taken = (size_t)(reader.next - begin);
        if (ahead > taken)
            ahead = taken;
        reader.next -= ahead;
        reader.held -= 8 * (unsigned)ahead;
        reader.bits &= (1ull << reader.held) - 1;
    }
    kernel->bits = reader.bits;
    kernel->held = reader.held;
    result.consumed = (size_t)(reader.next - begin);
    result.is_between_blocks = kernel->phase == AT_BLOCK;
    return result;
}
