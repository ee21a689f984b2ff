// SPDX-License-Identifier: Apache-2.0
//
// Copies matches, and writes no byte behind their end: a caller may tell more room than its buffer has, as zlib allows, and
// what is behind may be in use.
//
// A piece that ends where the match ends begins in what is written already, which it writes once more.

#ifndef COPY_MATCH_H
#define COPY_MATCH_H

#include "../bytes.h"

#include <stddef.h>

enum {
    // The longest match that is copied without a loop.
    SHORT_MATCH = 32,
    // The least distance that pieces of 16 bytes are copied from.
    LONG_DISTANCE = 16,
};

static inline void store32(uint8_t *target, uint32_t value) { memcpy(target, &value, sizeof(value)); }
static inline void store64(uint8_t *target, uint64_t value) { memcpy(target, &value, sizeof(value)); }

static inline void copy16(uint8_t *target, const uint8_t *source)
{
    uint64_t words[2];
    memcpy(words, source, sizeof(words));
    memcpy(target, words, sizeof(words));
}

// 3 to SHORT_MATCH bytes, none of which is a copy of another. There must be a byte before the source and one before the
// target, which is written once more.
//
// More pieces than a length needs fall on the last one: a length is hard to foretell, so a branch costs more than they do.
static inline void copy_short(uint8_t *target, const uint8_t *source, unsigned length)
{
    if (length < 8) {
        // Of three bytes, the last piece begins a byte before them, where the first puts right what was there.
        ptrdiff_t last = (ptrdiff_t)length - 4;
        uint32_t first_bytes = load32(source) << 8 | target[-1], last_bytes = load32(source + last);
        store32(target + last, last_bytes);
        store32(target - 1, first_bytes);
        return;
    }
    unsigned last = length - 8, second = lesser(8, last), third = lesser(16, last);
    uint64_t first_bytes = load64(source), second_bytes = load64(source + second);
    uint64_t third_bytes = load64(source + third), last_bytes = load64(source + last);
    store64(target, first_bytes);
    store64(target + second, second_bytes);
    store64(target + third, third_bytes);
    store64(target + last, last_bytes);
}

// LONG_DISTANCE bytes or more, from as far away or farther.
static inline void copy_long(uint8_t *target, const uint8_t *source, unsigned length)
{
    const uint8_t *source_end = source + length;
    uint8_t *end = target + length;
    if (length > 32) {
        uint8_t *last = end - 32;
        do {
            copy16(target, source);
            copy16(target + 16, source + 16);
            target += 32;
            source += 32;
        } while (target < last);
        target = last;
        source = source_end - 32;
    }
    copy16(target, source);
    copy16(end - 16, source_end - 16);
}

// Up to 7 bytes that are held in a register, the first lowest.
static inline void store_few(uint8_t *target, uint64_t bytes, unsigned count)
{
    if (count >= 4) {
        store32(target, (uint32_t)bytes);
        store32(target + count - 4, (uint32_t)(bytes >> 8 * (count - 4)));
    } else if (count > 0) {
        unsigned middle = count / 2;
        target[0] = (uint8_t)bytes;
        target[middle] = (uint8_t)(bytes >> 8 * middle);
        target[count - 1] = (uint8_t)(bytes >> 8 * (count - 1));
    }
}

// 1 to 7 bytes, the first lowest.
static inline uint64_t load_few(const uint8_t *source, unsigned count)
{
    if (count >= 4)
        return load32(source) | (uint64_t)load32(source + count - 4) << 8 * (count - 4);
    unsigned middle = count / 2;
    return source[0] | (uint32_t)source[middle] << 8 * middle | (uint32_t)source[count - 1] << 8 * (count - 1);
}

// A match that is longer than its distance of less than LONG_DISTANCE bytes, and so repeats itself.
static inline void copy_repeating(uint8_t *target, unsigned distance, unsigned length)
{
    uint8_t *end = target + length;
    if (distance >= 8) {
        for (; end - target > 8; target += 8)
            store64(target, load64(target - distance));
        store64(end - 8, load64(end - 8 - distance));
        return;
    }
    // By distance: what repeats up to 7 bytes in 8, and how many of these are whole repetitions.
    static const uint64_t ones[] = {
        0, 0x0101010101010101, 0x0001000100010001, 0x0001000001000001, 0x0000000100000001, 0x0000010000000001,
        0x0001000000000001, 0x0100000000000001,
    };
    static const uint8_t steps[] = { 0, 8, 8, 6, 8, 5, 6, 7 };
    uint64_t bytes = load_few(target - distance, distance) * ones[distance];
    unsigned step = steps[distance];
    for (; end - target >= 8; target += step)
        store64(target, bytes);
    store_few(target, bytes, (unsigned)(end - target));
}

// From another place, or one that is `length` bytes before or more.
static inline void copy_apart(uint8_t *target, const uint8_t *source, unsigned length)
{
    if (length <= SHORT_MATCH)
        copy_short(target, source, length);
    else
        copy_long(target, source, length);
}

// From `distance` bytes before.
static inline void copy_match(uint8_t *target, unsigned distance, unsigned length)
{
    if (length <= lesser(distance, SHORT_MATCH))
        copy_short(target, target - distance, length);
    else if (distance >= LONG_DISTANCE)
        copy_long(target, target - distance, length);
    else
        copy_repeating(target, distance, length);
}

#endif
