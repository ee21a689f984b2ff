// SPDX-License-Identifier: Apache-2.0
//
// Compresses to deflate blocks (RFC 1951) behind a window, at the levels between ISA-L's and zlib's best: ISA-L has none
// that makes output as small, libdeflate knows no window, and zlib takes four times as long.
//
// Nothing is checked but room in the output: addresses are the caller's to check. For one thread at a time.

#ifndef UACCE_DEFLATE_KERNEL_H
#define UACCE_DEFLATE_KERNEL_H

#include <stddef.h>

struct deflate_kernel;

/// Some 370 KiB. NULL without memory.
struct deflate_kernel *deflate_kernel_new(void);
void deflate_kernel_free(struct deflate_kernel *kernel);

/// Begins a stream behind `window_byte_count` bytes of history, of which the last 32 KiB count.
///
/// level: zlib's, 1 to 9; all below 7 are the same. window_bits: no match is farther back than 2^window_bits bytes; 8 to 15.
/// expected_byte_count: bytes of input if that is known, which makes short messages quicker; else 0.
void deflate_kernel_begin(
    struct deflate_kernel *kernel, int level, int window_bits, const void *window, size_t window_byte_count,
    size_t expected_byte_count);

/// Compresses all of the input, up to a sync marker or, if `finish`, to the end of the stream.
/// Returns how many bytes that made, or 0 where they have no room: then the stream is lost.
size_t deflate_kernel_run(
    struct deflate_kernel *kernel, const void *input, size_t input_byte_count, void *output, size_t room, int finish);

#endif
