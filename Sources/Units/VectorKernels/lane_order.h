// SPDX-License-Identifier: Apache-2.0
//
// In which order buffers of different lengths are put into lanes: longest first, so that what is left for the end, when
// some lanes have nothing more to do, is short.

#ifndef UACCE_VECTOR_KERNELS_LANE_ORDER_H
#define UACCE_VECTOR_KERNELS_LANE_ORDER_H

#include <stddef.h>
#include <stdint.h>

// More lanes than this are worked on in turns.
#define LANE_ORDER_LIMIT 128

// Places and lengths of lanes, sorted as they are added. Lanes mostly come with equal lengths, or few of them: insertion
// costs one comparison for each then.
struct lane_order {
    size_t count;
    struct {
        size_t length;
        size_t place;
    } entries[LANE_ORDER_LIMIT];
};

static inline void lane_order_add(struct lane_order *order, size_t place, size_t length)
{
    size_t at = order->count++;
    while (at > 0 && order->entries[at - 1].length < length) {
        order->entries[at] = order->entries[at - 1];
        at--;
    }
    order->entries[at].length = length;
    order->entries[at].place = place;
}

#endif
