// SPDX-License-Identifier: Apache-2.0
//
// What programs that try random cases against the system's zlib have in common:
//   PROGRAM SYSTEM-LIBZ TESTED-LIBZ CASES LARGEST [FIRST-SEED]
// LARGEST is the size of the largest data in bytes. A case that fails says its seed, and can be repeated with it.

#ifndef UACCE_RANDOM_CASES_H
#define UACCE_RANDOM_CASES_H

#include "two_libraries.h"

// Bytes of the largest data.
static size_t largest;

static inline int some_window_bits(struct random *random)
{
    int bits = one_in(random, 4) ? 9 + (int)below(random, 7) : 15;
    switch (below(random, 3)) {
    case 0: return -bits;
    case 1: return bits;
    default: return bits + 16;
    }
}

struct settings {
    int level, window_bits, memory_level, strategy;
};

static inline struct settings some_settings(struct random *random)
{
    return (struct settings){
        .level = (int)below(random, 11) - 1,
        .window_bits = some_window_bits(random),
        .memory_level = one_in(random, 3) ? 1 + (int)below(random, 9) : 8,
        .strategy = one_in(random, 4) ? (int)below(random, 5) : Z_DEFAULT_STRATEGY,
    };
}

static inline int begin_deflate(struct zlib *library, z_stream *stream, struct settings settings)
{
    return library->deflateInit2_(stream, settings.level, Z_DEFLATED, settings.window_bits, settings.memory_level,
                                  settings.strategy, ZLIB_VERSION, sizeof *stream);
}

// How much of a buffer a call is given: all of it, or pieces of some size.
static inline size_t piece(struct random *random, size_t typical, size_t left)
{
    size_t chosen = typical ? 1 + below(random, typical * 2) : left;
    return chosen < left ? chosen : left;
}

// A typical piece: everything at once, or small or large pieces; not so small that a large case takes all day.
static inline size_t some_pieces(struct random *random, size_t count)
{
    if (one_in(random, 3)) return 0;
    if (count < 20000 && one_in(random, 5)) return 1;
    size_t typical = 1 + sized(random, 65536);
    return count / typical > 20000 ? 4096 : typical;
}

// Runs `cases[seed % count]` for one seed after the other. Returns what main returns.
static inline int run_cases(
    int argument_count, char **arguments, void (*const cases[])(struct random *), unsigned long long count)
{
    if (argument_count < 5) return 2;
    open_zlib(&reference, arguments[1]);
    open_zlib(&tested, arguments[2]);
    unsigned long long wanted = strtoull(arguments[3], NULL, 0);
    largest = strtoull(arguments[4], NULL, 0);
    unsigned long long first = argument_count > 5 ? strtoull(arguments[5], NULL, 0) : 1;
    for (current_seed = first; current_seed < first + wanted && failures <= 20; current_seed++) {
        struct random random = seeded(current_seed);
        cases[current_seed % count](&random);
    }
    printf("%llu cases, %lu checks, %lu failed\n", current_seed - first, checks, failures);
    return failures != 0;
}

#endif
