// SPDX-License-Identifier: Apache-2.0
//
// Decompresses deflate blocks (RFC 1951), request by request, to the letter of zlib: after each request it has consumed what
// zlib's inflate would have consumed and given what that would have given, and it says of wrong input what zlib says, at
// the same bit. So a stream that it works on can answer all questions that zlib answers.
//
// ISA-L takes sets of codes that are incomplete and sees a header's faults late, and zlib takes twice as long or longer.
//
// What is compressed is not believed; addresses are the caller's to check. For one thread at a time.

#ifndef UACCE_INFLATE_KERNEL_H
#define UACCE_INFLATE_KERNEL_H

#include <stddef.h>
#include <stdint.h>

struct inflate_kernel;

enum inflate_outcome {
    /// All input is consumed, and all output that it makes is written.
    INFLATE_HUNGRY,
    /// The output is full.
    INFLATE_FULL,
    /// Where the caller wanted to stop.
    INFLATE_STOPPED,
    /// The last block has ended. What input is not consumed is not deflate's.
    INFLATE_END,
    /// The input is not deflate. The stream is lost.
    INFLATE_INVALID,
    /// There is no memory for the window. The stream is lost.
    INFLATE_NO_MEMORY,
};

/// Where a run stops, besides where it must.
enum inflate_stops {
    STOP_NOWHERE,
    /// Before each block (zlib's Z_BLOCK).
    STOP_AT_BLOCKS,
    /// And behind each block's header (Z_TREES).
    STOP_AT_HEADERS,
};

/// What there is to know about a stream's end, for the window.
enum inflate_end {
    /// More may have been expected, so the window is kept (not Z_FINISH).
    END_KEEPS_WINDOW = 1,
    /// Four bytes or more of a trailer follow.
    END_HAS_TRAILER = 2,
};

struct inflate_result {
    enum inflate_outcome outcome;
    size_t consumed, produced;
    /// Whether the next bit is the first of a block.
    int is_between_blocks;
};

/// What zlib would say of a stream that stands where this one stands.
struct inflate_place {
    /// Bits that were taken from the input and mean nothing yet.
    unsigned held;
    int is_last_block;
    /// zlib's flag in data_type: 128 where a run ended before a block, 256 where it stopped behind a header, else 0.
    int stop_flag;
    /// inflateSyncPoint
    int is_sync_point;
    /// inflateMark
    long mark;
};

/// Some 14 KiB, and 32 KiB more once a stream takes more than one request. NULL without memory.
struct inflate_kernel *inflate_kernel_new(void);
/// Another one in the same state. NULL without memory.
struct inflate_kernel *inflate_kernel_copy(const struct inflate_kernel *kernel);
void inflate_kernel_free(struct inflate_kernel *kernel);

/// Begins a stream.
///
/// stops_at_first: whether a run may stop before the first block, as zlib does behind a header; of a raw stream it does not.
void inflate_kernel_begin(struct inflate_kernel *kernel, int stops_at_first);

/// Goes on with a stream, until the input is consumed, the output full, or the stream at its end or a stop. It touches no
/// byte of the `room` but those that it produces.
///
/// at_end: flags of enum inflate_end.
struct inflate_result inflate_kernel_run(
    struct inflate_kernel *kernel, const void *input, size_t input_byte_count, void *output, size_t room,
    enum inflate_stops stops, unsigned at_end);

/// Behind the last block: takes input until there are 32 bits, which it shows and does not yet use up. Returns whether they
/// are there.
int inflate_kernel_word(
    struct inflate_kernel *kernel, const void *input, size_t input_byte_count, size_t *consumed, uint32_t *word);
void inflate_kernel_drop_word(struct inflate_kernel *kernel);

/// Of an invalid stream: zlib's text about it.
const char *inflate_kernel_message(const struct inflate_kernel *kernel);

struct inflate_place inflate_kernel_place(const struct inflate_kernel *kernel);
/// inflateCodesUsed, which takes as long as making a block's tables.
unsigned long inflate_kernel_codes_used(const struct inflate_kernel *kernel);

/// Puts bits before those that come next in the input, as inflatePrime does; a negative count takes away those that are
/// held. Returns 0 where zlib refuses.
int inflate_kernel_prime(struct inflate_kernel *kernel, int count, int value);

/// Takes the bits that are held, as inflateSync does. At most 64; the first are the lowest.
uint64_t inflate_kernel_held(const struct inflate_kernel *kernel, unsigned *count);

/// Bytes of the window, and the bytes themselves if `target` is not NULL.
unsigned inflate_kernel_window(const struct inflate_kernel *kernel, uint8_t *target);

/// Bytes that matches may refer to as if they had just been given out. Returns 0 without memory.
int inflate_kernel_extend_window(struct inflate_kernel *kernel, const void *bytes, size_t count);

#endif
