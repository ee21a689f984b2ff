// SPDX-License-Identifier: Apache-2.0
//
// The modes whose blocks wait for one another: encryption in CBC and CFB, OFB. One block at a time in a register made for
// many; its words are in every place of their registers. To be included after sm4_rounds.h.

enum sm4_serial_mode { SM4_CBC_ENCRYPT, SM4_CFB_ENCRYPT, SM4_OFB };

SM4_STEP void load_one_block(sm4_vector *words, const uint8_t *block)
{
    for (int index = 0; index < 4; index++) {
        uint32_t word;
        memcpy(&word, block + 4 * index, sizeof word);
        words[index] = enter(swap_bytes(splat(word)));
    }
}

SM4_STEP void store_one_block(uint8_t *block, const sm4_vector *words)
{
    for (int index = 0; index < 4; index++) {
        sm4_vector bytes = swap_bytes(leave(words[index]));
        memcpy(block + 4 * index, &bytes, 4);
    }
}

// The chain never leaves the domain, so that only the rounds stand between one block and the next.
SM4_STEP void sm4_serial_blocks(const enum sm4_serial_mode mode, const uint32_t *round_keys, uint8_t *iv,
                                const uint8_t *in, uint8_t *out, size_t block_count)
{
    struct sm4_domain_keys keys;
    load_keys(&keys, round_keys);
    sm4_vector chain[4];
    load_one_block(chain, iv);
    for (size_t at = 0; at < 16 * block_count; at += 16) {
        sm4_vector text[4];
        load_one_block(text, in + at);
        if (mode == SM4_CBC_ENCRYPT)
            for (int index = 0; index < 4; index++)
                chain[index] ^= text[index];
        sm4_rounds_in_haste(chain, keys.words, 1);
        if (mode != SM4_CBC_ENCRYPT)
            for (int index = 0; index < 4; index++)
                text[index] ^= chain[index];
        if (mode == SM4_CFB_ENCRYPT)
            for (int index = 0; index < 4; index++)
                chain[index] = text[index];
        store_one_block(out + at, mode == SM4_CBC_ENCRYPT ? chain : text);
    }
    store_one_block(iv, chain);
    wipe(&keys, sizeof keys);
}

SM4_TARGET void SM4_KERNEL(sm4_cbc_encrypt)(const uint32_t *round_keys, uint8_t *iv, const uint8_t *in, uint8_t *out,
                                            size_t block_count)
{
    sm4_serial_blocks(SM4_CBC_ENCRYPT, round_keys, iv, in, out, block_count);
}

SM4_TARGET void SM4_KERNEL(sm4_cfb_encrypt)(const uint32_t *round_keys, uint8_t *iv, const uint8_t *in, uint8_t *out,
                                            size_t block_count)
{
    sm4_serial_blocks(SM4_CFB_ENCRYPT, round_keys, iv, in, out, block_count);
}

SM4_TARGET void SM4_KERNEL(sm4_ofb)(const uint32_t *round_keys, uint8_t *iv, const uint8_t *in, uint8_t *out,
                                    size_t block_count)
{
    sm4_serial_blocks(SM4_OFB, round_keys, iv, in, out, block_count);
}
