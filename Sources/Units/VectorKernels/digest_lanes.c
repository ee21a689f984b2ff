// SPDX-License-Identifier: Apache-2.0

#include "digest_lanes.h"
#include "lane_order.h"
#include "wipe.h"

#define LANES_LIMIT 32
#define STATE_WORDS_LIMIT 8
#define ROW_BYTES_LIMIT 128

struct workplace {
    _Alignas(128) uint8_t columns[STATE_WORDS_LIMIT * ROW_BYTES_LIMIT];
    _Alignas(128) uint8_t narrow_columns[STATE_WORDS_LIMIT * ROW_BYTES_LIMIT / 2];
    size_t places;                         // lanes there are: one register of them, or two
    struct digest_lane *lane[LANES_LIMIT]; // whose blocks they are, NULL for an idle one
    const uint8_t *blocks[LANES_LIMIT];
    size_t blocks_left[LANES_LIMIT];
    struct lane_order order;
};

// Copies words of one size from column to column; a state is a single column.
static inline void copy_words(const struct digest_engine *engine, uint8_t *to, size_t to_step, const uint8_t *from,
                              size_t from_step)
{
    for (size_t word = 0; word < engine->state_words; word++, to += to_step, from += from_step) {
        if (engine->word_bytes == 8)
            memcpy(to, from, 8);
        else
            memcpy(to, from, 4);
    }
}

static inline size_t row_bytes(const struct workplace *work, const struct digest_engine *engine)
{
    return work->places * engine->word_bytes;
}

static void load_state(struct workplace *work, const struct digest_engine *engine, size_t place, const uint8_t *state)
{
    copy_words(engine, work->columns + place * engine->word_bytes, row_bytes(work, engine), state, engine->word_bytes);
}

static void store_state(const struct workplace *work, const struct digest_engine *engine, size_t place, uint8_t *state)
{
    copy_words(engine, state, engine->word_bytes, work->columns + place * engine->word_bytes, row_bytes(work, engine));
}

// Moves what the lanes of the second register hold to idle ones of the first, which must be enough.
static void gather(struct workplace *work, const struct digest_engine *engine)
{
    size_t idle = 0;
    for (size_t place = engine->lane_count; place < work->places; place++) {
        if (work->lane[place] == NULL)
            continue;
        while (work->lane[idle] != NULL)
            idle++;
        work->lane[idle] = work->lane[place];
        work->blocks[idle] = work->blocks[place];
        work->blocks_left[idle] = work->blocks_left[place];
        copy_words(engine, work->columns + idle * engine->word_bytes, row_bytes(work, engine),
                   work->columns + place * engine->word_bytes, row_bytes(work, engine));
        work->lane[place] = NULL;
    }
}

// Compresses with as few registers as have all active lanes.
static void compress(struct workplace *work, const struct digest_engine *engine, size_t active, size_t block_count)
{
    if (active > engine->lane_count) {
        engine->compress_pair(work->columns, work->blocks, block_count);
    } else if (work->places == engine->lane_count) {
        engine->compress(work->columns, work->blocks, block_count);
    } else {
        const size_t row = row_bytes(work, engine), narrow = row / 2;
        for (size_t word = 0; word < engine->state_words; word++)
            memcpy(work->narrow_columns + word * narrow, work->columns + word * row, narrow);
        engine->compress(work->narrow_columns, work->blocks, block_count);
        for (size_t word = 0; word < engine->state_words; word++)
            memcpy(work->columns + word * row, work->narrow_columns + word * narrow, narrow);
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
    for (size_t place = 0; place < work->places; place++)
        active += work->lane[place] != NULL;
    if (active <= engine->lane_count)
        gather(work, engine);
    for (size_t place = 0; place < work->places; place++) {
        if (work->lane[place] == NULL)
            continue;
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
    for (size_t place = 0; place < work->places; place++)
        if (work->lane[place] == NULL)
            work->blocks[place] = work->blocks[some];
    compress(work, engine, active, block_count);
    for (size_t place = 0; place < work->places; place++) {
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
    // Few messages need no second register.
    const int pair = engine->compress_pair != NULL && lane_count > engine->lane_count;
    work->places = pair ? 2 * engine->lane_count : engine->lane_count;
    work->order.count = 0;
    for (size_t index = 0; index < lane_count; index++)
        if (lanes[index].block_count > 0)
            lane_order_add(&work->order, index, lanes[index].block_count);
    size_t next = 0;
    for (size_t place = 0; place < work->places; place++)
        fill(work, engine, place, lanes, &next);
    while (pass(work, engine)) {
        for (size_t place = 0; place < work->places; place++) {
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
    wipe(work.narrow_columns, sizeof work.narrow_columns);
}
