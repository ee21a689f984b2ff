// SPDX-License-Identifier: Apache-2.0
//
// libdeflate's compressor, opened when it is first asked for: whole buffers, without a window, at a better ratio for their
// time than zlib has. Its interface is declared here; it has not changed since libdeflate 1.0.

#ifndef LIBDEFLATE_UNIT_H
#define LIBDEFLATE_UNIT_H

#include <stddef.h>

/// NULL when the library is there; else why it is not, for people.
const char *libdeflate_unit_absence(void);

/// Compressors of the levels that were asked for. For one thread at a time.
struct libdeflate_unit;

/// NULL when the library is absent, or without memory.
struct libdeflate_unit *libdeflate_unit_new(void);
void libdeflate_unit_free(struct libdeflate_unit *unit);

/// Compresses a whole stream. level: 1 to 12.
/// Returns how many bytes that made, or 0 where they have no room, or there is no memory.
size_t libdeflate_unit_run(
    struct libdeflate_unit *unit, int level, const void *input, size_t input_byte_count, void *output, size_t room);

#endif
