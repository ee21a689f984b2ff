// SPDX-License-Identifier: Apache-2.0
//
// Inflates into buffers that end at a page which cannot be touched, while more room is told than they have: zlib touches no
// byte that it does not give out, and programs rely on it. Streams of many kinds, raw and zlib's, whole and in pieces of all
// sizes of input and room. What lies behind in a buffer that is large enough must stay as it is.
//
// Run: zlib_exact_room [ROUNDS], linked with -lz, with libuacce-z.so preloaded or in libz.so.1's place; once more with
// UACCE_Z_MIN_INFLATE=1, so that devices have the shortest pieces, too.
// Exits 0 when all is well; 1 with a line on standard error otherwise.

#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

enum { MOST = 1 << 18, PAGE = 4096, BEHIND = 512 };
static unsigned char plain[MOST], packed[MOST + MOST / 8 + 1000];
// Each ends where nothing can be touched.
static unsigned char *output_end, *input_end;
static unsigned state = 1;
static char doing[100];

static unsigned any(unsigned below) { return ((state = state * 1103515245u + 12345u) >> 8) % below; }

static void fault(int number)
{
    char line[150];
    int length = snprintf(line, sizeof line, "zlib_exact_room: signal %d: %s\n", number, doing);
    if (write(2, line, (size_t)length) < 0)
        _exit(2);
    _exit(1);
}

static void require(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "zlib_exact_room: %s: %s\n", what, doing);
    exit(1);
}

static unsigned char *before_guard(void)
{
    unsigned char *memory = mmap(NULL, 2 * MOST + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(memory != MAP_FAILED && mprotect(memory + 2 * MOST, PAGE, PROT_NONE) == 0, "mmap");
    return memory + 2 * MOST;
}

// Matches of all lengths from 3 and of all short distances, between literals.
static unsigned make_plain(unsigned most)
{
    unsigned count = 0, letters = 1 + any(any(2) ? 3 : 256), literals = 1 + any(12), farthest = any(2) ? 40 : 40000;
    unsigned longest = any(2) ? 20 : 400, size = 1 + any(most);
    while (count < size) {
        for (unsigned i = 1 + any(literals); i > 0 && count < size; i--)
            plain[count++] = (unsigned char)any(letters);
        unsigned distance = 1 + any(any(2) ? 17 : count < farthest ? count : farthest), length = 3 + any(longest);
        for (; distance <= count && length > 0 && count < size; length--, count++)
            plain[count] = plain[count - distance];
    }
    return count;
}

static unsigned pack(unsigned size, int bits)
{
    z_stream stream = {0};
    int strategy = any(4) == 0 ? Z_FIXED : Z_DEFAULT_STRATEGY;
    require(deflateInit2(&stream, (int)any(10), Z_DEFLATED, bits, 1 + (int)any(9), strategy) == Z_OK, "deflateInit2");
    stream.next_in = plain, stream.avail_in = size;
    stream.next_out = packed, stream.avail_out = sizeof packed;
    require(deflate(&stream, Z_FINISH) == Z_STREAM_END, "deflate");
    deflateEnd(&stream);
    return (unsigned)stream.total_out;
}

// The input that is there gives `size` bytes at most; `told` is the room that is told, `piece` the input of a call.
static void unpack(unsigned size, unsigned packed_size, int bits, unsigned told, unsigned piece, int flush)
{
    z_stream stream = {0};
    unsigned given = 0;
    int result = Z_OK;
    require(inflateInit2(&stream, bits) == Z_OK, "inflateInit2");
    while (result == Z_OK) {
        unsigned left = packed_size - (unsigned)stream.total_in, now = piece < left ? piece : left;
        memcpy(input_end - now, packed + stream.total_in, now);
        stream.next_in = input_end - now, stream.avail_in = now;
        stream.next_out = output_end - (size - given), stream.avail_out = told;
        result = inflate(&stream, flush);
        given = (unsigned)stream.total_out;
        if (result == Z_BUF_ERROR && flush == Z_FINISH && stream.avail_in == 0 && now < left)
            result = Z_OK;
    }
    require(result == Z_STREAM_END, "inflate");
    require(given == size && memcmp(output_end - size, plain, size) == 0, "other bytes");
    inflateEnd(&stream);
}

// As far as the input goes, with room behind, which must stay as it is.
static void look_behind(unsigned size, unsigned packed_size, int bits)
{
    static unsigned char output[MOST + BEHIND];
    z_stream stream = {0};
    memset(output, 0xa5, size + BEHIND);
    require(inflateInit2(&stream, bits) == Z_OK, "inflateInit2");
    stream.next_out = output, stream.avail_out = size + BEHIND;
    unsigned first = 1 + any(packed_size), given;
    for (unsigned end = first;; end = packed_size) {
        unsigned now = end - (unsigned)stream.total_in;
        memcpy(input_end - now, packed + stream.total_in, now);
        stream.next_in = input_end - now, stream.avail_in = now;
        int result = inflate(&stream, Z_SYNC_FLUSH);
        given = (unsigned)stream.total_out;
        require(result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR, "inflate");
        for (unsigned i = given; i < size + BEHIND; i++)
            require(output[i] == 0xa5, "written behind");
        if (end == packed_size)
            break;
    }
    require(given == size && memcmp(output, plain, size) == 0, "other bytes");
    inflateEnd(&stream);
}

int main(int count, char **arguments)
{
    int rounds = count > 1 ? atoi(arguments[1]) : 600;
    output_end = before_guard();
    input_end = before_guard();
    signal(SIGSEGV, fault);
    signal(SIGBUS, fault);
    for (int round = 0; round < rounds; round++) {
        int bits = any(2) ? -15 : 15;
        snprintf(doing, sizeof doing, "round %d", round);
        // Small streams end in every way there is; large ones go to devices and through whole windows.
        unsigned size = make_plain(round % 8 == 0 ? MOST : round % 2 ? 600 : 6000), packed_size = pack(size, bits);
        for (int way = 0; way < 6; way++) {
            unsigned told = way == 0 ? size + 1 + any(1000) : way == 1 ? MOST * 2 : 1 + any(any(2) ? 2 * size : 2000);
            unsigned piece = way < 2 ? packed_size : 1 + any(any(2) ? packed_size : 300);
            if (size > 50000 && piece < 100)
                piece += 500;
            if (size > 50000 && told < 100)
                told += 500;
            snprintf(doing, sizeof doing, "round %d: %u bytes of %u, bits %d, room of %u told, input by %u", round, size,
                packed_size, bits, told, piece);
            unpack(size, packed_size, bits, told, piece, way == 0 && told > size ? Z_FINISH : Z_NO_FLUSH);
        }
        look_behind(size, packed_size, bits);
    }
    return 0;
}
