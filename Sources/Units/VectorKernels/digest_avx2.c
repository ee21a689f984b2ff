// SPDX-License-Identifier: Apache-2.0
//
// Digests with AVX2: 8 lanes of 32-bit words, 4 of 64.

#if defined(__x86_64__) && !defined(UACCE_PORTABLE)
#include "digest_constants.h"
#include "digest_kernels.h"
#include "digest_lanes.h"
#include <immintrin.h>

#define DIGEST_TARGET __attribute__((target("avx2")))
#define DIGEST_KERNEL(name) name##_lanes_avx2
#define DIGEST_COMPRESS(name) name##_compress_avx2
#define LANES32 8
#define DIGEST_COMPRESS_PAIR(name) NULL
#define VECTOR_STEP DIGEST_TARGET static inline __attribute__((always_inline))

typedef uint32_t lanes32 __attribute__((vector_size(32)));
typedef uint64_t lanes64 __attribute__((vector_size(32)));

VECTOR_STEP lanes32 splat32(uint32_t word) { return (lanes32)_mm256_set1_epi32((int)word); }
VECTOR_STEP lanes64 splat64(uint64_t word) { return (lanes64)_mm256_set1_epi64x((long long)word); }

VECTOR_STEP lanes32 choose32(lanes32 x, lanes32 y, lanes32 z) { return z ^ (x & (y ^ z)); }
VECTOR_STEP lanes32 majority32(lanes32 x, lanes32 y, lanes32 z) { return (x & y) | (z & (x | y)); }
VECTOR_STEP lanes32 parity32(lanes32 x, lanes32 y, lanes32 z) { return x ^ y ^ z; }
VECTOR_STEP lanes32 or_not32(lanes32 x, lanes32 y, lanes32 z) { return y ^ (x | ~z); }
VECTOR_STEP lanes64 choose64(lanes64 x, lanes64 y, lanes64 z) { return z ^ (x & (y ^ z)); }
VECTOR_STEP lanes64 majority64(lanes64 x, lanes64 y, lanes64 z) { return (x & y) | (z & (x | y)); }
VECTOR_STEP lanes64 parity64(lanes64 x, lanes64 y, lanes64 z) { return x ^ y ^ z; }

// Registers index and index + count, for each index below count, are a square of 2 x 2 halves: transposes it.
VECTOR_STEP void exchange_halves(__m256i *registers, int count)
{
    for (int index = 0; index < count; index++) {
        __m256i a = registers[index], b = registers[index + count];
        registers[index] = _mm256_permute2x128_si256(a, b, 0x20);
        registers[index + count] = _mm256_permute2x128_si256(a, b, 0x31);
    }
}

// The words of one block of each lane become one register for each word of the block, eight words at a time.
VECTOR_STEP void load_little_endian32(lanes32 *words, const uint8_t *const *blocks, size_t at)
{
    for (int half = 0; half < 2; half++, at += 32) {
        __m256i rows[8];
        for (int lane = 0; lane < 8; lane += 4) {
            __m256i a = _mm256_loadu_si256((const __m256i *)(blocks[lane] + at));
            __m256i b = _mm256_loadu_si256((const __m256i *)(blocks[lane + 1] + at));
            __m256i c = _mm256_loadu_si256((const __m256i *)(blocks[lane + 2] + at));
            __m256i d = _mm256_loadu_si256((const __m256i *)(blocks[lane + 3] + at));
            __m256i low_ab = _mm256_unpacklo_epi32(a, b), high_ab = _mm256_unpackhi_epi32(a, b);
            __m256i low_cd = _mm256_unpacklo_epi32(c, d), high_cd = _mm256_unpackhi_epi32(c, d);
            rows[lane] = _mm256_unpacklo_epi64(low_ab, low_cd);
            rows[lane + 1] = _mm256_unpackhi_epi64(low_ab, low_cd);
            rows[lane + 2] = _mm256_unpacklo_epi64(high_ab, high_cd);
            rows[lane + 3] = _mm256_unpackhi_epi64(high_ab, high_cd);
        }
        exchange_halves(rows, 4);
        for (int word = 0; word < 8; word++)
            words[8 * half + word] = (lanes32)rows[word];
    }
}

VECTOR_STEP void load_big_endian32(lanes32 *words, const uint8_t *const *blocks, size_t at)
{
    const __m256i order =
        _mm256_broadcastsi128_si256(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
    load_little_endian32(words, blocks, at);
    for (int word = 0; word < 16; word++)
        words[word] = (lanes32)_mm256_shuffle_epi8((__m256i)words[word], order);
}

// Four words of each lane at a time.
VECTOR_STEP void load_big_endian64(lanes64 *words, const uint8_t *const *blocks, size_t at)
{
    const __m256i order =
        _mm256_broadcastsi128_si256(_mm_set_epi8(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
    for (int quarter = 0; quarter < 4; quarter++, at += 32) {
        __m256i rows[4];
        for (int lane = 0; lane < 4; lane += 2) {
            __m256i a = _mm256_loadu_si256((const __m256i *)(blocks[lane] + at));
            __m256i b = _mm256_loadu_si256((const __m256i *)(blocks[lane + 1] + at));
            rows[lane] = _mm256_unpacklo_epi64(a, b);
            rows[lane + 1] = _mm256_unpackhi_epi64(a, b);
        }
        exchange_halves(rows, 2);
        for (int word = 0; word < 4; word++)
            words[4 * quarter + word] = (lanes64)_mm256_shuffle_epi8(rows[word], order);
    }
}

#include "digest_rounds.h"

#include "digest_engines.h"
#endif
