// SPDX-License-Identifier: Apache-2.0

#ifndef BYTES_H
#define BYTES_H

#include <stdint.h>
#include <string.h>

#if defined(__SSE2__) && !defined(UACCE_PORTABLE)
#include <emmintrin.h>
#endif

static inline unsigned lesser(unsigned one, unsigned other) { return one < other ? one : other; }

static inline uint32_t load32(const uint8_t *bytes)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof(value));
    return value;
}

static inline uint64_t load64(const uint8_t *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof(value));
    return value;
}

// How many of two times 16 bytes are the same, from the front; without a branch, since it is hard to foretell.
static inline unsigned same_of_16(const uint8_t *one, const uint8_t *other)
{
#if defined(__SSE2__) && !defined(UACCE_PORTABLE)
    __m128i equal =
        _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)one), _mm_loadu_si128((const __m128i *)other));
    return (unsigned)__builtin_ctz(~(unsigned)_mm_movemask_epi8(equal));
#else
    uint64_t low = load64(one) ^ load64(other), high = load64(one + 8) ^ load64(other + 8);
    unsigned in_high = high != 0 ? (unsigned)__builtin_ctzll(high) / 8 : 8;
    return low != 0 ? (unsigned)__builtin_ctzll(low) / 8 : 8 + in_high;
#endif
}

// How many of `most` bytes are the same, of which the first `known` are.
static inline unsigned same_of(const uint8_t *one, const uint8_t *other, unsigned known, unsigned most)
{
    for (; known + 8 <= most; known += 8) {
        uint64_t difference = load64(one + known) ^ load64(other + known);
        if (difference != 0)
            return known + (unsigned)__builtin_ctzll(difference) / 8;
    }
    while (known < most && one[known] == other[known])
        known++;
    return known;
}

#endif
