// SPDX-License-Identifier: Apache-2.0
//
// The work itself. What the library does in lanes goes through jobs, many at once; what it does wide over one buffer, one
// piece after the other.

#include "library.h"

#if HAS_IPSEC_MB

#include <string.h>

static uint32_t load_counter(const uint8_t *block)
{
    uint32_t word;
    memcpy(&word, block + 12, sizeof(word));
    return __builtin_bswap32(word);
}

/// Adds to a counter block of 128 bits, big-endian.
static void add_to_counter(uint8_t *block, uint64_t count)
{
    uint64_t high, low;
    memcpy(&high, block, 8);
    memcpy(&low, block + 8, 8);
    high = __builtin_bswap64(high);
    low = __builtin_bswap64(low);
    high += __builtin_add_overflow(low, count, &low);
    high = __builtin_bswap64(high);
    low = __builtin_bswap64(low);
    memcpy(block, &high, 8);
    memcpy(block + 8, &low, 8);
}

static void fill_cipher(IMB_JOB *job, const struct ipsec_mb_piece *piece)
{
    job->enc_keys = piece->key->aes.encrypt;
    job->dec_keys = piece->key->aes.decrypt;
    job->src = piece->input;
    job->dst = piece->output;
    job->cipher_start_src_offset_in_bytes = 0;
    job->msg_len_to_cipher_in_bytes = piece->byte_count;
    job->iv = piece->iv;
    job->iv_len_in_bytes = 16;
}

static int run_burst(
    struct ipsec_mb *units, const struct ipsec_mb_operation *operation, size_t count, IMB_CIPHER_DIRECTION direction)
{
    return IMB_SUBMIT_CIPHER_BURST_NOCHECK(
               units->manager, units->burst, (uint32_t)count, IMB_CIPHER_CBC, direction,
               (IMB_KEY_SIZE_BYTES)operation->key_byte_count)
        == count;
}

/// Encryption goes through lanes, whose lengths have 16 bits: long pieces take several rounds.
static int run_cbc(
    struct ipsec_mb *units, const struct ipsec_mb_operation *operation, const struct ipsec_mb_piece *pieces,
    size_t count)
{
    enum { ROUND = 32768 };
    size_t longest = 0;
    for (size_t i = 0; i < count; i++) {
        fill_cipher(&units->burst[i], &pieces[i]);
        if (pieces[i].byte_count > longest)
            longest = pieces[i].byte_count;
    }
    if (!operation->encrypt)
        return run_burst(units, operation, count, IMB_DIR_DECRYPT);
    if (longest <= ROUND)
        return run_burst(units, operation, count, IMB_DIR_ENCRYPT);
    for (size_t start = 0; start < longest; start += ROUND) {
        size_t lanes = 0;
        for (size_t i = 0; i < count; i++) {
            const struct ipsec_mb_piece *piece = &pieces[i];
            if (piece->byte_count <= start)
                continue;
            IMB_JOB *job = &units->burst[lanes++];
            fill_cipher(job, piece);
            const size_t left = piece->byte_count - start;
            job->src = (const uint8_t *)piece->input + start;
            job->dst = (uint8_t *)piece->output + start;
            job->msg_len_to_cipher_in_bytes = left < ROUND ? left : ROUND;
            if (start > 0)
                job->iv = job->dst - 16;
        }
        if (!run_burst(units, operation, lanes, IMB_DIR_ENCRYPT))
            return 0;
    }
    return 1;
}

static int run_counter_piece(
    struct ipsec_mb *units, const struct ipsec_mb_operation *operation, const struct ipsec_mb_piece *piece)
{
    IMB_JOB *job = units->burst;
    fill_cipher(job, piece);
    return IMB_SUBMIT_CIPHER_BURST_NOCHECK(
               units->manager, job, 1, IMB_CIPHER_CNTR, IMB_DIR_ENCRYPT,
               (IMB_KEY_SIZE_BYTES)operation->key_byte_count)
        == 1;
}

/// The library counts in 32 bits: a piece in which those overflow is cut there, and the carry is taken by hand.
static int run_counter(
    struct ipsec_mb *units, const struct ipsec_mb_operation *operation, const struct ipsec_mb_piece *piece)
{
    const uint64_t before_wrap = (UINT64_C(1) << 32) - load_counter(piece->iv);
    if (piece->byte_count <= before_wrap * 16)
        return run_counter_piece(units, operation, piece);

