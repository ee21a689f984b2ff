// SPDX-License-Identifier: Apache-2.0
//
// SM4's S-box by way of AES's inversion.
//
// Both S-boxes are an inversion in GF(2^8) between affine maps, but over different polynomials: AES has
// x^8 + x^4 + x^3 + x + 1, SM4 has x^8 + x^7 + x^6 + x^5 + x^4 + x^2 + 1. With A the matrix whose row for bit i is 0xa7
// rotated left by i (bit j of a row is the coefficient of input bit j):
//
//     S(x) = A * inverse4(A * x + 0xd3) + 0xd3
//
// The two fields are isomorphic. A root of SM4's polynomial in AES's field is 0x23 (the least of eight); the linear map
// P that sends bit i to 0x23^i therefore carries inverse4 over into inverseA, the inversion that processors compute:
//
//     S(x) = A * P^-1 * inverseA(P * A * x + P * 0xd3) + 0xd3
//
// All of a round but the inversion is linear over bits, so the kernels do not go to and fro. They keep the four words of
// a block as D * word with D = P * A on each byte ("the domain"): words enter it once, after loading, leave it once,
// before storing, and adding them is the same in it. Round keys enter it too and bring P * 0xd3 = 0x3e along.
//
// What follows the inversion, T(x) = L(S(x)) with L(b) = b + (b <<< 2) + (b <<< 10) + (b <<< 18) + (b <<< 24), is
// for byte j (0 lowest) of the result, s being bytes after the S-box:
//
//     N0 * s[j] + N1 * s[j-1] + N1 * s[j-2] + N3 * s[j-3]
//     N0 = 1 + shl2, N1 = shl2 + shr6, N3 = 1 + shr6   (shl2, shr6: shifts of a byte's bits, 1: no change)
//
// that is three matrices on bytes, and rotations of words by 8, 16 and 24. Together with the S-box's last map and the way
// into the domain these are D * N * A * P^-1, here called OUT0, OUT1 and OUT3, and the constants of all four terms add
// up to 0x63.
//
// Two ways to compute them: GFNI has inverseA followed by any affine map as one instruction. AES-NI has AES's S-box,
// inverseA followed by AES's affine map; what undoes that one and applies OUT is a table look-up for each half byte with
// PSHUFB, the constants in the table of low halves.

#ifndef UACCE_SM4_FIELD_H
#define UACCE_SM4_FIELD_H

// P * 0xd3, which round keys bring along, in each byte of a word.
#define SM4_KEY_CONSTANT 0x3e3e3e3eu

// Matrices as GF2P8AFFINEQB takes them: byte 7 - i is the row of bit i.
#define SM4_MATRIX_ENTER 0x4c287db91a22505d // D
#define SM4_MATRIX_LEAVE 0xb3a4f5863284728b // D^-1
#define SM4_MATRIX_OUT0 0x040db891e9a481b7
#define SM4_MATRIX_OUT1 0x2c020425162040ad
#define SM4_MATRIX_OUT3 0x280fbcb4ff84c11a
#define SM4_OUT_CONSTANT 0x63

// The same as tables for half bytes, low and high; those of OUT and SBOX are for bytes out of AES's S-box.
#define SM4_ENTER_LOW                                                                                                  \
    0x00, 0x8c, 0x30, 0xbc, 0x85, 0x09, 0xb5, 0x39, 0x9f, 0x13, 0xaf, 0x23, 0x1a, 0x96, 0x2a, 0xa6
#define SM4_ENTER_HIGH                                                                                                 \
    0x00, 0xdc, 0x2e, 0xf2, 0xc5, 0x19, 0xeb, 0x37, 0x08, 0xd4, 0x26, 0xfa, 0xcd, 0x11, 0xe3, 0x3f
#define SM4_LEAVE_LOW                                                                                                  \
    0x00, 0x85, 0xd9, 0x5c, 0x2e, 0xab, 0xf7, 0x72, 0x80, 0x05, 0x59, 0xdc, 0xae, 0x2b, 0x77, 0xf2
#define SM4_LEAVE_HIGH                                                                                                 \
    0x00, 0x55, 0x57, 0x02, 0x44, 0x11, 0x13, 0x46, 0xaf, 0xfa, 0xf8, 0xad, 0xeb, 0xbe, 0xbc, 0xe9
#define SM4_OUT0_LOW                                                                                                   \
    0x1a, 0x9c, 0xc9, 0x4f, 0x62, 0xe4, 0xb1, 0x37, 0x06, 0x80, 0xd5, 0x53, 0x7e, 0xf8, 0xad, 0x2b
#define SM4_OUT0_HIGH                                                                                                  \
    0x00, 0xeb, 0xdc, 0x37, 0xf0, 0x1b, 0x2c, 0xc7, 0xcd, 0x26, 0x11, 0xfa, 0x3d, 0xd6, 0xe1, 0x0a
#define SM4_OUT1_LOW                                                                                                   \
    0x15, 0xc6, 0x18, 0xcb, 0xb5, 0x66, 0xb8, 0x6b, 0x57, 0x84, 0x5a, 0x89, 0xf7, 0x24, 0xfa, 0x29
#define SM4_OUT1_HIGH                                                                                                  \
    0x00, 0xb4, 0x49, 0xfd, 0x82, 0x36, 0xcb, 0x7f, 0xbc, 0x08, 0xf5, 0x41, 0x3e, 0x8a, 0x77, 0xc3
#define SM4_OUT3_LOW                                                                                                   \
    0x6c, 0x39, 0xb2, 0xe7, 0xb4, 0xe1, 0x6a, 0x3f, 0x32, 0x67, 0xec, 0xb9, 0xea, 0xbf, 0x34, 0x61
#define SM4_OUT3_HIGH                                                                                                  \
    0x00, 0x5f, 0x95, 0xca, 0x72, 0x2d, 0xe7, 0xb8, 0x71, 0x2e, 0xe4, 0xbb, 0x03, 0x5c, 0x96, 0xc9
// A * P^-1 alone, to leave the S-box into plain bytes (key expansion).
#define SM4_SBOX_LOW                                                                                                   \
    0x6c, 0xd4, 0xa6, 0x1e, 0x52, 0xea, 0x98, 0x20, 0x0b, 0xb3, 0xc1, 0x79, 0x35, 0x8d, 0xff, 0x47
#define SM4_SBOX_HIGH                                                                                                  \
    0x00, 0xe0, 0x50, 0xb0, 0x9d, 0x7d, 0xcd, 0x2d, 0xc0, 0x20, 0x90, 0x70, 0x5d, 0xbd, 0x0d, 0xed

#endif
