// SPDX-License-Identifier: Apache-2.0
//
// zlib's calls in a library that is opened when they are first wanted: libuacce-z.so, which has zlib's ABI and the
// engine behind it. Whoever goes this way links neither, and pays for neither until it compresses something.

#ifndef UACCE_ZLIB_CALLS_H
#define UACCE_ZLIB_CALLS_H

#include <stddef.h>
#include <zlib.h>

/// What is used of zlib, under its own names; each as zlib.h declares it.
struct zlib_calls {
    int (*deflateInit2_)(z_streamp, int level, int method, int window_bits, int memory_level, int strategy,
                         const char *version, int size);
    int (*deflate)(z_streamp, int flush);
    int (*deflateEnd)(z_streamp);
    int (*deflateReset)(z_streamp);
    int (*deflateParams)(z_streamp, int level, int strategy);
    int (*deflateSetDictionary)(z_streamp, const Bytef *, uInt size);
    int (*deflateCopy)(z_streamp to, z_streamp from);
    uLong (*deflateBound)(z_streamp, uLong size);
    int (*inflateInit2_)(z_streamp, int window_bits, const char *version, int size);
    int (*inflate)(z_streamp, int flush);
    int (*inflateEnd)(z_streamp);
    int (*inflateReset)(z_streamp);
    int (*inflateSetDictionary)(z_streamp, const Bytef *, uInt size);
    int (*inflateCopy)(z_streamp to, z_streamp from);
};

/// A library, opened or not. Any number of threads may ask for its calls.
struct zlib_library {
    const struct zlib_calls *calls; // NULL: not opened yet; read and written atomically
    char file[1];                   // which one; empty: look for it
};

/// Notes which library is wanted, and opens nothing. `file`: a path, or a name for the dynamic linker; empty:
/// libuacce-z.so, beside the shared object that this code is in or where packages put it, else by its name. NULL: no
/// memory.
struct zlib_library *zlib_library_new(const char *file);

/// Forgets the note. What was opened stays open: its streams may live longer.
void zlib_library_free(struct zlib_library *library);

/// The library's calls; it is opened if it is not open yet. NULL after `problem` (room for `size` bytes) says in words
/// which file could not be used and why; the next call tries again.
const struct zlib_calls *zlib_library_calls(struct zlib_library *library, char *problem, size_t size);

// What zlib declares as macros, with the version and the size of z_stream that it wants to be told.
static inline int zlib_calls_begin_deflate(const struct zlib_calls *calls, z_streamp stream, int level, int window_bits,
                                           int memory_level, int strategy)
{
    return calls->deflateInit2_(stream, level, Z_DEFLATED, window_bits, memory_level, strategy, ZLIB_VERSION,
                                (int)sizeof(z_stream));
}
static inline int zlib_calls_begin_inflate(const struct zlib_calls *calls, z_streamp stream, int window_bits)
{
    return calls->inflateInit2_(stream, window_bits, ZLIB_VERSION, (int)sizeof(z_stream));
}

#endif
