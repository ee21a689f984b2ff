// SPDX-License-Identifier: Apache-2.0
//
// Makes one kind of request over and over, for tools that watch from outside: callgrind, perf, strace.
// Under callgrind, --toggle-collect=lane_run counts the instructions of the requests alone; the warm-up goes by
// another name.

#include "requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc != 6)
        fail("usage: request_loop uacce|default EVP|dispatch ALGORITHM BYTES REQUESTS");
    int contender = strcmp(argv[1], contender_name[UACCE]) == 0 ? UACCE : PEER;
    int entrance = strcmp(argv[2], entrance_name[THROUGH_EVP]) == 0 ? THROUGH_EVP : THROUGH_DISPATCH;
    if (strcmp(argv[1], contender_name[contender]) != 0 || strcmp(argv[2], entrance_name[entrance]) != 0)
        fail("no %s through %s", argv[1], argv[2]);
    struct contestants contestants = contestants_load();
    struct lane *lane =
        lane_open(&contestants, find_algorithm(argv[3]), contender, entrance, strtoul(argv[4], NULL, 10));
    lane_warm_up(lane, 100);
    lane_run(lane, strtoul(argv[5], NULL, 10));
    lane_close(lane);
    contestants_unload(&contestants);
    return 0;
}
