// SPDX-License-Identifier: Apache-2.0
//
// ISA-L behind functions of ours, so that nobody else needs its header, nor the library at link time. It is opened when it
// is first asked for. Where its header was not there at build time, or the library is not on this machine, it is absent,
// and that is no error.
//
// Nothing is checked here but room in outputs: addresses are the caller's to check.

#ifndef ISAL_UNIT_H
#define ISAL_UNIT_H

#include <stddef.h>
#include <stdint.h>

/// NULL when the library is there; else why it is not, for people.
const char *isal_unit_absence(void);

/// CRC-32 and Adler-32 as zlib has them: of the bytes behind those that made `value`.
uint32_t isal_unit_crc32(uint32_t value, const void *bytes, size_t byte_count);
uint32_t isal_unit_adler32(uint32_t value, const void *bytes, size_t byte_count);

/// Compresses one stream, or many one after the other. For one thread at a time.
struct isal_compressor;

/// NULL when the library is absent, or without memory.
struct isal_compressor *isal_compressor_new(void);
void isal_compressor_free(struct isal_compressor *compressor);

/// Begins a stream behind `window_byte_count` bytes of history, at most 32 KiB.
///
/// level: ISA-L's, 0 to 3. window_bits: 12 to 15.
/// Returns 1, or 0 where the library refuses.
int isal_compressor_begin(
    struct isal_compressor *compressor, int level, int window_bits, const void *window, size_t window_byte_count);

/// Compresses all of the input, at most 2^31 bytes, up to a sync marker or, if `finish`, to the end of the stream.
/// Returns how many bytes that made, or 0 where they have no room: then the stream is lost.
size_t isal_compressor_run(
    struct isal_compressor *compressor, const void *input, size_t input_byte_count, void *output, size_t room,
    int finish);

#endif
