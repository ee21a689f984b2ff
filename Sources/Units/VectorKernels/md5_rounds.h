// SPDX-License-Identifier: Apache-2.0
//
// MD5 (RFC 1321) over lanes. To be included by digest_rounds.h.

// Round `number`: state words take turns, w is the block. The function of the quarter, which word of the block and how far
// to rotate are known to the compiler, since everything is unrolled.
DIGEST_STEP void md5_round(lanes32 *state, const lanes32 *w, const int number)
{
    static const int rotations[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    static const int word_steps[4] = {1, 5, 3, 7}, first_words[4] = {0, 1, 5, 0};
    const int quarter = number / 16, word = (first_words[quarter] + number % 16 * word_steps[quarter]) % 16;
    lanes32 *a = &state[(64 - number) % 4];
    const lanes32 b = state[(65 - number) % 4], c = state[(66 - number) % 4], d = state[(67 - number) % 4];
    lanes32 mixed;
    if (quarter == 0)
        mixed = choose32(b, c, d);
    else if (quarter == 1)
        mixed = choose32(d, b, c);
    else if (quarter == 2)
        mixed = parity32(b, c, d);
    else
        mixed = or_not32(b, c, d);
    *a = b + rotate32(*a + w[word] + splat32(md5_constants[number]) + mixed, rotations[quarter][number % 4]);
}

DIGEST_TARGET void DIGEST_COMPRESS(md5)(void *columns, const uint8_t *const *blocks, size_t block_count)
{
    lanes32 *state = columns;
    for (size_t at = 0; at < 64 * block_count; at += 64) {
        lanes32 w[16], now[4] = {state[0], state[1], state[2], state[3]};
        load_little_endian32(w, blocks, at);
#pragma clang loop unroll(full)
        for (int number = 0; number < 64; number++)
            md5_round(now, w, number);
        for (int word = 0; word < 4; word++)
            state[word] += now[word];
    }
}
