// SPDX-License-Identifier: Apache-2.0

#include "sm4_cbc_lanes.h"
#include "lane_order.h"
#include "wipe.h"

// What lanes without a buffer read and write; no pass is longer while there are some.
#define IDLE_BLOCKS 64

struct workplace {
    struct sm4_cbc_columns columns;
    struct sm4_cbc_lane *lane[SM4_CBC_LANES_LIMIT]; // whose buffer it is, NULL for an idle one
    const uint8_t *in[SM4_CBC_LANES_LIMIT];
    uint8_t *out[SM4_CBC_LANES_LIMIT];
    size_t blocks_left[SM4_CBC_LANES_LIMIT];
    struct lane_order order;
    uint8_t idle[16 * IDLE_BLOCKS];
};

// Takes the next buffer of the order into a lane, or leaves the lane idle.
static void fill(struct workplace *work, const struct sm4_cbc_engine *engine, size_t place, struct sm4_cbc_lane *lanes,
                size_t *next)
{
    if (*next == work->order.count) {
        work->lane[place] = NULL;
        work->in[place] = work->out[place] = work->idle;
        return;
    }
    struct sm4_cbc_lane *lane = &lanes[work->order.entries[(*next)++].place];
    work->lane[place] = lane;
    work->in[place] = lane->in;
    work->out[place] = lane->out;
    work->blocks_left[place] = lane->byte_count / 16;
    engine->load(&work->columns, place, lane->round_keys, lane->iv);
}

// Encrypts until a lane is done. Returns whether there may be more to do.
static int pass(struct workplace *work, const struct sm4_cbc_engine *engine)
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
    if (active == 1) { // and no buffer waits, or it would be in another lane
        struct sm4_cbc_lane *lane = work->lane[some];
        engine->store(&work->columns, some, lane->iv);
        engine->encrypt_alone(lane->round_keys, lane->iv, work->in[some], work->out[some], work->blocks_left[some]);
        work->lane[some] = NULL;
        return 0;
    }
    if (active < engine->lane_count && block_count > IDLE_BLOCKS)
        block_count = IDLE_BLOCKS;
    engine->encrypt(&work->columns, work->in, work->out, block_count);
    for (size_t place = 0; place < engine->lane_count; place++) {
        if (work->lane[place] == NULL)
            continue;
        work->in[place] += 16 * block_count;
        work->out[place] += 16 * block_count;
        work->blocks_left[place] -= block_count;
    }
    return 1;
}

static void encrypt_some(struct workplace *work, const struct sm4_cbc_engine *engine, struct sm4_cbc_lane *lanes,
                         size_t lane_count)
{
    work->order.count = 0;
    for (size_t index = 0; index < lane_count; index++)
        if (lanes[index].byte_count >= 16)
            lane_order_add(&work->order, index, lanes[index].byte_count / 16);
    size_t next = 0;
    for (size_t place = 0; place < engine->lane_count; place++)
        fill(work, engine, place, lanes, &next);
    while (pass(work, engine)) {
        for (size_t place = 0; place < engine->lane_count; place++) {
            if (work->lane[place] == NULL || work->blocks_left[place] > 0)
                continue;
            engine->store(&work->columns, place, work->lane[place]->iv);
            fill(work, engine, place, lanes, &next);
        }
    }
}

void sm4_cbc_encrypt_in_lanes(const struct sm4_cbc_engine *engine, struct sm4_cbc_lane *lanes, size_t lane_count)
{
    struct workplace work;
    memset(&work.columns, 0, sizeof work.columns);
    memset(work.idle, 0, sizeof work.idle);
    while (lane_count > 0) {
        size_t some = lane_count < LANE_ORDER_LIMIT ? lane_count : LANE_ORDER_LIMIT;
        encrypt_some(&work, engine, lanes, some);
        lanes += some;
        lane_count -= some;
    }
    wipe(&work.columns, sizeof work.columns);
    wipe(work.idle, sizeof work.idle);
}
