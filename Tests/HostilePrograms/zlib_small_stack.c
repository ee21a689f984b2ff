// SPDX-License-Identifier: Apache-2.0
//
// zlib in threads with as little stack as there may be, 16 KiB: right results, and no more stack than the C library's part
// of it and LIMIT. A page that cannot be touched lies below the stack, as pthread_create puts one there.
//
// Run: zlib_small_stack [LIMIT], linked with -lz, with libuacce-z.so preloaded or in libz.so.1's place. LIMIT is in bytes,
// 10752 without it: what zlib 1.2.13 takes by this measure, C library included, is 6500 to 8192 by the processor.
// Exits 0 when all is well; 1 with a line on standard error for each case that was not.

#define _GNU_SOURCE
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

enum { LENGTH = 300000, STACK = 16384, PAGE = 4096 };
static unsigned char data[LENGTH], packed[LENGTH + 10000], unpacked[LENGTH];

static int whole(int level)
{
    uLongf length = sizeof packed, back = LENGTH;
    return compress2(packed, &length, data, LENGTH, level) == Z_OK &&
        uncompress(unpacked, &back, packed, length) == Z_OK && memcmp(data, unpacked, LENGTH) == 0;
}

static int pieces(void)
{
    static z_stream stream, copy;
    memset(&stream, 0, sizeof stream);
    if (deflateInit2(&stream, 5, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return 0;
    stream.next_out = packed, stream.avail_out = sizeof packed;
    for (unsigned at = 0; at < LENGTH; at += 15000) {
        stream.next_in = data + at, stream.avail_in = 15000;
        if (deflate(&stream, at % 45000 == 0 ? Z_FULL_FLUSH : Z_NO_FLUSH) != Z_OK)
            return 0;
        if (at == 90000 && deflateParams(&stream, 9, Z_DEFAULT_STRATEGY) != Z_OK)
            return 0;
    }
    if (deflateCopy(&copy, &stream) != Z_OK || deflate(&copy, Z_FINISH) != Z_STREAM_END)
        return 0;
    return deflateEnd(&copy) == Z_OK && deflateEnd(&stream) == Z_DATA_ERROR;
}

static int sums(void) { return crc32(0, data, LENGTH) != 0 && adler32(1, data, LENGTH) != 0; }

static int number, result;
static void *run(void *unused)
{
    result = number < 10 ? whole(number) : number == 10 ? pieces() : sums();
    return unused;
}

int main(int count, char **arguments)
{
    const size_t limit = count > 1 ? (size_t)atol(arguments[1]) : 10752;
    int failures = 0;
    for (int kind = 0; kind < 2; kind++)
        for (number = 1; number <= 11; number++) {
            // A process of its own: the first use of everything is the deepest.
            pid_t child = fork();
            if (child == 0) {
                unsigned state = 1;
                for (int i = 0; i < LENGTH; i++) {
                    state = state * 1103515245 + 12345;
                    data[i] = kind ? (unsigned char)(state >> 16) : (unsigned char)"etaoin shrdlu cmf"[(state >> 16) % 17];
                }
                unsigned char *memory = mmap(NULL, STACK + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                pthread_attr_t attributes;
                pthread_t thread;
                mprotect(memory, PAGE, PROT_NONE);
                memset(memory + PAGE, 0xa5, STACK);
                pthread_attr_init(&attributes);
                if (pthread_attr_setstack(&attributes, memory + PAGE, STACK) != 0 ||
                    pthread_create(&thread, &attributes, run, NULL) != 0)
                    _exit(3);
                pthread_join(thread, NULL);
                size_t untouched = 0;
                while (untouched < STACK && memory[PAGE + untouched] == 0xa5)
                    untouched++;
                if (count > 2)
                    printf("case %d: %zu\n", number, STACK - untouched);
                if (STACK - untouched > limit)
                    fprintf(stderr, "zlib_small_stack: case %d takes %zu bytes\n", number, STACK - untouched);
                fflush(stdout);
                _exit(!result ? 2 : STACK - untouched > limit);
            }
            int status;
            waitpid(child, &status, 0);
            if (status != 0) {
                fprintf(stderr, "zlib_small_stack: case %d, data %d: status %x\n", number, kind, (unsigned)status);
                failures++;
            }
        }
    return failures > 0;
}
