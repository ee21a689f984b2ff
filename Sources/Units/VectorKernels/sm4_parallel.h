// SPDX-License-Identifier: Apache-2.0
//
// The modes whose blocks do not wait for one another: ECB, CTR, decryption in CBC and CFB, XTS. To be included after
// sm4_rounds.h by a file that also defines
//
//     SM4_PASS                         groups of SM4_LANES blocks that go side by side in a long buffer, at least 2
//     follow(previous, current)        the blocks before those of current, previous being the register before it
//     exchange_halves, reverse_blocks  64-bit halves, bytes, of each 128-bit part
//     sm4_vector64                     sm4_vector as words of 64 bits

// Blocks in a register.
#define SM4_PARTS (SM4_LANES / 4)
#define SM4_REGISTERS (4 * SM4_PASS)

enum sm4_mode { SM4_ECB, SM4_CTR, SM4_CBC_DECRYPT, SM4_CFB_DECRYPT, SM4_XTS };

// What a mode carries from pass to pass.
struct sm4_chain {
    sm4_vector previous;                  // CBC, CFB: its last block is the ciphertext before
    uint32_t counter[4];                  // CTR: words, first highest
    enum sm4_xts_standard standard;
    sm4_vector tweaks[SM4_REGISTERS + 1]; // XTS: of the pass, and the register that follows it
};

// Counters of one group, as words in the domain. The order of words is that of transposed blocks: with SM4_PARTS blocks
// in each of four registers, place 4 * part + register is block register * SM4_PARTS + part.
SM4_STEP void counters(sm4_vector *words, const uint32_t *counter, uint32_t first)
{
    sm4_vector places;
    for (unsigned place = 0; place < SM4_LANES; place++)
        places[place] = place % 4 * SM4_PARTS + place / 4 + first;
    // Comparisons give all ones, minus 1, where they hold: carry is subtracted.
    words[3] = splat(counter[3]) + places;
    sm4_vector carry = (sm4_vector)(words[3] < places);
    words[2] = splat(counter[2]) - carry;
    carry &= (sm4_vector)(words[2] == splat(0));
    words[1] = splat(counter[1]) - carry;
    carry &= (sm4_vector)(words[1] == splat(0));
    words[0] = splat(counter[0]) - carry;
    for (int index = 0; index < 4; index++)
        words[index] = enter(words[index]);
}

static inline void advance(uint32_t *counter, size_t blocks)
{
    uint64_t sum = blocks;
    for (int index = 3; index >= 0; index--) {
        sum += counter[index];
        counter[index] = (uint32_t)sum;
        sum >>= 32;
    }
}

// Tweaks of the next register: those of this one times x^SM4_PARTS. IEEE 1619 shifts left a little-endian number of 128
// bits; what falls out at the top comes back times x^7 + x^2 + x + 1. The reflected order is the mirror image of it, on
// bytes that were reversed when they were loaded.
SM4_STEP sm4_vector next_tweaks(sm4_vector tweaks, const int reflected)
{
    const int shift = SM4_PARTS;
    sm4_vector64 halves = (sm4_vector64)tweaks, reduced_half, carried, terms;
    for (int index = 0; index < SM4_LANES / 2; index++)
        reduced_half[index] = index % 2 == reflected ? ~0ull : 0;
    if (reflected) {
        carried = (sm4_vector64)exchange_halves((sm4_vector)(halves << (64 - shift)));
        terms = carried >> 1 ^ carried >> 2 ^ carried >> 7;
        return (sm4_vector)(halves >> shift ^ carried ^ (terms & reduced_half));
    }
    carried = (sm4_vector64)exchange_halves((sm4_vector)(halves >> (64 - shift)));
    terms = carried << 1 ^ carried << 2 ^ carried << 7;
    return (sm4_vector)(halves << shift ^ carried ^ (terms & reduced_half));
}

// From the tweaks of the first register those of count more.
SM4_TARGET __attribute__((noinline)) static void prepare_tweaks(struct sm4_chain *chain, int count)
{
    sm4_vector tweaks = chain->tweaks[0];
    if (chain->standard == SM4_XTS_GB) {
        tweaks = reverse_blocks(tweaks);
#pragma clang loop unroll(disable)
        for (int index = 1; index <= count; index++)
            chain->tweaks[index] = reverse_blocks(tweaks = next_tweaks(tweaks, 1));
    } else {
#pragma clang loop unroll(disable)
        for (int index = 1; index <= count; index++)
            chain->tweaks[index] = tweaks = next_tweaks(tweaks, 0);
    }
}

