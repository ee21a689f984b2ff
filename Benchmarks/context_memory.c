// SPDX-License-Identifier: Apache-2.0
//
// Heap bytes that a context takes before it is given data: EVP's part, which is the same for both, and the provider's.

#include "requests.h"

#include <malloc.h>
#include <stdio.h>

enum { CONTEXTS = 1000 };

// What mallinfo2 counts: blocks in use, and those mapped on their own.
static size_t heap_bytes(void)
{
    struct mallinfo2 information = mallinfo2();
    return information.uordblks + information.hblkhd;
}

static double bytes_per_context(
    const struct contestants *contestants, const struct algorithm *algorithm, enum contender contender)
{
    static struct lane *lanes[CONTEXTS];
    // The first one brings in what all share, and sees a request.
    struct lane *first = lane_open(contestants, algorithm, contender, THROUGH_EVP, 16);
    lane_run(first, 1);
    size_t before = heap_bytes();
    for (size_t i = 0; i < CONTEXTS; i++)
        lanes[i] = lane_open(contestants, algorithm, contender, THROUGH_EVP, 16);
    double each = (double)(heap_bytes() - before) / CONTEXTS - (double)lane_own_bytes(16);
    for (size_t i = 0; i < CONTEXTS; i++)
        lane_close(lanes[i]);
    lane_close(first);
    return each;
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc != 1)
        fail("usage: context_memory");
    struct contestants contestants = contestants_load();
    puts("| algorithm | uacce, bytes | default, bytes |\n|---|--:|--:|");
    for (size_t i = 0; i < algorithm_count; i++) {
        // EVP_Digest keeps no context.
        if (algorithms[i].operation == DIGEST)
            continue;
        double each[CONTENDERS];
        for (int contender = 0; contender < CONTENDERS; contender++)
            each[contender] = bytes_per_context(&contestants, &algorithms[i], contender);
        printf("| %s | %.0f | %.0f |\n", algorithms[i].label, each[UACCE], each[PEER]);
    }
    contestants_unload(&contestants);
    return 0;
}