    uint8_t counter[16];
    memcpy(counter, piece->iv, 16);
    add_to_counter(counter, before_wrap);
    struct ipsec_mb_piece first = *piece, second = *piece;
    first.byte_count = before_wrap * 16;
    second.input = (const uint8_t *)piece->input + first.byte_count;
    second.output = (uint8_t *)piece->output + first.byte_count;
    second.byte_count = piece->byte_count - first.byte_count;
    second.iv = counter;
    return run_counter_piece(units, operation, &first) && run_counter_piece(units, operation, &second);
}

static int run_jobs(
    struct ipsec_mb *units, const struct ipsec_mb_operation *operation, const struct ipsec_mb_piece *pieces,
    size_t count);

/// The library has no CFB. Decryption needs what ECB makes of the ciphertext one block before, which is there already:
/// so many blocks at once go through ECB as the scratch buffer holds. From the end to the beginning, or decryption in
/// place would destroy the ciphertext that the blocks behind it need.
static int run_cfb_decryption(
    struct ipsec_mb *units, const struct ipsec_mb_operation *operation, const struct ipsec_mb_piece *piece)
{
    const struct ipsec_mb_operation ecb = {
        .work = IPSEC_MB_ECB, .key_byte_count = operation->key_byte_count, .encrypt = 1};
    uint8_t *scratch = units->scratch;
    const uint8_t *input = piece->input;
    uint8_t *output = piece->output;
    size_t end = piece->byte_count;
    while (end > 0) {
        const size_t start = (end - 1) / sizeof(units->scratch) * sizeof(units->scratch), bytes = end - start;
        const size_t whole = (bytes + 15) & ~(size_t)15;
        const uint8_t *before = start == 0 ? piece->iv : input + start - 16;
        memcpy(scratch, before, 16);
        memcpy(scratch + 16, input + start, whole - 16);
        const struct ipsec_mb_piece blocks = {
            .key = piece->key, .input = scratch, .output = scratch, .byte_count = whole};
        if (!run_jobs(units, &ecb, &blocks, 1))
            return 0;
        for (size_t i = 0; i < bytes; i++)
            output[start + i] = input[start + i] ^ scratch[i];
        end = start;
    }
    explicit_bzero(scratch, piece->byte_count < sizeof(units->scratch) ? (piece->byte_count + 15) & ~(size_t)15
                                                                      : sizeof(units->scratch));
    return 1;
}

/// GCM's counter has 32 bits, as the library's has. Encryption and hash take turns on pieces that stay in the
/// first-level cache, which is as fast as the library's own interleaving and needs no context of its own making.
static int run_gcm_part(
    struct ipsec_mb *units, const struct ipsec_mb_operation *operation, const struct ipsec_mb_piece *piece)
{
    enum { CHUNK = 8192 };
    IMB_MGR *manager = units->manager;
    uint8_t counter[16];
    memcpy(counter, piece->iv, 16);
    uint32_t count = load_counter(counter) + 1;
    IMB_JOB *job = units->burst;
    job->enc_keys = piece->key->gcm.expanded_keys;
    job->cipher_start_src_offset_in_bytes = 0;
    job->iv = counter;
    job->iv_len_in_bytes = 16;
    for (size_t done = 0; done < piece->byte_count; done += CHUNK) {
        const size_t left = piece->byte_count - done, bytes = left < CHUNK ? left : CHUNK;
        const uint8_t *input = (const uint8_t *)piece->input + done;
        uint8_t *output = (uint8_t *)piece->output + done;
        // The ciphertext is hashed, which decryption in place destroys.
        if (!operation->encrypt)
            IMB_GHASH(manager, &piece->key->gcm, input, bytes, piece->tag, 16);
        const uint32_t big_endian = __builtin_bswap32(count);
        memcpy(counter + 12, &big_endian, sizeof(big_endian));
        job->src = input;
        job->dst = output;
        job->msg_len_to_cipher_in_bytes = bytes;
        if (IMB_SUBMIT_CIPHER_BURST_NOCHECK(
                manager, job, 1, IMB_CIPHER_CNTR, IMB_DIR_ENCRYPT, (IMB_KEY_SIZE_BYTES)operation->key_byte_count)
            != 1)
            return 0;
        if (operation->encrypt)
            IMB_GHASH(manager, &piece->key->gcm, output, bytes, piece->tag, 16);
        count += (uint32_t)(bytes / 16);
    }
    return 1;
}

