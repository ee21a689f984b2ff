// SPDX-License-Identifier: Apache-2.0
//
// Decompresses deflate blocks (RFC 1951), request by request, and says of wrong ones what zlib says, at the same byte:
// ISA-L takes sets of codes that are incomplete and sees a header's faults late, and zlib takes twice as long or longer.
//
// What is compressed is not believed; addresses are the caller's to check. For one thread at a time.

#ifndef UACCE_INFLATE_KERNEL_H
#define UACCE_INFLATE_KERNEL_H

#include <stddef.h>

struct inflate_kernel;

enum inflate_outcome {
    /// All input is consumed, and all output that it makes is written.
    INFLATE_HUNGRY,
    /// The output is full.
    INFLATE_FULL,
    /// The last block has ended. What input is not consumed is not deflate's.
    INFLATE_END,
    /// The input is not deflate. The stream is lost.
    INFLATE_INVALID,
};

struct inflate_result {
    enum inflate_outcome outcome;
    size_t consumed, produced;
    /// Whether the next bit is the first of a block.
    int is_between_blocks;
};

/// Some 76 KiB. NULL without memory.
struct inflate_kernel *inflate_kernel_new(void);
void inflate_kernel_free(struct inflate_kernel *kernel);

/// Begins a stream.
void inflate_kernel_begin(struct inflate_kernel *kernel);

/// Goes on with a stream, until the input is consumed, the output full, or the stream at its end. Beyond what it
/// produces, what is in the `room` bytes of output may change.
struct inflate_result inflate_kernel_run(
    struct inflate_kernel *kernel, const void *input, size_t input_byte_count, void *output, size_t room);

#endif
