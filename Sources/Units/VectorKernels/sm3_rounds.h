// SPDX-License-Identifier: Apache-2.0
//
// SM3 (GB/T 32905-2016 section 5.3) over lanes. To be included by digest_rounds.h.

// Word number + 4 of the message schedule, in place of the one 16 before it.
DIGEST_STEP void sm3_schedule(lanes32 *w, const int number)
{
    const lanes32 sum = parity32(w[(number + 4) % 16], w[(number + 11) % 16], rotate32(w[(number + 1) % 16], 15));
    const lanes32 permuted = parity32(sum, rotate32(sum, 15), rotate32(sum, 23));
    w[(number + 4) % 16] = parity32(permuted, rotate32(w[(number + 7) % 16], 7), w[(number + 14) % 16]);
}

// A round of 16: state words take turns, w holds the last 16 words of the message schedule, of which four are ahead. The
// functions of the first 16 rounds (early) are others than later.
DIGEST_STEP void sm3_round(lanes32 *state, lanes32 *w, const int number, const int early, uint32_t constant)
{
    const lanes32 a = state[(16 - number) % 8], c = state[(18 - number) % 8];
    const lanes32 e = state[(20 - number) % 8], g = state[(22 - number) % 8];
    lanes32 *b = &state[(17 - number) % 8], *d = &state[(19 - number) % 8];
    lanes32 *f = &state[(21 - number) % 8], *h = &state[(23 - number) % 8];
    if (!early || number >= 12)
        sm3_schedule(w, number);
    const lanes32 rotated = rotate32(a, 12);
    const lanes32 first = rotate32(e + splat32(constant) + rotated, 7), second = first ^ rotated;
    const lanes32 mixed_abc = early ? parity32(a, *b, c) : majority32(a, *b, c);
    const lanes32 mixed_efg = early ? parity32(e, *f, g) : choose32(e, *f, g);
    const lanes32 sum_a = *d + (w[number] ^ w[(number + 4) % 16]) + mixed_abc + second;
    const lanes32 sum_e = *h + w[number] + mixed_efg + first;
    *b = rotate32(*b, 9);
    *f = rotate32(*f, 19);
    // d and h are the a and e of the next round: sum_a moves to where h was, sum_e to where d was.
    *h = sum_a;
    *d = parity32(sum_e, rotate32(sum_e, 9), rotate32(sum_e, 17));
}

DIGEST_TARGET void DIGEST_COMPRESS(sm3)(void *columns, const uint8_t *const *blocks, size_t block_count)
{
    lanes32 *state = columns;
    for (size_t at = 0; at < 64 * block_count; at += 64) {
        lanes32 w[16], now[8];
        for (int word = 0; word < 8; word++)
            now[word] = state[word];
        load_big_endian32(w, blocks, at);
#pragma clang loop unroll(full)
        for (int number = 0; number < 16; number++)
            sm3_round(now, w, number, 1, sm3_constants[number]);
#pragma clang loop unroll(disable)
        for (int first = 16; first < 64; first += 16) {
#pragma clang loop unroll(full)
            for (int number = 0; number < 16; number++)
                sm3_round(now, w, number, 0, sm3_constants[first + number]);
        }
        for (int word = 0; word < 8; word++)
            state[word] ^= now[word];
    }
}