static void run_gcm(
    IMB_MGR *manager, const struct ipsec_mb_operation *operation, const struct ipsec_mb_piece *piece)
{
    struct gcm_context_data context;
    const struct gcm_key_data *key = &piece->key->gcm;
    aes_gcm_enc_dec_t run;
    switch (operation->key_byte_count) {
    case 16: run = operation->encrypt ? manager->gcm128_enc : manager->gcm128_dec; break;
    case 24: run = operation->encrypt ? manager->gcm192_enc : manager->gcm192_dec; break;
    default: run = operation->encrypt ? manager->gcm256_enc : manager->gcm256_dec; break;
    }
    run(key, &context, piece->output, piece->input, piece->byte_count, piece->iv, piece->additional,
        piece->additional_byte_count, piece->tag, piece->tag_byte_count);
    explicit_bzero(&context, sizeof(context));
}

static void run_gmac(
    IMB_MGR *manager, const struct ipsec_mb_operation *operation, const struct ipsec_mb_piece *piece)
{
    struct gcm_context_data context;
    const struct gcm_key_data *key = &piece->key->gcm;
    switch (operation->key_byte_count) {
    case 16:
        manager->gmac128_init(key, &context, piece->iv, piece->iv_byte_count);
        manager->gmac128_update(key, &context, piece->input, piece->byte_count);
        manager->gmac128_finalize(key, &context, piece->tag, piece->tag_byte_count);
        break;
    case 24:
        manager->gmac192_init(key, &context, piece->iv, piece->iv_byte_count);
        manager->gmac192_update(key, &context, piece->input, piece->byte_count);
        manager->gmac192_finalize(key, &context, piece->tag, piece->tag_byte_count);
        break;
    default:
        manager->gmac256_init(key, &context, piece->iv, piece->iv_byte_count);
        manager->gmac256_update(key, &context, piece->input, piece->byte_count);
        manager->gmac256_finalize(key, &context, piece->tag, piece->tag_byte_count);
        break;
    }
    explicit_bzero(&context, sizeof(context));
}

static IMB_HASH_ALG hash_algorithm(const struct ipsec_mb_operation *operation)
{
    static const IMB_HASH_ALG hashes[] = {
        [IPSEC_MB_SHA1] = IMB_AUTH_SHA_1,
        [IPSEC_MB_SHA224] = IMB_AUTH_SHA_224,
        [IPSEC_MB_SHA256] = IMB_AUTH_SHA_256,
        [IPSEC_MB_SHA384] = IMB_AUTH_SHA_384,
        [IPSEC_MB_SHA512] = IMB_AUTH_SHA_512,
    };
    static const IMB_HASH_ALG hmacs[] = {
        [IPSEC_MB_MD5] = IMB_AUTH_MD5, // The library's name for HMAC-MD5.
        [IPSEC_MB_SHA1] = IMB_AUTH_HMAC_SHA_1,
        [IPSEC_MB_SHA224] = IMB_AUTH_HMAC_SHA_224,
        [IPSEC_MB_SHA256] = IMB_AUTH_HMAC_SHA_256,
        [IPSEC_MB_SHA384] = IMB_AUTH_HMAC_SHA_384,
        [IPSEC_MB_SHA512] = IMB_AUTH_HMAC_SHA_512,
    };
    return operation->work == IPSEC_MB_HASH ? hashes[operation->digest] : hmacs[operation->digest];
}

