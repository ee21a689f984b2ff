// SPDX-License-Identifier: Apache-2.0
//
// What rounds of digests add, one word each.

#ifndef UACCE_DIGEST_CONSTANTS_H
#define UACCE_DIGEST_CONSTANTS_H

#include <stdint.h>

// RFC 1321: the integer part of 2^32 times the absolute value of sin(i + 1), i in radians.
extern const uint32_t md5_constants[64];

// FIPS 180-4: the first 32 (64) bits of the fractional parts of the cube roots of the first 64 (80) primes.
extern const uint32_t sha256_constants[64];
extern const uint64_t sha512_constants[80];

// GB/T 32905-2016: 0x79cc4519 in the first 16 rounds, 0x7a879d8a later, rotated left by the number of the round.
extern const uint32_t sm3_constants[64];

#endif
