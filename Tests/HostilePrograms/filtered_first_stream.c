// SPDX-License-Identifier: Apache-2.0
//
// The first stream of a process that uses zlib is made inside a filter of system calls: compressing on every level, and
// decompressing, of several sizes, each in a child of its own.
//
// Arguments: sshd or strict. Preload libuacce-z.so to try it, or nothing to try the system's zlib.

#include "filters.h"
#include <zlib.h>

enum { MOST = 1 << 20 };
static unsigned char *input, *output, *compressed;
static const size_t sizes[] = {100, 3000, 100000, MOST};

int main(int count, char **arguments)
{
    REQUIRE(count == 2, "usage: filtered_first_stream sshd|strict");
    unsigned char *shared = mmap(NULL, 4 * MOST, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(shared != MAP_FAILED, "mmap");
    input = shared, output = shared + MOST, compressed = shared + 3 * MOST - MOST / 2;
    fill_text(input, MOST);
    int failures = 0, cases = 0;
    for (size_t size = 0; size < sizeof sizes / sizeof *sizes; size++) {
        // What is to be decompressed is made in a process of its own: this one has not used zlib.
        volatile uLongf *length = (volatile uLongf *)(shared + 4 * MOST - 64);
        pid_t maker = fork();
        if (maker == 0) {
            uLongf made = MOST;
            int result = compress2(compressed, &made, input, sizes[size], 6);
            *length = made;
            _exit(result == Z_OK ? 0 : 1);
        }
        int status;
        waitpid(maker, &status, 0);
        REQUIRE(trouble_of(status) == NULL, "the compressing process %s", trouble_of(status));
        for (int level = 0; level <= 9; level++) { // 0: decompress
            pid_t child = fork();
            REQUIRE(child >= 0, "fork");
            if (child == 0) {
                enter_filter(arguments[1], 1);
                uLongf room = MOST + MOST / 4;
                if (level > 0)
                    _exit(compress2(output, &room, input, sizes[size], level) == Z_OK ? 0 : 2);
                _exit(uncompress(output, &room, compressed, *length) == Z_OK && room == sizes[size] &&
                    memcmp(output, input, room) == 0 ? 0 : 2);
            }
            waitpid(child, &status, 0);
            const char *trouble = trouble_of(status);
            cases++;
            if (trouble != NULL && failures++ < 10)
                complain("%s %zu bytes, level %d: %s", level > 0 ? "compressing" : "decompressing", sizes[size], level, trouble);
        }
    }
    REQUIRE(failures == 0, "%d of %d cases failed", failures, cases);
    return 0;
}