static void fill_job(IMB_JOB *job, const struct ipsec_mb_operation *operation, const struct ipsec_mb_piece *piece)
{
    const int encrypt = operation->encrypt;
    job->src = piece->input;
    job->dst = piece->output;
    job->cipher_start_src_offset_in_bytes = 0;
    job->hash_start_src_offset_in_bytes = 0;
    job->key_len_in_bytes = operation->key_byte_count;
    job->msg_len_to_cipher_in_bytes = piece->byte_count;
    job->msg_len_to_hash_in_bytes = piece->byte_count;
    job->iv = piece->iv;
    job->iv_len_in_bytes = piece->iv_byte_count;
    job->auth_tag_output = piece->tag;
    job->auth_tag_output_len_in_bytes = piece->tag_byte_count;
    job->cipher_direction = encrypt ? IMB_DIR_ENCRYPT : IMB_DIR_DECRYPT;
    job->chain_order = encrypt ? IMB_ORDER_CIPHER_HASH : IMB_ORDER_HASH_CIPHER;
    job->cipher_mode = IMB_CIPHER_NULL;
    job->hash_alg = IMB_AUTH_NULL;
    switch (operation->work) {
    case IPSEC_MB_ECB:
        job->cipher_mode = IMB_CIPHER_ECB;
        job->enc_keys = piece->key->aes.encrypt;
        job->dec_keys = piece->key->aes.decrypt;
        break;
    case IPSEC_MB_DES3_CBC:
        job->cipher_mode = IMB_CIPHER_DES3;
        job->enc_keys = piece->key->des.schedules;
        job->dec_keys = piece->key->des.schedules;
        break;
    case IPSEC_MB_CCM:
        job->cipher_mode = IMB_CIPHER_CCM;
        job->hash_alg = IMB_AUTH_AES_CCM;
        job->enc_keys = piece->key->aes.encrypt;
        job->dec_keys = piece->key->aes.encrypt;
        job->u.CCM.aad = piece->additional;
        job->u.CCM.aad_len_in_bytes = piece->additional_byte_count;
        // As the library has it: encryption hashes first.
        job->chain_order = encrypt ? IMB_ORDER_HASH_CIPHER : IMB_ORDER_CIPHER_HASH;
        break;
    case IPSEC_MB_CMAC:
        job->hash_alg = operation->key_byte_count == 16 ? IMB_AUTH_AES_CMAC : IMB_AUTH_AES_CMAC_256;
        job->u.CMAC._key_expanded = piece->key->cmac.schedule;
        job->u.CMAC._skey1 = piece->key->cmac.first;
        job->u.CMAC._skey2 = piece->key->cmac.second;
        break;
    case IPSEC_MB_HMAC:
        job->u.HMAC._hashed_auth_key_xor_ipad = piece->key->hmac.inner;
        job->u.HMAC._hashed_auth_key_xor_opad = piece->key->hmac.outer;
        job->hash_alg = hash_algorithm(operation);
        break;
    case IPSEC_MB_HASH:
        job->hash_alg = hash_algorithm(operation);
        break;
    default:
        break;
    }
}

/// Work whose lanes the library fills over many jobs, which then come back in their order.
static int run_jobs(
    struct ipsec_mb *units, const struct ipsec_mb_operation *operation, const struct ipsec_mb_piece *pieces,
    size_t count)
{
    IMB_MGR *manager = units->manager;
    size_t done = 0;
    int all_well = 1;
    for (size_t i = 0; i < count; i++) {
        fill_job(IMB_GET_NEXT_JOB(manager), operation, &pieces[i]);
        for (IMB_JOB *job = IMB_SUBMIT_JOB_NOCHECK(manager); job != NULL; job = IMB_GET_COMPLETED_JOB(manager)) {
            all_well &= job->status == IMB_STATUS_COMPLETED;
            done++;
        }
    }
    for (IMB_JOB *job; done < count && (job = IMB_FLUSH_JOB(manager)) != NULL; done++)
        all_well &= job->status == IMB_STATUS_COMPLETED;
    return all_well && done == count;
}

int ipsec_mb_run(
    struct ipsec_mb *units, const struct ipsec_mb_operation *operation, const struct ipsec_mb_piece *pieces,
    size_t count)
{
    switch (operation->work) {
    case IPSEC_MB_CBC:
        return run_cbc(units, operation, pieces, count);
    case IPSEC_MB_CTR:
        for (size_t i = 0; i < count; i++)
            if (!run_counter(units, operation, &pieces[i]))
                return 0;
        return 1;
    case IPSEC_MB_CFB:
        for (size_t i = 0; i < count; i++)
            if (!run_cfb_decryption(units, operation, &pieces[i]))
                return 0;
        return 1;
    case IPSEC_MB_GCM_PART:
        for (size_t i = 0; i < count; i++)
            if (!run_gcm_part(units, operation, &pieces[i]))
                return 0;
        return 1;
    case IPSEC_MB_GCM:
        for (size_t i = 0; i < count; i++)
            run_gcm(units->manager, operation, &pieces[i]);
        return 1;
    case IPSEC_MB_GMAC:
        for (size_t i = 0; i < count; i++)
            run_gmac(units->manager, operation, &pieces[i]);
        return 1;
    case IPSEC_MB_GHASH:
        for (size_t i = 0; i < count; i++)
            IMB_GHASH(
                units->manager, &pieces[i].key->gcm, pieces[i].input, pieces[i].byte_count, pieces[i].tag, 16);
        return 1;
    default:
        return run_jobs(units, operation, pieces, count);
    }
}

#else

int ipsec_mb_run(
    struct ipsec_mb *units, const struct ipsec_mb_operation *operation, const struct ipsec_mb_piece *pieces,
    size_t count)
{
    (void)units, (void)operation, (void)pieces, (void)count;
    return 0;
}

#endif
