// SPDX-License-Identifier: Apache-2.0
//
// How many heap allocations a request takes once everything is warm. To be run with allocation_counter preloaded.
//
// Through the dispatch table only the provider can be the one who allocates, and the answer must be 0. EVP_Digest
// makes a context for each message: libcrypto allocates its own part, a provider its own; the default provider's
// count stands beside it. Exits with 3 when the uacce provider allocates where it must not.

#include "requests.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

enum { WARM_UP_BYTES = 8 << 20, WARM_UP = 2000, REQUESTS = 20000 };

static double allocations_per_request(
    unsigned long (*allocation_count)(void), const struct contestants *contestants,
    const struct algorithm *algorithm, enum contender contender, enum entrance entrance, size_t byte_count)
{
    struct lane *lane = lane_open(contestants, algorithm, contender, entrance, byte_count);
    // The units of an emulated device are opened when there was so much work for them.
    lane_run(lane, WARM_UP + WARM_UP_BYTES / byte_count);
    unsigned long before = allocation_count();
    lane_run(lane, REQUESTS);
    unsigned long after = allocation_count();
    lane_close(lane);
    return (double)(after - before) / REQUESTS;
}

int main(int argc, char **argv)
{
    static const size_t sizes[] = {16, 1024, 16384};
    unsigned long (*allocation_count)(void) =
        (unsigned long (*)(void))dlsym(RTLD_DEFAULT, "allocation_count");
    FILE *json = NULL;
    if (allocation_count == NULL)
        fail("allocation_counter is not preloaded");
    if (argc == 3 && strcmp(argv[1], "--json") == 0) {
        if ((json = fopen(argv[2], "w")) == NULL)
            fail("cannot write %s", argv[2]);
    } else if (argc != 1) {
        fail("usage: LD_PRELOAD=allocation_counter.so request_allocations [--json FILE]");
    }

    struct contestants contestants = contestants_load();
    const char *separator = "[\n";
    double worst = 0;
    puts("| algorithm | bytes | entrance | uacce | default |\n|---|--:|---|--:|--:|");
    for (size_t i = 0; i < algorithm_count; i++)
        for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++)
            for (int entrance = 0; entrance < ENTRANCES; entrance++) {
                if (entrance == THROUGH_DISPATCH && !algorithms[i].by_dispatch)
                    continue;
                double each[CONTENDERS];
                for (int contender = 0; contender < CONTENDERS; contender++)
                    each[contender] = allocations_per_request(
                        allocation_count, &contestants, &algorithms[i], contender, entrance, sizes[j]);
                // But for EVP_Digest, contexts outlive their requests, so not even EVP has anything to allocate.
                int must_be_none = entrance == THROUGH_DISPATCH || algorithms[i].operation != DIGEST;
                if (must_be_none && each[UACCE] > worst)
                    worst = each[UACCE];
                printf("| %s | %zu | %s | %g%s | %g |\n", algorithms[i].label, sizes[j], entrance_name[entrance],
                    each[UACCE], must_be_none && each[UACCE] > 0 ? " **too many**" : "", each[PEER]);
                if (json != NULL) {
                    fprintf(json,
                        "%s{\"algorithm\":\"%s\",\"bytes\":%zu,\"entrance\":\"%s\",\"uacce\":%g,\"default\":%g}",
                        separator, algorithms[i].label, sizes[j], entrance_name[entrance], each[UACCE], each[PEER]);
                    separator = ",\n";
                }
            }
    contestants_unload(&contestants);
    if (json != NULL) {
        fputs("\n]\n", json);
        if (fclose(json) != 0)
            fail("cannot write the results");
    }
    return worst > 0 ? 3 : 0;
}