// What all modes do between loading and storing, as functions of its own for each number of groups: inlined into every
// mode, the rounds would be most of the module. words are blocks, or for CTR already words.
SM4_STEP void crypt_groups(sm4_vector *words, const int groups, const int are_blocks, const struct sm4_domain_keys *keys)
{
    sm4_vector local[SM4_REGISTERS];
    memcpy(local, words, (size_t)groups * 4 * sizeof(sm4_vector));
    if (are_blocks)
        for (int group = 0; group < groups; group++)
            sm4_blocks_to_words(local + 4 * group);
    sm4_rounds(local, groups, keys);
    for (int group = 0; group < groups; group++)
        sm4_words_to_blocks(local + 4 * group);
    memcpy(words, local, (size_t)groups * 4 * sizeof(sm4_vector));
}

#define SM4_CRYPT(name, groups, are_blocks)                                                                            \
    SM4_TARGET __attribute__((noinline)) static void name(sm4_vector *words, const struct sm4_domain_keys *keys)      \
    {                                                                                                                  \
        crypt_groups(words, groups, are_blocks, keys);                                                                 \
    }

SM4_CRYPT(crypt_blocks_1, 1, 1)
SM4_CRYPT(crypt_blocks_2, 2, 1)
SM4_CRYPT(crypt_counters_1, 1, 0)
SM4_CRYPT(crypt_counters_2, 2, 0)
#if SM4_PASS > 2
SM4_CRYPT(crypt_blocks_pass, SM4_PASS, 1)
SM4_CRYPT(crypt_counters_pass, SM4_PASS, 0)
#else
#define crypt_blocks_pass crypt_blocks_2
#define crypt_counters_pass crypt_counters_2
#endif

// Encrypts or decrypts groups * SM4_LANES blocks.
SM4_STEP void sm4_pass(const enum sm4_mode mode, const int groups, const struct sm4_domain_keys *keys,
                       struct sm4_chain *chain, const uint8_t *in, uint8_t *out)
{
    const int count = 4 * groups;
    sm4_vector text[SM4_REGISTERS], added[SM4_REGISTERS], words[SM4_REGISTERS];
    memcpy(text, in, (size_t)count * sizeof(sm4_vector));

    if (mode == SM4_XTS)
        prepare_tweaks(chain, count);
    // added: what is added to the blocks after the rounds, and for XTS also before.
    sm4_vector previous = chain->previous;
#pragma clang loop unroll(full)
    for (int index = 0; index < count; index++) {
        switch (mode) {
        case SM4_ECB:
            words[index] = text[index];
            break;
        case SM4_CTR:
            added[index] = text[index];
            break;
        case SM4_CBC_DECRYPT:
            words[index] = text[index];
            added[index] = follow(previous, text[index]);
            break;
        case SM4_CFB_DECRYPT:
            words[index] = follow(previous, text[index]);
            added[index] = text[index];
            break;
        case SM4_XTS:
            added[index] = chain->tweaks[index];
            words[index] = text[index] ^ added[index];
            break;
        }
        previous = text[index];
    }
    chain->previous = previous;

    if (mode == SM4_CTR) {
        for (int group = 0; group < groups; group++)
            counters(words + 4 * group, chain->counter, (uint32_t)group * SM4_LANES);
        (groups == 1 ? crypt_counters_1 : groups == 2 ? crypt_counters_2 : crypt_counters_pass)(words, keys);
    } else {
        (groups == 1 ? crypt_blocks_1 : groups == 2 ? crypt_blocks_2 : crypt_blocks_pass)(words, keys);
    }
    if (mode != SM4_ECB)
        for (int index = 0; index < count; index++)
            words[index] ^= added[index];
    memcpy(out, words, (size_t)count * sizeof(sm4_vector));
}

// At most groups * SM4_LANES blocks, fewer by way of a buffer of its own. Returns how many.
SM4_STEP size_t sm4_some_blocks(const enum sm4_mode mode, const int groups, const struct sm4_domain_keys *keys,
                                struct sm4_chain *chain, const uint8_t *in, uint8_t *out, size_t block_count)
{
    const size_t most = (size_t)groups * SM4_LANES;
    const size_t done = block_count < most ? block_count : most;
    uint8_t staged[SM4_PASS * SM4_LANES * 16], *to = out;
    if (done < most) {
        memset(staged, 0, most * 16);
        memcpy(staged, in, done * 16);
        in = to = staged;
    }
    sm4_pass(mode, groups, keys, chain, in, to);
    if (done < most) {
        memcpy(out, staged, done * 16);
        wipe(staged, most * 16);
    }
    if (mode == SM4_CTR)
        advance(chain->counter, done);
    if (mode == SM4_XTS)
        memmove(chain->tweaks, (const uint8_t *)chain->tweaks + done * 16, sizeof chain->tweaks[0]);
    return done;
}

