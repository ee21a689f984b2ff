// SPDX-License-Identifier: Apache-2.0
//
// Digests with AVX-512: 16 lanes of 32-bit words, 8 of 64.

#if defined(__x86_64__) && !defined(UACCE_PORTABLE)
#include "digest_avx512_load.h"
#include "digest_constants.h"
#include "digest_kernels.h"
#include "digest_lanes.h"

#define DIGEST_KERNEL(name) name##_lanes_avx512
#define DIGEST_COMPRESS(name) name##_compress_avx512
#define DIGEST_COMPRESS_PAIR(name) name##_compress_avx512_pair
#define LANES32 16

typedef uint32_t lanes32 __attribute__((vector_size(64)));
typedef uint64_t lanes64 __attribute__((vector_size(64)));

VECTOR_STEP lanes32 splat32(uint32_t word) { return (lanes32)_mm512_set1_epi32((int)word); }
VECTOR_STEP lanes64 splat64(uint64_t word) { return (lanes64)_mm512_set1_epi64((long long)word); }

// Any function of three bits is one instruction, told by its values for 000, 001, ... 111, lowest bit first.
#define TERNARY32(x, y, z, values)                                                                                     \
    ((lanes32)_mm512_ternarylogic_epi32((__m512i)(x), (__m512i)(y), (__m512i)(z), values))
#define TERNARY64(x, y, z, values)                                                                                     \
    ((lanes64)_mm512_ternarylogic_epi64((__m512i)(x), (__m512i)(y), (__m512i)(z), values))

VECTOR_STEP lanes32 choose32(lanes32 x, lanes32 y, lanes32 z) { return TERNARY32(x, y, z, 0xca); }
VECTOR_STEP lanes32 majority32(lanes32 x, lanes32 y, lanes32 z) { return TERNARY32(x, y, z, 0xe8); }
VECTOR_STEP lanes32 parity32(lanes32 x, lanes32 y, lanes32 z) { return TERNARY32(x, y, z, 0x96); }
VECTOR_STEP lanes32 or_not32(lanes32 x, lanes32 y, lanes32 z) { return TERNARY32(x, y, z, 0x39); }
VECTOR_STEP lanes64 choose64(lanes64 x, lanes64 y, lanes64 z) { return TERNARY64(x, y, z, 0xca); }
VECTOR_STEP lanes64 majority64(lanes64 x, lanes64 y, lanes64 z) { return TERNARY64(x, y, z, 0xe8); }
VECTOR_STEP lanes64 parity64(lanes64 x, lanes64 y, lanes64 z) { return TERNARY64(x, y, z, 0x96); }

VECTOR_STEP void load_little_endian32(lanes32 *words, const uint8_t *const *blocks, size_t at)
{
    transpose32((__m512i *)words, blocks, at);
}

VECTOR_STEP void load_big_endian32(lanes32 *words, const uint8_t *const *blocks, size_t at)
{
    transpose_swapped32((__m512i *)words, blocks, at);
}

VECTOR_STEP void load_big_endian64(lanes64 *words, const uint8_t *const *blocks, size_t at)
{
    transpose_swapped64((__m512i *)words, blocks, at);
}

#include "digest_rounds.h"

#include "digest_engines.h"
#endif
