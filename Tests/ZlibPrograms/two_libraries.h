// SPDX-License-Identifier: Apache-2.0
//
// Two libraries with zlib's ABI in one process: the system's, and the one under test. Each is opened by its path and
// called through a table, so neither can stand in for the other.

#ifndef UACCE_TWO_LIBRARIES_H
#define UACCE_TWO_LIBRARIES_H

#define _GNU_SOURCE // the names that end in 64
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#undef gzgetc // a macro over the function

#define ZLIB_FUNCTIONS(F) \
    F(deflateInit2_) F(deflateInit_) F(deflate) F(deflateEnd) F(deflateReset) F(deflateResetKeep) F(deflateParams) \
    F(deflateTune) F(deflateBound) F(deflatePending) F(deflatePrime) F(deflateSetDictionary) F(deflateGetDictionary) \
    F(deflateSetHeader) F(deflateCopy) F(inflateInit2_) F(inflateInit_) F(inflate) F(inflateEnd) F(inflateReset) \
    F(inflateReset2) F(inflateResetKeep) F(inflatePrime) F(inflateSetDictionary) F(inflateGetDictionary) \
    F(inflateGetHeader) F(inflateSync) F(inflateSyncPoint) F(inflateUndermine) F(inflateValidate) F(inflateMark) \
    F(inflateCodesUsed) F(inflateCopy) F(inflateBackInit_) F(inflateBack) F(inflateBackEnd) F(adler32) F(adler32_z) \
    F(adler32_combine) F(adler32_combine64) F(crc32) F(crc32_z) F(crc32_combine) F(crc32_combine64) F(crc32_combine_gen) \
    F(crc32_combine_gen64) F(crc32_combine_op) F(get_crc_table) F(zError) F(zlibVersion) F(zlibCompileFlags) F(compress) \
    F(compress2) F(compressBound) F(uncompress) F(uncompress2) F(gzopen) F(gzdopen) F(gzbuffer) F(gzsetparams) F(gzread) \
    F(gzfread) F(gzwrite) F(gzfwrite) F(gzprintf) F(gzputs) F(gzgets) F(gzputc) F(gzgetc) F(gzungetc) F(gzflush) F(gzseek) \
    F(gzrewind) F(gztell) F(gzoffset) F(gzeof) F(gzdirect) F(gzclose) F(gzerror) F(gzclearerr)

struct zlib {
    const char *name;
#define MEMBER(function) __typeof__(&function) function;
    ZLIB_FUNCTIONS(MEMBER)
#undef MEMBER
};

static struct zlib reference = {.name = "system"}, tested = {.name = "tested"};

static void open_zlib(struct zlib *library, const char *path)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        fprintf(stderr, "%s\n", dlerror());
        exit(2);
    }
#define MEMBER(function) \
    if (!(*(void **)&library->function = dlsym(handle, #function))) { \
        fprintf(stderr, "%s has no %s\n", path, #function); \
        exit(2); \
    }
    ZLIB_FUNCTIONS(MEMBER)
#undef MEMBER
}

// A small generator (xorshift64*), so that a seed says all about a case.
struct random { unsigned long long state; };
static unsigned long long next(struct random *random)
{
    random->state ^= random->state >> 12;
    random->state ^= random->state << 25;
    random->state ^= random->state >> 27;
    return random->state * 0x2545f4914f6cdd1dULL;
}
static struct random seeded(unsigned long long seed) { return (struct random){(seed + 1) * 0x9e3779b97f4a7c15ULL}; }
static size_t below(struct random *random, size_t limit) { return limit ? (size_t)(next(random) >> 11) % limit : 0; }
static int one_in(struct random *random, size_t count) { return below(random, count) == 0; }
// Small numbers as often as large ones: uniform in the number of bits.
static inline size_t sized(struct random *random, size_t limit)
{
    int bits = 0;
    while (bits < 40 && (1ULL << bits) < limit) bits++;
    size_t chosen = below(random, (size_t)1 << below(random, bits + 1));
    return chosen < limit ? chosen : limit;
}

// What people compress, and what they cannot: six kinds of data, and pieces of all of them.
static inline void fill(struct random *random, unsigned char *data, size_t count)
{
    static const char *words[] = {"the ", "queue ", "return ", "static int ", "{\n    ", ";\n", "\"key\": ", "0x", "stream ", "while ("};
    size_t done = 0;
    int whole = one_in(random, 2);
    int kind = (int)below(random, 6);
    while (done < count) {
        size_t piece = whole ? count : 1 + below(random, 20000);
        size_t end = piece < count - done ? done + piece : count;
        if (!whole) kind = (int)below(random, 6);
        size_t period = 1 + below(random, 300);
        while (done < end) {
            switch (kind) {
            case 0: data[done++] = 0; break;
            case 1: data[done++] = (unsigned char)next(random); break;
            case 2: data[done++] = (unsigned char)(next(random) >> 13 & 3); break;
            case 3: data[done] = done >= period ? data[done - period] : (unsigned char)next(random); done++; break;
            case 4: {
                const char *word = words[below(random, sizeof words / sizeof *words)];
                while (*word && done < end) data[done++] = (unsigned char)*word++;
                break;
            }
            default: // matches from far back
                if (done > 40000 && one_in(random, 3)) {
                    size_t length = 3 + below(random, 300), distance = 1 + below(random, 32768);
                    while (length-- && done < end) data[done] = data[done - distance], done++;
                } else {
                    data[done++] = (unsigned char)(next(random) >> 20);
                }
            }
        }
    }
}

static unsigned long failures, checks;
static unsigned long long current_seed;
static const char *current_case = "";
#define CHECK(condition, ...) \
    do { \
        checks++; \
        if (!(condition) && failures++ < 20) { \
            fprintf(stderr, "%s, seed %llu: %s:%d: %s: ", current_case, current_seed, __FILE__, __LINE__, #condition); \
            fprintf(stderr, __VA_ARGS__); \
            fputc('\n', stderr); \
        } \
    } while (0)

#endif