// All blocks of a buffer. iv: IV, counter or first tweak; becomes that of the block that follows.
SM4_STEP void sm4_all_blocks(const enum sm4_mode mode, const uint32_t *round_keys, enum sm4_xts_standard standard,
                             uint8_t *iv, const uint8_t *in, uint8_t *out, size_t block_count)
{
    if (block_count == 0)
        return;
    struct sm4_domain_keys keys;
    load_keys(&keys, round_keys);
    struct sm4_chain chain;
    chain.previous = splat(0);
    const int feedback = mode == SM4_CBC_DECRYPT || mode == SM4_CFB_DECRYPT;
    if (feedback) {
        memcpy((uint8_t *)&chain.previous + sizeof chain.previous - 16, iv, 16);
        // The last block of ciphertext, before it may be overwritten.
        memcpy(iv, in + 16 * (block_count - 1), 16);
    } else if (mode == SM4_CTR) {
        for (int index = 0; index < 4; index++)
            chain.counter[index] = sm4_load_word(iv + 4 * index);
    } else if (mode == SM4_XTS) {
        chain.standard = standard;
        sm4_first_tweaks((uint8_t *)chain.tweaks, SM4_PARTS, iv, standard);
    }

    while (block_count > 0) {
        size_t done;
        if (block_count > (SM4_PASS > 2 ? 2 : 1) * SM4_LANES)
            done = sm4_some_blocks(mode, SM4_PASS, &keys, &chain, in, out, block_count);
        else if (SM4_PASS > 2 && block_count > SM4_LANES)
            done = sm4_some_blocks(mode, 2, &keys, &chain, in, out, block_count);
        else
            done = sm4_some_blocks(mode, 1, &keys, &chain, in, out, block_count);
        in += 16 * done;
        out += 16 * done;
        block_count -= done;
    }

    if (mode == SM4_CTR) {
        for (int index = 0; index < 4; index++)
            sm4_store_word(iv + 4 * index, chain.counter[index]);
    } else if (mode == SM4_XTS) {
        memcpy(iv, chain.tweaks, 16);
        wipe(chain.tweaks, sizeof chain.tweaks);
    }
    wipe(&keys, sizeof keys);
}

SM4_TARGET void SM4_KERNEL(sm4_ecb)(const uint32_t *round_keys, const uint8_t *in, uint8_t *out, size_t block_count)
{
    sm4_all_blocks(SM4_ECB, round_keys, SM4_XTS_IEEE, NULL, in, out, block_count);
}

SM4_TARGET void SM4_KERNEL(sm4_ctr)(const uint32_t *round_keys, uint8_t *counter, const uint8_t *in, uint8_t *out,
                                    size_t block_count)
{
    sm4_all_blocks(SM4_CTR, round_keys, SM4_XTS_IEEE, counter, in, out, block_count);
}

SM4_TARGET void SM4_KERNEL(sm4_cbc_decrypt)(const uint32_t *round_keys, uint8_t *iv, const uint8_t *in, uint8_t *out,
                                            size_t block_count)
{
    sm4_all_blocks(SM4_CBC_DECRYPT, round_keys, SM4_XTS_IEEE, iv, in, out, block_count);
}

SM4_TARGET void SM4_KERNEL(sm4_cfb_decrypt)(const uint32_t *round_keys, uint8_t *iv, const uint8_t *in, uint8_t *out,
                                            size_t block_count)
{
    sm4_all_blocks(SM4_CFB_DECRYPT, round_keys, SM4_XTS_IEEE, iv, in, out, block_count);
}

SM4_TARGET static void sm4_xts_blocks(const uint32_t *round_keys, enum sm4_xts_standard standard, uint8_t *tweak,
                                      const uint8_t *in, uint8_t *out, size_t block_count)
{
    sm4_all_blocks(SM4_XTS, round_keys, standard, tweak, in, out, block_count);
}

void SM4_KERNEL(sm4_xts_encrypt)(const uint32_t *round_keys, enum sm4_xts_standard standard, uint8_t *tweak,
                                 const uint8_t *in, uint8_t *out, size_t byte_count)
{
    sm4_xts_encrypt_unit(sm4_xts_blocks, round_keys, standard, tweak, in, out, byte_count);
}

void SM4_KERNEL(sm4_xts_decrypt)(const uint32_t *round_keys, enum sm4_xts_standard standard, uint8_t *tweak,
                                 const uint8_t *in, uint8_t *out, size_t byte_count)
{
    sm4_xts_decrypt_unit(sm4_xts_blocks, round_keys, standard, tweak, in, out, byte_count);
}
