// SPDX-License-Identifier: Apache-2.0
//
// Digests with AVX-512, two registers for each word: 32 lanes of 32-bit words, 16 of 64. A round of a digest is a chain of
// instructions of which each waits for the one before; two chains side by side take little longer than one.

#if defined(__x86_64__) && !defined(UACCE_PORTABLE)
#include "digest_avx512_load.h"
#include "digest_constants.h"
#include "digest_kernels.h"
#include "digest_lanes.h"

#define DIGEST_COMPRESS(name) name##_compress_avx512_pair

// The compiler makes two instructions of each operation on these.
typedef uint32_t lanes32 __attribute__((vector_size(128)));
typedef uint64_t lanes64 __attribute__((vector_size(128)));
typedef uint64_t half __attribute__((vector_size(64)));

VECTOR_STEP lanes32 splat32(uint32_t word) { return (lanes32){0} + word; }
VECTOR_STEP lanes64 splat64(uint64_t word) { return (lanes64){0} + word; }

VECTOR_STEP __m512i first_half(lanes64 x)
{
    return (__m512i)__builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7);
}

VECTOR_STEP __m512i second_half(lanes64 x)
{
    return (__m512i)__builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15);
}

VECTOR_STEP lanes64 joined(__m512i first, __m512i second)
{
    return __builtin_shufflevector((half)first, (half)second, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

// As in digest_avx512.c, for each half.
#define TERNARY64(x, y, z, values)                                                                                     \
    joined(_mm512_ternarylogic_epi64(first_half(x), first_half(y), first_half(z), values),                             \
           _mm512_ternarylogic_epi64(second_half(x), second_half(y), second_half(z), values))
#define TERNARY32(x, y, z, values) ((lanes32)TERNARY64((lanes64)(x), (lanes64)(y), (lanes64)(z), values))

VECTOR_STEP lanes32 choose32(lanes32 x, lanes32 y, lanes32 z) { return TERNARY32(x, y, z, 0xca); }
VECTOR_STEP lanes32 majority32(lanes32 x, lanes32 y, lanes32 z) { return TERNARY32(x, y, z, 0xe8); }
VECTOR_STEP lanes32 parity32(lanes32 x, lanes32 y, lanes32 z) { return TERNARY32(x, y, z, 0x96); }
VECTOR_STEP lanes32 or_not32(lanes32 x, lanes32 y, lanes32 z) { return TERNARY32(x, y, z, 0x39); }
VECTOR_STEP lanes64 choose64(lanes64 x, lanes64 y, lanes64 z) { return TERNARY64(x, y, z, 0xca); }
VECTOR_STEP lanes64 majority64(lanes64 x, lanes64 y, lanes64 z) { return TERNARY64(x, y, z, 0xe8); }
VECTOR_STEP lanes64 parity64(lanes64 x, lanes64 y, lanes64 z) { return TERNARY64(x, y, z, 0x96); }

VECTOR_STEP void load_little_endian32(lanes32 *words, const uint8_t *const *blocks, size_t at)
{
    __m512i first[16], second[16];
    transpose32(first, blocks, at);
    transpose32(second, blocks + 16, at);
    for (int word = 0; word < 16; word++)
        words[word] = (lanes32)joined(first[word], second[word]);
}

VECTOR_STEP void load_big_endian32(lanes32 *words, const uint8_t *const *blocks, size_t at)
{
    __m512i first[16], second[16];
    transpose_swapped32(first, blocks, at);
    transpose_swapped32(second, blocks + 16, at);
    for (int word = 0; word < 16; word++)
        words[word] = (lanes32)joined(first[word], second[word]);
}

VECTOR_STEP void load_big_endian64(lanes64 *words, const uint8_t *const *blocks, size_t at)
{
    __m512i first[16], second[16];
    transpose_swapped64(first, blocks, at);
    transpose_swapped64(second, blocks + 8, at);
    for (int word = 0; word < 16; word++)
        words[word] = joined(first[word], second[word]);
}

#include "digest_rounds.h"
#endif
