// SPDX-License-Identifier: Apache-2.0

#ifndef BIT_WRITER_H
#define BIT_WRITER_H

#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "bits are kept and written lowest first"
#endif

// Whoever writes has seen to it that there is room.
struct bit_writer {
    uint8_t *at, *end;
    uint64_t bits; // the first lowest
    unsigned held; // how many
};

// At most 64 - held bits; `bits` has no others.
static inline void put(struct bit_writer *writer, uint64_t bits, unsigned count)
{
    writer->bits |= bits << writer->held;
    writer->held += count;
}

// Afterwards fewer than 8 bits are held. Takes room for 8 bytes, however many it writes.
static inline void flush_wide(struct bit_writer *writer)
{
    memcpy(writer->at, &writer->bits, sizeof(writer->bits));
    writer->at += writer->held >> 3;
    writer->bits >>= writer->held & 56;
    writer->held &= 7;
}

// The same, with no more room than it needs.
static inline void flush(struct bit_writer *writer)
{
    for (; writer->held >= 8; writer->held -= 8) {
        *writer->at++ = (uint8_t)writer->bits;
        writer->bits >>= 8;
    }
}

// Fills the last byte up with zeros.
static inline void flush_to_byte(struct bit_writer *writer)
{
    writer->held = (writer->held + 7) & ~7u;
    flush(writer);
}

#endif
