// SPDX-License-Identifier: Apache-2.0
//
// SHA-512 (FIPS 180-4 section 6.4) over lanes. To be included by digest_rounds.h.

DIGEST_STEP lanes64 sha512_rotations(lanes64 x, const int first, const int second, const int third)
{
    return parity64(rotate64(x, 64 - first), rotate64(x, 64 - second), rotate64(x, 64 - third));
}

DIGEST_STEP lanes64 sha512_shifted(lanes64 x, const int first, const int second, const int shift)
{
    return parity64(rotate64(x, 64 - first), rotate64(x, 64 - second), x >> shift);
}

// A round of 16: state words take turns, w holds the last 16 words of the message schedule. Words are scheduled just
// before they are needed, unless they are those of the block.
DIGEST_STEP void sha512_round(lanes64 *state, lanes64 *w, const int number, const int scheduled, uint64_t constant)
{
    const lanes64 a = state[(16 - number) % 8], b = state[(17 - number) % 8], c = state[(18 - number) % 8];
    const lanes64 e = state[(20 - number) % 8], f = state[(21 - number) % 8], g = state[(22 - number) % 8];
    lanes64 *d = &state[(19 - number) % 8], *h = &state[(23 - number) % 8];
    lanes64 *word = &w[number];
    if (scheduled)
        *word += sha512_shifted(w[(number + 1) % 16], 1, 8, 7) + w[(number + 9) % 16] +
                 sha512_shifted(w[(number + 14) % 16], 19, 61, 6);
    *h += *word + splat64(constant) + choose64(e, f, g) + sha512_rotations(e, 14, 18, 41);
    *d += *h;
    *h += majority64(a, b, c) + sha512_rotations(a, 28, 34, 39);
}

DIGEST_TARGET void DIGEST_COMPRESS(sha512)(void *columns, const uint8_t *const *blocks, size_t block_count)
{
    lanes64 *state = columns;
    for (size_t at = 0; at < 128 * block_count; at += 128) {
        lanes64 w[16], now[8];
        for (int word = 0; word < 8; word++)
            now[word] = state[word];
        load_big_endian64(w, blocks, at);
#pragma clang loop unroll(full)
        for (int number = 0; number < 16; number++)
            sha512_round(now, w, number, 0, sha512_constants[number]);
        // Sixteen rounds are enough for words to be in their registers again; more would only be larger.
#pragma clang loop unroll(disable)
        for (int first = 16; first < 80; first += 16) {
#pragma clang loop unroll(full)
            for (int number = 0; number < 16; number++)
                sha512_round(now, w, number, 1, sha512_constants[first + number]);
        }
        for (int word = 0; word < 8; word++)
            state[word] += now[word];
    }
}
