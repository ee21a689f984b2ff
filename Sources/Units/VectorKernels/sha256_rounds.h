// SPDX-License-Identifier: Apache-2.0
//
// SHA-256 (FIPS 180-4 section 6.2) over lanes. To be included by digest_rounds.h.

DIGEST_STEP lanes32 sha256_rotations(lanes32 x, const int first, const int second, const int third)
{
    return parity32(rotate32(x, 32 - first), rotate32(x, 32 - second), rotate32(x, 32 - third));
}

DIGEST_STEP lanes32 sha256_shifted(lanes32 x, const int first, const int second, const int shift)
{
    return parity32(rotate32(x, 32 - first), rotate32(x, 32 - second), x >> shift);
}

// A round of 16: state words take turns, w holds the last 16 words of the message schedule. Words are scheduled just
// before they are needed, unless they are those of the block.
DIGEST_STEP void sha256_round(lanes32 *state, lanes32 *w, const int number, const int scheduled, uint32_t constant)
{
    const lanes32 a = state[(16 - number) % 8], b = state[(17 - number) % 8], c = state[(18 - number) % 8];
    const lanes32 e = state[(20 - number) % 8], f = state[(21 - number) % 8], g = state[(22 - number) % 8];
    lanes32 *d = &state[(19 - number) % 8], *h = &state[(23 - number) % 8];
    lanes32 *word = &w[number];
    if (scheduled)
        *word += sha256_shifted(w[(number + 1) % 16], 7, 18, 3) + w[(number + 9) % 16] +
                 sha256_shifted(w[(number + 14) % 16], 17, 19, 10);
    *h += *word + splat32(constant) + choose32(e, f, g) + sha256_rotations(e, 6, 11, 25);
    *d += *h;
    *h += majority32(a, b, c) + sha256_rotations(a, 2, 13, 22);
}

DIGEST_TARGET void DIGEST_COMPRESS(sha256)(void *columns, const uint8_t *const *blocks, size_t block_count)
{
    lanes32 *state = columns;
    for (size_t at = 0; at < 64 * block_count; at += 64) {
        lanes32 w[16], now[8];
        for (int word = 0; word < 8; word++)
            now[word] = state[word];
        load_big_endian32(w, blocks, at);
#pragma clang loop unroll(full)
        for (int number = 0; number < 16; number++)
            sha256_round(now, w, number, 0, sha256_constants[number]);
        // Sixteen rounds are enough for words to be in their registers again; more would only be larger.
#pragma clang loop unroll(disable)
        for (int first = 16; first < 64; first += 16) {
#pragma clang loop unroll(full)
            for (int number = 0; number < 16; number++)
                sha256_round(now, w, number, 1, sha256_constants[first + number]);
        }
        for (int word = 0; word < 8; word++)
            state[word] += now[word];
    }
}
