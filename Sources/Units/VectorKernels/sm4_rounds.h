// SPDX-License-Identifier: Apache-2.0
//
// The 32 rounds of SM4 over registers that each hold one of the four words of SM4_LANES blocks, in the domain that
// sm4_field.h explains. To be included by a file that defines
//
//     SM4_TARGET                       attribute naming the processor's features
//     SM4_LANES, sm4_vector            words in a register, the type of one
//     splat, swap_bytes, enter, leave  same word everywhere; byte order of words; into and out of the domain
//     sum3                             a + b + c, bit by bit
//     substitute                       T of an argument, as struct sm4_substituted
//     interleave_low, _high            words, _pairs: of 128-bit parts
//
// Several groups of SM4_LANES blocks go side by side: each round waits for the one before, and the processor has time for
// others meanwhile.

#define SM4_STEP SM4_TARGET static inline __attribute__((always_inline))

// Round keys in the domain; reading them with one broadcast each is part of the instruction that adds them.
struct sm4_domain_keys {
    _Alignas(64) uint32_t words[32];
};

SM4_STEP void load_keys(struct sm4_domain_keys *keys, const uint32_t *round_keys)
{
    for (int at = 0; at < 32; at += SM4_LANES) {
        sm4_vector words;
        memcpy(&words, round_keys + at, sizeof words);
        words = enter(words) ^ splat(SM4_KEY_CONSTANT);
        memcpy(keys->words + at, &words, sizeof words);
    }
}

// One round. newest was written by the round before; it is added last for the others need not wait for it.
SM4_STEP void sm4_round(sm4_vector *oldest, sm4_vector older, sm4_vector newer, sm4_vector newest, sm4_vector key)
{
    struct sm4_substituted substituted = substitute(sum3(older, newer, key) ^ newest);
    *oldest = sum3(*oldest, substituted.early, substituted.late);
}

// The last four words become the first four in reverse order, which is what the standard asks for.
SM4_STEP void sm4_reverse_words(sm4_vector *words)
{
    sm4_vector first = words[0], second = words[1];
    words[0] = words[3];
    words[1] = words[2];
    words[2] = second;
    words[3] = first;
}

SM4_STEP void sm4_rounds(sm4_vector *words, const int groups, const struct sm4_domain_keys *keys)
{
    // Unrolled further it would only be larger.
#pragma clang loop unroll(disable)
    for (int round = 0; round < 32; round += 4) {
#pragma clang loop unroll(full)
        for (int step = 0; step < 4; step++) {
            sm4_vector key = splat(keys->words[round + step]);
#pragma clang loop unroll(full)
            for (int group = 0; group < groups; group++) {
                sm4_vector *block = words + 4 * group;
                sm4_round(&block[step], block[(step + 1) % 4], block[(step + 2) % 4], block[(step + 3) % 4], key);
            }
        }
    }
#pragma clang loop unroll(full)
    for (int group = 0; group < groups; group++)
        sm4_reverse_words(words + 4 * group);
}

// The key of a round: one word for all lanes when a row has one, or one for each.
SM4_STEP sm4_vector round_key(const uint32_t *keys, const size_t row)
{
    if (row == 1)
        return splat(*keys);
    sm4_vector key;
    memcpy(&key, keys, sizeof key);
    return key;
}

// One group alone, where every cycle between one round and the next counts: the argument of a round is that of the one
// before it, complete but for the late part of its result, which is added last. One addition more, one less to wait for.
// row: how many words of keys there are for each round, 1 (the same for all lanes) or more (one for each).
SM4_STEP void sm4_rounds_in_haste(sm4_vector *block, const uint32_t *keys, const size_t row)
{
    sm4_vector argument = sum3(block[1], block[2], block[3]) ^ round_key(keys, row);
#pragma clang loop unroll(disable)
    for (size_t round = 0; round < 32; round += 4) {
#pragma clang loop unroll(full)
        for (size_t step = 0; step < 4; step++) {
            // After the last round there is nothing to prepare; any key will do.
            sm4_vector key = round_key(keys + (round + step + 1) % 32 * row, row);
            sm4_vector *oldest = &block[step];
            struct sm4_substituted substituted = substitute(argument);
            sm4_vector early = *oldest ^ substituted.early;
            argument = sum3(block[(step + 2) % 4], block[(step + 3) % 4], key) ^ early;
            argument ^= substituted.late;
            *oldest = early ^ substituted.late;
        }
    }
    sm4_reverse_words(block);
}

// Four registers of whole blocks become four registers of words and the other way round: the transposition of each 4 x 4
// words is its own inverse. The blocks in part p (of 128 bits) of the registers are in places 4 * p to 4 * p + 3 then.
SM4_STEP void sm4_transpose(sm4_vector *registers)
{
    sm4_vector low01 = interleave_low(registers[0], registers[1]);
    sm4_vector high01 = interleave_high(registers[0], registers[1]);
    sm4_vector low23 = interleave_low(registers[2], registers[3]);
    sm4_vector high23 = interleave_high(registers[2], registers[3]);
    registers[0] = interleave_low_pairs(low01, low23);
    registers[1] = interleave_high_pairs(low01, low23);
    registers[2] = interleave_low_pairs(high01, high23);
    registers[3] = interleave_high_pairs(high01, high23);
}

SM4_STEP void sm4_blocks_to_words(sm4_vector *registers)
{
    for (int index = 0; index < 4; index++)
        registers[index] = enter(swap_bytes(registers[index]));
    sm4_transpose(registers);
}

SM4_STEP void sm4_words_to_blocks(sm4_vector *registers)
{
    sm4_transpose(registers);
    for (int index = 0; index < 4; index++)
        registers[index] = swap_bytes(leave(registers[index]));
}
