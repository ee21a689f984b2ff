// SPDX-License-Identifier: Apache-2.0

#include "digest_lanes.h"
#include "lane_order.h"
#include "wipe.h"

#define LANES_LIMIT 16
#define STATE_BYTES_LIMIT (8 * 64)

struct workplace {
    _Alignas(64) uint8_t columns[STATE_BYTES_LIMIT];
    struct digest_lane *lane[LANES_LIMIT]; // whose blocks they are, NULL for an idle one
    const uint8_t *blocks[LANES_LIMIT];
    size_t blocks_left[LANES_LIMIT];
    struct lane_order order;
};

static inline uint8_t *column_word(struct workplace *work, const struct digest_engine *engine, size_t word, size_t place)
{
    return work->columns + (word * engine->lane_count + place) * engine->word_bytes;
}

static void load_state(struct workplace *work, const struct digest_engine *engine, size_t place, const uint8_t *state)
{
    for (size_t word = 0; word < engine->state_words; word++) {
        if (engine->word_bytes == 8)
            memcpy(column_word(work, engine, word, place), state + 8 * word, 8);
        else
            memcpy(column_word(work, engine, word, place), state + 4 * word, 4);
    }
}

static void store_state(struct workplace *work, const struct digest_engine *engine, size_t place, uint8_t *state)
{
    for (size_t word = 0; word < engine->state_words; word++) {
        if (engine->word_bytes == 8)
            memcpy(state + 8 * word, column_word(work, engine, word, place), 8);
        else
            memcpy(state + 4 * word, column_word(work, engine, word, place), 4);
    }
}

// Takes the next message of the order into a lane, or leaves the lane idle.
static void fill(struct workplace *work, const struct digest_engine *engine, size_t place, struct digest_lane *lanes,
                 size_t *next)
{
    if (*next == work->order.count) {
        work->lane[place] = NULL;
        return;
    }
    struct digest_lane *lane = &lanes[work->order.entries[(*next)++].place];
    work->lane[place] = lane;
    work->blocks[place] = lane->blocks;
    work->blocks_left[place] = lane->block_count;
    load_state(work, engine, place, lane->state);
}

// Compresses until a lane is done. Returns whether there may be more to do.
static int pass(struct workplace *work, const struct digest_engine *engine)
{
    size_t active = 0, some = 0, block_count = SIZE_MAX;
    for (size_t place = 0; place < engine->lane_count; place++) {
        if (work->lane[place] == NULL)
            continue;
        active++;
        some = place;
        if (work->blocks_left[place] < block_count)
            block_count = work->blocks_left[place];
    }
    if (active == 0)
        return 0;
    if (active == 1) { // and no message waits, or it would be in another lane
        struct digest_lane *lane = work->lane[some];
        store_state(work, engine, some, lane->state);
        engine->compress_alone(lane->state, &work->blocks[some], work->blocks_left[some]);
        work->lane[some] = NULL;
        return 0;
    }
    // Idle lanes read what another one reads.
    for (size_t place = 0; place < engine->lane_count; place++)
        if (work->lane[place] == NULL)
            work->blocks[place] = work->blocks[some];
    engine->compress(work->columns, work->blocks, block_count);
    for (size_t place = 0; place < engine->lane_count; place++) {
        if (work->lane[place] == NULL)
            continue;
        work->blocks[place] += block_count * engine->block_bytes;
        work->blocks_left[place] -= block_count;
    }
    return 1;
}

static void compress_some(struct workplace *work, const struct digest_engine *engine, struct digest_lane *lanes,
                          size_t lane_count)
{
    work->order.count = 0;
    for (size_t index = 0; index < lane_count; index++)
        if (lanes[index].block_count > 0)
            lane_order_add(&work->order, index, lanes[index].block_count);
    size_t next = 0;
    for (size_t place = 0; place < engine->lane_count; place++)
        fill(work, engine, place, lanes, &next);
    while (pass(work, engine)) {
        for (size_t place = 0; place < engine->lane_count; place++) {
            if (work->lane[place] == NULL || work->blocks_left[place] > 0)
                continue;
            store_state(work, engine, place, work->lane[place]->state);
            fill(work, engine, place, lanes, &next);
        }
    }
}

void digest_in_lanes(const struct digest_engine *engine, struct digest_lane *lanes, size_t lane_count)
{
    if (engine->lane_count == 1 || lane_count == 1) {
        for (; lane_count > 0; lane_count--, lanes++)
            engine->compress_alone(lanes->state, &lanes->blocks, lanes->block_count);
        return;
    }
    struct workplace work;
    memset(work.columns, 0, sizeof work.columns);
    while (lane_count > 0) {
        size_t some = lane_count < LANE_ORDER_LIMIT ? lane_count : LANE_ORDER_LIMIT;
        compress_some(&work, engine, lanes, some);
        lanes += some;
        lane_count -= some;
    }
    wipe(work.columns, sizeof work.columns);
}
