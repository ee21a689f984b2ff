// SPDX-License-Identifier: Apache-2.0

#ifndef CONTENT_H
#define CONTENT_H

#include <stddef.h>
#include <stdint.h>

// How many of the bytes, from the front, look as if they were of one kind: what follows deserves codes of its own.
// All of them, at most 2^31, or 8 KiB or more.
size_t content_of_one_kind(const uint8_t *bytes, size_t byte_count);

#endif
