// SPDX-License-Identifier: Apache-2.0

#include "isal_library.h"

#if HAS_ISAL

#include <stdlib.h>

struct isal_inflater {
    const struct isal_library *library;
    struct inflate_state state;
};

struct isal_inflater *isal_inflater_new(void)
{
    const struct isal_library *library = isal_library();
    if (library == NULL)
        return NULL;
    struct isal_inflater *inflater = malloc(sizeof(*inflater) + ISAL_SLACK);
    if (inflater == NULL)
        return NULL;
    inflater->library = library;
    isal_inflater_begin(inflater);
    return inflater;
}

void isal_inflater_free(struct isal_inflater *inflater) { free(inflater); }

void isal_inflater_begin(struct isal_inflater *inflater)
{
    inflater->library->inflate_init(&inflater->state);
    inflater->state.crc_flag = ISAL_DEFLATE;
}

struct isal_inflater_result isal_inflater_run(
    struct isal_inflater *inflater, const void *input, size_t input_byte_count, void *output, size_t room)
{
    struct inflate_state *state = &inflater->state;
    struct isal_inflater_result result = {ISAL_INFLATER_INVALID, 0, 0, 0};
    state->next_in = (uint8_t *)input;
    state->avail_in = (uint32_t)input_byte_count;
    state->next_out = output;
    state->avail_out = (uint32_t)room;
    int status = inflater->library->inflate(state);
    result.produced = room - state->avail_out;
    if (status != ISAL_DECOMP_OK && status != ISAL_END_INPUT)
        return result;
    if (state->block_state == ISAL_BLOCK_FINISH)
        result.outcome = ISAL_INFLATER_END;
    else if (state->avail_out == 0)
        result.outcome = ISAL_INFLATER_FULL;
    else
        result.outcome = ISAL_INFLATER_HUNGRY;
    // It reads eight bytes at a time. Those that it has not begun go back to the caller, unless it waits for more: then they
    // are the beginning of a code, or stand before the part of a header that has its own place.
    if (result.outcome != ISAL_INFLATER_HUNGRY && state->tmp_in_size == 0) {
        uint32_t ahead = (uint32_t)state->read_in_length / 8;
        state->read_in_length &= 7;
        state->read_in &= (1u << state->read_in_length) - 1;
        state->next_in -= ahead;
        state->avail_in += ahead;
    }
    result.consumed = input_byte_count - state->avail_in;
    result.between_blocks = state->block_state == ISAL_BLOCK_NEW_HDR;
    return result;
}

#else

struct isal_inflater *isal_inflater_new(void) { return NULL; }
void isal_inflater_free(struct isal_inflater *inflater) { (void)inflater; }
void isal_inflater_begin(struct isal_inflater *inflater) { (void)inflater; }

struct isal_inflater_result isal_inflater_run(
    struct isal_inflater *inflater, const void *input, size_t input_byte_count, void *output, size_t room)
{
    (void)inflater, (void)input, (void)input_byte_count, (void)output, (void)room;
    return (struct isal_inflater_result){ISAL_INFLATER_INVALID, 0, 0, 0};
}

#endif
