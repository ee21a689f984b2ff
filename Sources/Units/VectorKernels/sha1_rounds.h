// SPDX-License-Identifier: Apache-2.0
//
// SHA-1 (FIPS 180-4 section 6.1) over lanes. To be included by digest_rounds.h.

// Round `number`: state words take turns, w holds the last 16 words of the message schedule.
DIGEST_STEP void sha1_round(lanes32 *state, lanes32 *w, const int number)
{
    static const uint32_t constants[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    const int quarter = number / 20;
    const lanes32 a = state[(80 - number) % 5], c = state[(82 - number) % 5], d = state[(83 - number) % 5];
    lanes32 *b = &state[(81 - number) % 5], *e = &state[(84 - number) % 5];
    lanes32 *word = &w[number % 16];
    if (number >= 16)
        *word = rotate32(parity32(*word, w[(number + 2) % 16], w[(number + 8) % 16]) ^ w[(number + 13) % 16], 1);
    lanes32 mixed;
    if (quarter == 0)
        mixed = choose32(*b, c, d);
    else if (quarter == 2)
        mixed = majority32(*b, c, d);
    else
        mixed = parity32(*b, c, d);
    *e += *word + splat32(constants[quarter]) + mixed + rotate32(a, 5);
    *b = rotate32(*b, 30);
}

DIGEST_TARGET void DIGEST_COMPRESS(sha1)(void *columns, const uint8_t *const *blocks, size_t block_count)
{
    lanes32 *state = columns;
    for (size_t at = 0; at < 64 * block_count; at += 64) {
        lanes32 w[16], now[5] = {state[0], state[1], state[2], state[3], state[4]};
        load_big_endian32(w, blocks, at);
#pragma clang loop unroll(full)
        for (int number = 0; number < 80; number++)
            sha1_round(now, w, number);
        for (int word = 0; word < 5; word++)
            state[word] += now[word];
    }
}
