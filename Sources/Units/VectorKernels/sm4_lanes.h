// SPDX-License-Identifier: Apache-2.0
//
// A level's part of CBC encryption in lanes. To be included after sm4_rounds.h and sm4_serial.h by a file that also
// defines load_lane_blocks and store_lane_blocks: between one block of each of SM4_LANES buffers and four registers, of
// which register n has in its 128-bit part p the block of lane 4 * p + n.

SM4_TARGET static void load_lane(struct sm4_cbc_columns *columns, size_t lane, const uint32_t *round_keys,
                                 const uint8_t *iv)
{
    struct sm4_domain_keys keys;
    load_keys(&keys, round_keys);
    for (int round = 0; round < 32; round++)
        columns->round_keys[round][lane] = keys.words[round];
    wipe(&keys, sizeof keys);
    sm4_vector words[4];
    load_one_block(words, iv);
    for (int index = 0; index < 4; index++)
        memcpy(&columns->chain[index][lane], &words[index], 4);
}

SM4_TARGET static void store_lane(const struct sm4_cbc_columns *columns, size_t lane, uint8_t *iv)
{
    sm4_vector words[4];
    for (int index = 0; index < 4; index++)
        words[index] = splat(columns->chain[index][lane]);
    store_one_block(iv, words);
}

SM4_TARGET static void encrypt_lanes(struct sm4_cbc_columns *columns, const uint8_t *const *in, uint8_t *const *out,
                                     size_t block_count)
{
    sm4_vector chain[4];
    for (int index = 0; index < 4; index++)
        memcpy(&chain[index], columns->chain[index], sizeof(sm4_vector));
    for (size_t at = 0; at < 16 * block_count; at += 16) {
        sm4_vector text[4];
        load_lane_blocks(text, in, at);
        sm4_blocks_to_words(text);
        for (int index = 0; index < 4; index++)
            chain[index] ^= text[index];
        sm4_rounds_in_haste(chain, columns->round_keys[0], SM4_CBC_LANES_LIMIT);
        for (int index = 0; index < 4; index++)
            text[index] = chain[index];
        sm4_words_to_blocks(text);
        store_lane_blocks(text, out, at);
    }
    for (int index = 0; index < 4; index++)
        memcpy(columns->chain[index], &chain[index], sizeof(sm4_vector));
}

void SM4_KERNEL(sm4_cbc_encrypt_lanes)(struct sm4_cbc_lane *lanes, size_t lane_count)
{
    static const struct sm4_cbc_engine engine = {SM4_LANES, load_lane, store_lane, encrypt_lanes,
                                                 SM4_KERNEL(sm4_cbc_encrypt)};
    sm4_cbc_encrypt_in_lanes(&engine, lanes, lane_count);
}
