// SPDX-License-Identifier: Apache-2.0
//
// evp_sequences FOLDER [SEED [COUNT [NAME]]]
//
// Random sequences of EVP calls on contexts of two providers side by side: OpenSSL's default provider and uacce, the module
// in FOLDER. Every cipher, authenticated cipher, MAC and digest that uacce offers; keys, IVs, lengths, directions, tags,
// copies and parameters in any order, calls after the end of a message among them. Return codes, lengths, bytes and
// parameters must be the same. Where they are not, the difference must be one of those that Docs/calls.md lists: the
// sequence ends there, and the difference is counted.
//
// SEED: 1 by default. COUNT: sequences, 20000 by default. NAME: only algorithms whose name has that in it. Settings come by
// UACCE_* variables. Exits 0 when all is well; else 1, with the calls on stderr. Uses no more than OpenSSL 3.0 has.

#include "../ProviderPrograms/provider_program.h"
#include <openssl/core_names.h>
#include <signal.h>

#define LARGEST 80000

static struct providers providers;

// MARK: - Chance

static uint64_t state;

static uint32_t next(void)
{
    state += 0x9e3779b97f4a7c15u;
    uint64_t z = state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ z >> 31) >> 16);
}

static int below(int limit) { return (int)(next() % (uint32_t)limit); }
static int one_in(int count) { return below(count) == 0; }

static int some_length(void)
{
    static const int usual[] = { 0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 127, 128, 129, 255, 256, 257 };
    switch (below(8)) {
    case 0: return below(600);
    case 1: return below(24) * 16;
    case 2: return one_in(12) ? 4000 + below(1200) : below(100);
    case 3: return one_in(40) ? 16384 + below(100) : below(40);
    default: return usual[below((int)(sizeof usual / sizeof usual[0]))];
    }
}

// MARK: - What was called, and what came out

static char calls[64][160];
static int call_count;
static const char *algorithm;
static uint64_t sequence, seed;

static void note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (call_count < 64) vsnprintf(calls[call_count++], sizeof calls[0], format, arguments);
    va_end(arguments);
}

static _Noreturn void differ(const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "%s, seed %llu, sequence %llu:\n", algorithm, (unsigned long long)seed, (unsigned long long)sequence);
    for (int index = 0; index < call_count; index++) fprintf(stderr, "    %s\n", calls[index]);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n");
    _exit(1);
}

static _Noreturn void crashed(int number)
{
    differ("ended by signal %d in the call that follows", number);
}

// The differences that Docs/calls.md lists, by its names.
enum difference {
    GCM_KEY_IN_MESSAGE, // G1
    GCM_AFTER_FAILURE, // G2
    GCM_SET_TAG, // G3
    CCM_IV_AFTER_LENGTH, // C1
    CCM_ABANDONED, // C2
    CCM_NONCE_AGAIN, // C3
    CCM_AFTER_PAYLOAD, // C4
    CCM_FINAL, // C5
    CCM_DIRECTION, // C6
    MAC_AFTER_FINAL, // M1
    MAC_REFUSED_KEY, // M2
    GMAC_WITHOUT_IV, // M3
    NUMBER_OUTSIDE, // P1
    NUMBER_WITHOUT_BLOCK, // P2
    DIGEST_AFTER_FINAL, // D1
    DIFFERENCE_COUNT,
};
static const char *const difference_names[] = { "G1", "G2", "G3", "C1", "C2", "C3", "C4", "C5", "C6", "M1", "M2", "M3", "P1", "P2", "D1" };
static long met[DIFFERENCE_COUNT], same_count;

// A sequence ends where the two providers go different ways.
static int is_over;

static void listed(enum difference difference)
{
    met[difference]++;
    is_over = 1;
}

static unsigned char input[LARGEST], output[2][LARGEST + 64];

// MARK: - Ciphers

enum kind { PLAIN, STREAM, XTS, STEALING, GCM, CCM };

struct cipher {
    const char *name;
    enum kind kind;
};

static const struct cipher ciphers[] = {
    { "AES-128-ECB", PLAIN }, { "AES-192-ECB", PLAIN }, { "AES-256-ECB", PLAIN }, { "AES-128-CBC", PLAIN },
    { "AES-192-CBC", PLAIN }, { "AES-256-CBC", PLAIN }, { "AES-128-CBC-CTS", STEALING }, { "AES-256-CBC-CTS", STEALING },
    { "AES-128-CTR", STREAM }, { "AES-192-CTR", STREAM }, { "AES-256-CTR", STREAM }, { "AES-128-OFB", STREAM },
    { "AES-256-OFB", STREAM }, { "AES-128-CFB", STREAM }, { "AES-256-CFB", STREAM }, { "AES-128-XTS", XTS },
    { "AES-256-XTS", XTS }, { "SM4-ECB", PLAIN }, { "SM4-CBC", PLAIN }, { "SM4-CTR", STREAM }, { "SM4-OFB", STREAM },
    { "SM4-CFB", STREAM }, { "DES-EDE3-ECB", PLAIN }, { "DES-EDE3-CBC", PLAIN }, { "DES-EDE-ECB", PLAIN },
    { "DES-EDE-CBC", PLAIN }, { "DES-EDE3-OFB", STREAM }, { "DES-EDE3-CFB", STREAM }, { "DES-EDE-OFB", STREAM },
    { "DES-EDE-CFB", STREAM }, { "AES-128-GCM", GCM }, { "AES-192-GCM", GCM }, { "AES-256-GCM", GCM },
    { "AES-128-GCM", GCM }, { "AES-256-GCM", GCM }, { "AES-128-CCM", CCM }, { "AES-192-CCM", CCM }, { "AES-256-CCM", CCM },
    { "AES-128-CCM", CCM }, { "AES-256-CCM", CCM },
};
#define CIPHER_COUNT ((int)(sizeof ciphers / sizeof ciphers[0]))

// Contexts of both providers, and what the listed differences depend on.
struct pair {
    EVP_CIPHER_CTX *context[2];
    int is_encrypting;
    int has_key, has_iv;
    // GCM: an update or a final has used the IV.
    int is_in_message;
    int was_keyed_in_message, has_failed, has_ended;
    // CCM: OpenSSL's own flags, and what it does not know: whether the message was told under this key and IV.
    int told, told_count, is_stale, has_new_iv, is_done, tag_known, is_spoiled, had_nonce;
    // Nothing was processed since the last init.
    int is_fresh;
    unsigned char tag[16];
    int is_tag_overwritten;
};

static EVP_CIPHER *fetched[2];

static void check_bytes(const char *what, size_t count)
{
    if (memcmp(output[0], output[1], count) != 0) {
        size_t at = 0;
        while (output[0][at] == output[1][at]) at++;
        differ("%s: bytes differ from %zu on: %02x, %02x", what, at, output[0][at], output[1][at]);
    }
}

// What explains that the default provider (first) and uacce (second) answer differently, or -1.
static int cipher_difference(const struct cipher *cipher, const struct pair *pair, const char *call, int first, int second)
{
    if (cipher->kind == GCM) {
        if (pair->was_keyed_in_message && first && !second) return GCM_KEY_IN_MESSAGE;
        if (pair->has_failed && first && !second) return GCM_AFTER_FAILURE;
    }
    if (cipher->kind == CCM) {
        if (strcmp(call, "final") == 0 && (pair->told || pair->has_iv || pair->is_stale) && first && !second) return CCM_FINAL;
        if (pair->is_stale) return CCM_ABANDONED;
        if (pair->is_done && strcmp(call, "associated") == 0 && first && !second) return CCM_AFTER_PAYLOAD;
        if (pair->is_done && strcmp(call, "tell") == 0 && first && !second) return CCM_NONCE_AGAIN;
        if (pair->is_done && strcmp(call, "payload") == 0) return CCM_AFTER_PAYLOAD;
        if (pair->had_nonce && first && !second) return CCM_NONCE_AGAIN;
        if (strcmp(call, "tag") == 0 && !first && second) return CCM_FINAL; // made by final
        if (strcmp(call, "tag") == 0 && first && !second && pair->is_spoiled) return CCM_DIRECTION;
        if (pair->is_spoiled) return CCM_ABANDONED;
    }
    return -1;
}

#define BOTH(call, result0, result1, is_good) \
    int first = (result0) > 0, second = (result1) > 0, is_good = first; \
    if (first == second) same_count++; \
    else { \
        int known = cipher_difference(cipher, pair, call, first, second); \
        if (known < 0) differ("%s: %d by the default provider, %d by uacce", call, first, second); \
        listed((enum difference)known); \
        return; \
    }

static void cipher_init(const struct cipher *cipher, struct pair *pair, int is_first)
{
    unsigned char key[64], iv[128];
    for (int index = 0; index < 64; index++) key[index] = (unsigned char)next();
    for (int index = 0; index < 128; index++) iv[index] = (unsigned char)next();
    int gives_key = is_first || one_in(3), gives_iv = is_first || one_in(2);
    int direction = is_first ? below(2) : one_in(3) ? below(2) : one_in(2) ? -1 : pair->is_encrypting;
    int effective = direction < 0 ? pair->is_encrypting : direction;
    // The default provider decrypts with the key that was expanded for encryption, where a direction changes without one.
    if (!gives_key && effective != pair->is_encrypting && (cipher->kind == PLAIN || cipher->kind == STEALING || cipher->kind == XTS))
        gives_key = 1;
    if (is_first && one_in(6)) gives_iv = 0;
    // The default provider crashes where these have no key.
    if (is_first && one_in(6) && cipher->kind != XTS && cipher->kind != STEALING) gives_key = 0;
    int names = is_first;
    // In CCM an abandoned message leaves OpenSSL with a length that it believes to be told.
    int results[2];
    for (int which = 0; which < 2; which++)
        results[which] = EVP_CipherInit_ex2(
            pair->context[which], names ? fetched[which] : NULL, gives_key ? key : NULL, gives_iv ? iv : NULL, direction, NULL);
    note("init%s%s%s%s %d", names ? " cipher" : "", gives_key ? " key" : "", gives_iv ? " IV" : "",
        effective ? " encrypting" : " decrypting", results[0]);
    BOTH("init", results[0], results[1], is_good);
    int turned = effective != pair->is_encrypting;
    pair->is_encrypting = effective;
    if (!is_good) return;
    pair->is_fresh = 1;
    if (gives_key) pair->has_key = 1;
    if (cipher->kind == GCM) {
        if (gives_key && !gives_iv && pair->is_in_message) pair->was_keyed_in_message = 1;
        if (gives_iv) {
            pair->is_in_message = 0;
            pair->was_keyed_in_message = pair->has_failed = pair->has_ended = 0;
        }
    }
    if (cipher->kind == CCM) {
        if (gives_key) {
            if (pair->told || pair->is_done) pair->is_stale = 1;
            pair->had_nonce |= pair->is_done && !gives_iv;
            pair->is_done = 0;
        } else if (gives_iv) {
            if (pair->is_done) pair->is_stale = 1;
            else if (pair->told) pair->has_new_iv = 1;
            pair->is_done = 0;
        }
        if (gives_iv) pair->had_nonce = 0;
        if (turned) pair->is_spoiled = 1;
    }
    if (gives_iv) pair->has_iv = 1;
}

static void cipher_payload(const struct cipher *cipher, struct pair *pair, int is_raw)
{
    int count = some_length(), in_place = one_in(2), offset = one_in(3) ? below(16) : 0;
    if (cipher->kind == CCM && pair->told && !one_in(8)) count = pair->told_count;
    if (is_raw && (cipher->kind == PLAIN || cipher->kind == STEALING)) count &= ~15;
    if (is_raw && count == 0) count = 16;
    // What was buffered of the last call's input moves the output, and the default provider does not look out for that.
    if (cipher->kind == PLAIN && !pair->is_fresh) in_place = 0;
    int lengths[2] = { -7, -7 }, results[2];
    int gcm_random_iv = cipher->kind == GCM && !pair->has_iv;
    for (int which = 0; which < 2; which++) {
        memset(output[which], 0xa5, (size_t)count + 64);
        if (in_place) memcpy(output[which] + offset, input, (size_t)count);
        const unsigned char *source = in_place ? output[which] + offset : input;
        if (is_raw) {
            results[which] = EVP_Cipher(pair->context[which], output[which] + offset, source, (unsigned)count);
            lengths[which] = results[which];
        } else {
            results[which] = EVP_CipherUpdate(pair->context[which], output[which] + offset, &lengths[which], source, count);
        }
    }
    note("%s(%d)%s %d", is_raw ? "raw" : "update", count, in_place ? " in place" : "", results[0]);
    if (pair->was_keyed_in_message && results[1] > 0 && count > 0)
        differ("a message went on after a new key without an IV");
    // EVP_Cipher returns the count, or -1, and 0 for CCM that is not ready.
    pair->is_fresh = 0;
    BOTH("payload", results[0], results[1], is_good);
    if (is_good) {
        if (lengths[0] != lengths[1]) differ("payload: %d and %d bytes", lengths[0], lengths[1]);
        if (cipher->kind == CCM && (pair->has_new_iv || pair->is_stale)) {
            listed(CCM_IV_AFTER_LENGTH);
            return;
        }
        if (cipher->kind == CCM && pair->is_done) {
            listed(CCM_AFTER_PAYLOAD);
            return;
        }
        if (gcm_random_iv) {
            is_over = 1;
            return;
        }
        if (lengths[0] > 0) check_bytes("payload", (size_t)lengths[0] + (size_t)offset);
    }
    if (cipher->kind == GCM && is_good && count > 0) pair->is_in_message = 1;
    if (cipher->kind == CCM) {
        if (is_good) {
            pair->is_done = pair->is_encrypting;
            if (!pair->is_encrypting) pair->told = pair->has_iv = 0;
            else pair->told = 1, pair->told_count = count;
        } else if (pair->has_iv && pair->has_key) {
            // OpenSSL has worked on the message, and does not know it any more.
            pair->is_stale = 1;
        }
    }
}

static void cipher_associated(const struct cipher *cipher, struct pair *pair)
{
    int count = one_in(30) ? 65200 + below(400) : some_length(), lengths[2] = { -7, -7 }, results[2];
    for (int which = 0; which < 2; which++)
        results[which] = EVP_CipherUpdate(pair->context[which], NULL, &lengths[which], input, count);
    note("associated(%d) %d", count, results[0]);
    if (pair->was_keyed_in_message && results[1] > 0 && count > 0)
        differ("a message went on after a new key without an IV");
    BOTH("associated", results[0], results[1], is_good);
    if (is_good && lengths[0] != lengths[1]) differ("associated: %d and %d bytes", lengths[0], lengths[1]);
    if (cipher->kind == GCM && is_good && count > 0) {
        if (!pair->has_iv) is_over = 1;
        pair->is_in_message = 1;
    }
    if (cipher->kind == CCM && is_good && count > 0 && pair->has_new_iv) listed(CCM_IV_AFTER_LENGTH);
    if (cipher->kind == CCM && is_good && count > 0 && pair->is_done) listed(CCM_AFTER_PAYLOAD);
}

static void ccm_tell(const struct cipher *cipher, struct pair *pair)
{
    int count = some_length(), lengths[2] = { -7, -7 }, results[2];
    for (int which = 0; which < 2; which++)
        results[which] = EVP_CipherUpdate(pair->context[which], NULL, &lengths[which], NULL, count);
    note("tell(%d) %d", count, results[0]);
    BOTH("tell", results[0], results[1], is_good);
    if (is_good) {
        // Told again, OpenSSL's message is a new one.
        pair->is_stale = 0;
        pair->told = 1;
        pair->told_count = count;
        pair->has_new_iv = pair->is_done = 0;
    }
}

static void cipher_final(const struct cipher *cipher, struct pair *pair)
{
    int lengths[2] = { -7, -7 }, results[2];
    for (int which = 0; which < 2; which++) {
        memset(output[which], 0xa5, 64);
        results[which] = EVP_CipherFinal_ex(pair->context[which], output[which], &lengths[which]);
    }
    note("final %d", results[0]);
    if (pair->was_keyed_in_message && results[1] > 0) differ("a message was ended after a new key without an IV");
    BOTH("final", results[0], results[1], is_good);
    if (is_good) {
        if (lengths[0] != lengths[1]) differ("final: %d and %d bytes", lengths[0], lengths[1]);
        if (lengths[0] > 0) check_bytes("final", (size_t)lengths[0]);
        pair->has_ended = 1;
        pair->is_tag_overwritten = 0;
    }
    if (cipher->kind == GCM) {
        if (is_good && !pair->has_iv) is_over = 1;
        // A tag that is wrong, or none: OpenSSL goes on.
        if (!is_good && pair->has_key && pair->has_iv && !pair->is_encrypting) pair->has_failed = 1;
        if (is_good) pair->is_in_message = 0;
    }
    // uacce has ended a message without payload here, and made or checked its tag.
    if (cipher->kind == CCM && pair->has_key && pair->has_iv && !pair->is_done && (!pair->told || pair->told_count == 0)) {
        listed(CCM_FINAL);
    }
}

static void get_tag(const struct cipher *cipher, struct pair *pair)
{
    static const int counts[] = { 16, 16, 12, 12, 4, 8, 0, 17, 5 };
    int count = counts[below(9)], results[2];
    for (int which = 0; which < 2; which++) {
        memset(output[which], 0xa5, 64);
        results[which] = EVP_CIPHER_CTX_ctrl(pair->context[which], EVP_CTRL_AEAD_GET_TAG, count, output[which]);
    }
    note("get tag(%d) %d", count, results[0]);
    BOTH("tag", results[0], results[1], is_good);
    if (!is_good) return;
    if (cipher->kind == CCM && (pair->is_stale || pair->is_spoiled)) {
        listed(CCM_ABANDONED);
        return;
    }
    if (pair->is_tag_overwritten) {
        listed(GCM_SET_TAG);
        return;
    }
    // The direction was changed: OpenSSL has the tag that decryption was to find in the same place.
    if (cipher->kind == GCM && !pair->has_ended) return;
    check_bytes("tag", (size_t)count);
    memcpy(pair->tag, output[0], 16);
    if (cipher->kind == CCM) pair->told = pair->has_iv = pair->is_done = pair->tag_known = 0;
}

static void set_tag(const struct cipher *cipher, struct pair *pair)
{
    static const int counts[] = { 16, 16, 12, 4, 8, 10, 0, 17, 5, 3 };
    int count = counts[below(10)], has_bytes = cipher->kind == GCM || !one_in(3), results[2];
    unsigned char tag[32];
    for (int index = 0; index < 32; index++) tag[index] = (unsigned char)next();
    if (one_in(2)) memcpy(tag, pair->tag, 16);
    for (int which = 0; which < 2; which++)
        results[which] = EVP_CIPHER_CTX_ctrl(pair->context[which], EVP_CTRL_AEAD_SET_TAG, count, has_bytes ? tag : NULL);
    note("set tag(%d)%s %d", count, has_bytes ? "" : " length", results[0]);
    // Refused, the default provider has it all the same, in the place of its own.
    if (cipher->kind == GCM && pair->is_encrypting && count > 0 && count <= 16) pair->is_tag_overwritten = 1;
    BOTH("set tag", results[0], results[1], is_good);
    (void)is_good;
}

static void set_iv_length(const struct cipher *cipher, struct pair *pair)
{
    static const int counts[] = { 12, 12, 12, 7, 8, 13, 16, 1, 0, 14, 6, 64, 128, 129 };
    int count = counts[below(14)], results[2];
    int before = EVP_CIPHER_CTX_get_iv_length(pair->context[0]);
    for (int which = 0; which < 2; which++)
        results[which] = EVP_CIPHER_CTX_ctrl(pair->context[which], EVP_CTRL_AEAD_SET_IVLEN, count, NULL);
    note("IV length(%d) %d", count, results[0]);
    BOTH("IV length", results[0], results[1], is_good);
    if (is_good && count != before) {
        if (cipher->kind == CCM) {
            pair->has_iv = 0;
            if (pair->told || pair->is_done) pair->is_stale = 1;
            pair->is_done = 0;
        }
        pair->is_in_message = 0;
    }
}

static void get_parameters(const struct cipher *cipher, struct pair *pair)
{
    for (int which = 0; which < 2; which++) {
        memset(output[which], 0, 512);
        EVP_CIPHER_CTX *context = pair->context[which];
        int *numbers = (int *)(void *)output[which];
        numbers[0] = EVP_CIPHER_CTX_get_iv_length(context);
        numbers[1] = EVP_CIPHER_CTX_get_key_length(context);
        numbers[2] = EVP_CIPHER_CTX_get_block_size(context);
        numbers[3] = cipher->kind == GCM || cipher->kind == CCM ? EVP_CIPHER_CTX_get_tag_length(context) : 0;
        numbers[4] = cipher->kind == STREAM || cipher->kind == PLAIN ? EVP_CIPHER_CTX_get_num(context) : 0;
        numbers[5] = EVP_CIPHER_CTX_is_encrypting(context);
        // An IV of an earlier length, and one that nobody set, is not compared.
        int capacity = numbers[0] > 0 && numbers[0] <= 128 ? numbers[0] : 0;
        if (pair->has_iv && capacity > 0) {
            numbers[6] = EVP_CIPHER_CTX_get_original_iv(context, output[which] + 64, (size_t)capacity);
            numbers[7] = EVP_CIPHER_CTX_get_updated_iv(context, output[which] + 256, (size_t)capacity);
        }
    }
    note("parameters");
    same_count++;
    check_bytes("parameters", 512);
}

static void set_number(struct pair *pair, const struct cipher *cipher)
{
    int number = one_in(4) ? below(40) - 4 : below(8), results[2];
    for (int which = 0; which < 2; which++) results[which] = EVP_CIPHER_CTX_set_num(pair->context[which], number);
    note("num(%d) %d", number, results[0]);
    // From 3.0.20 on the default provider refuses all but 0.
    if (results[0] <= 0 && results[1] > 0 && number != 0) {
        listed(NUMBER_OUTSIDE);
        return;
    }
    // Where no block of the counter is begun, the default provider mixes its input with zeros, or with an old keystream.
    if (results[0] > 0 && results[1] <= 0 && number != 0 && strstr(cipher->name, "CTR") != NULL) {
        listed(NUMBER_WITHOUT_BLOCK);
        return;
    }
    if (results[0] > 0 && results[1] <= 0 && (number < 0 || number >= (strncmp(cipher->name, "DES", 3) == 0 ? 8 : 16))) {
        listed(NUMBER_OUTSIDE);
        return;
    }
    BOTH("num", results[0], results[1], is_good);
    (void)is_good;
}

static void set_lengths(struct pair *pair, const struct cipher *cipher)
{
    int results[2], what = below(2), value = what == 0 ? below(2) : one_in(2) ? EVP_CIPHER_CTX_get_key_length(pair->context[0]) : below(40);
    for (int which = 0; which < 2; which++)
        results[which] = what == 0 ? EVP_CIPHER_CTX_set_padding(pair->context[which], value)
                                   : EVP_CIPHER_CTX_set_key_length(pair->context[which], value);
    note("%s(%d) %d", what == 0 ? "padding" : "key length", value, results[0]);
    BOTH("padding or key length", results[0], results[1], is_good);
    (void)is_good;
}

static void set_stealing(struct pair *pair, const struct cipher *cipher)
{
    static const char *const modes[] = { "CS1", "CS2", "CS3", "cs3", "CS4", "" };
    const char *mode = modes[below(6)];
    OSSL_PARAM list[] = { OSSL_PARAM_construct_utf8_string(OSSL_CIPHER_PARAM_CTS_MODE, (char *)mode, 0), OSSL_PARAM_construct_end() };
    int results[2];
    for (int which = 0; which < 2; which++) results[which] = EVP_CIPHER_CTX_set_params(pair->context[which], list);
    note("stealing(%s) %d", mode, results[0]);
    BOTH("stealing", results[0], results[1], is_good);
    (void)is_good;
}

static void copy_cipher(const struct cipher *cipher, struct pair *pair, struct pair *target)
{
    int results[2];
    for (int which = 0; which < 2; which++)
        results[which] = EVP_CIPHER_CTX_copy(target->context[which], pair->context[which]);
    note("copy %d", results[0]);
    BOTH("copy", results[0], results[1], is_good);
    if (!is_good) return;
    EVP_CIPHER_CTX *contexts[2] = { target->context[0], target->context[1] };
    *target = *pair;
    memcpy(target->context, contexts, sizeof contexts);
}

static void run_cipher(const struct cipher *cipher)
{
    struct pair pairs[2] = { 0 };
    OSSL_LIB_CTX *library = providers.library;
    fetched[0] = EVP_CIPHER_fetch(library, cipher->name, "provider=default");
    fetched[1] = EVP_CIPHER_fetch(library, cipher->name, "provider=uacce");
    if (fetched[0] == NULL || fetched[1] == NULL) {
        // Version v2 of the device has fewer.
        EVP_CIPHER_free(fetched[0]);
        EVP_CIPHER_free(fetched[1]);
        return;
    }
    for (int place = 0; place < 2; place++)
        for (int which = 0; which < 2; which++) REQUIRE((pairs[place].context[which] = EVP_CIPHER_CTX_new()) != NULL);
    cipher_init(cipher, &pairs[0], 1);
    int current = 0;
    for (int step = 3 + below(16); step > 0 && !is_over; step--) {
        struct pair *pair = &pairs[current];
        int choice = below(20);
        if (choice < 6) cipher_payload(cipher, pair, 0);
        else if (choice < 9) cipher_init(cipher, pair, 0);
        else if (choice < 11) {
            if (cipher->kind != CCM || pair->is_done || one_in(6)) cipher_final(cipher, pair);
        }
        else if (choice < 12) get_parameters(cipher, pair);
        else if (choice < 13 && cipher->kind != CCM && cipher->kind != GCM) cipher_payload(cipher, pair, 1);
        else if (choice < 14) {
            copy_cipher(cipher, pair, &pairs[!current]);
            if (!is_over && one_in(2)) current = !current;
        } else if (cipher->kind == GCM || cipher->kind == CCM) {
            if (choice < 16) cipher_associated(cipher, pair);
            else if (choice < 17) get_tag(cipher, pair);
            else if (choice < 18) set_tag(cipher, pair);
            else if (choice < 19 && one_in(2)) set_iv_length(cipher, pair);
            else if (cipher->kind == CCM) ccm_tell(cipher, pair);
            else cipher_payload(cipher, pair, 0);
        } else if (choice < 15 && cipher->kind == STREAM) set_number(pair, cipher);
        else if (choice < 16) set_lengths(pair, cipher);
        else if (choice < 17 && cipher->kind == STEALING) set_stealing(pair, cipher);
        else cipher_payload(cipher, pair, 0);
    }
    for (int place = 0; place < 2; place++)
        for (int which = 0; which < 2; which++) EVP_CIPHER_CTX_free(pairs[place].context[which]);
    EVP_CIPHER_free(fetched[0]);
    EVP_CIPHER_free(fetched[1]);
}

// MARK: - MACs

struct mac_pair {
    EVP_MAC_CTX *context[2];
    int has_key, has_iv, has_ended, was_refused, is_in_message, was_keyed_in_message, has_cipher, has_data;
};

static int mac_difference(const char *name, const struct mac_pair *pair, int first, int second)
{
    if (first && !second) {
        if (pair->was_keyed_in_message) return GCM_KEY_IN_MESSAGE;
        if (pair->has_ended) return MAC_AFTER_FINAL;
        if (pair->was_refused) return MAC_REFUSED_KEY;
        if (strcmp(name, "GMAC") == 0 && !pair->has_iv) return GMAC_WITHOUT_IV;
    }
    return -1;
}

#define BOTH_MAC(call, result0, result1, is_good) \
    int first = (result0) > 0, second = (result1) > 0, is_good = first; \
    if (first == second) same_count++; \
    else { \
        int known = mac_difference(name, pair, first, second); \
        if (known < 0) differ("%s: %d by the default provider, %d by uacce", call, first, second); \
        listed((enum difference)known); \
        return; \
    }

static void mac_parameters(const char *name, struct mac_pair *pair, int as_init, int is_first)
{
    static const char *const digests[] = { "SHA1", "SHA256", "SHA2-512", "MD5", "SM3", "SHA2-224", "SHA512-256", "SHA3-256", "BLAKE2s256" };
    static const char *const block_ciphers[] = { "AES-128-CBC", "AES-192-CBC", "AES-256-CBC", "SM4-CBC", "DES-EDE3-CBC", "CAMELLIA-128-CBC" };
    static const int block_keys[] = { 16, 24, 32, 16, 24, 16 };
    static const char *const gcm_ciphers[] = { "AES-128-GCM", "AES-192-GCM", "AES-256-GCM" };
    static const int gcm_keys[] = { 16, 24, 32 };
    OSSL_PARAM list[5];
    int count = 0, results[2], is_hmac = strcmp(name, "HMAC") == 0, is_gmac = strcmp(name, "GMAC") == 0;
    unsigned char key[200], iv[140];
    int key_count = is_hmac ? (one_in(20) ? 0 : below(200)) : 16 + 8 * below(3), iv_count = one_in(2) ? 12 : one_in(8) ? below(130) : 1 + below(20);
    for (int index = 0; index < 200; index++) key[index] = (unsigned char)next();
    for (int index = 0; index < 140; index++) iv[index] = (unsigned char)next();
    int names = is_first || one_in(4);
    int gives_key = as_init ? (is_first || one_in(2)) : one_in(4), gives_iv = is_gmac && (is_first || one_in(2));
    char described[100] = "";
    if (names) {
        int choice = is_hmac ? below(9) : is_gmac ? below(3) : below(6);
        const char *chosen = is_hmac ? digests[choice] : is_gmac ? gcm_ciphers[choice] : block_ciphers[choice];
        if (!is_hmac && !one_in(10)) key_count = is_gmac ? gcm_keys[choice] : block_keys[choice];
        list[count++] = OSSL_PARAM_construct_utf8_string(is_hmac ? OSSL_MAC_PARAM_DIGEST : OSSL_MAC_PARAM_CIPHER, (char *)chosen, 0);
        snprintf(described, sizeof described, " %s", chosen);
    }
    if (gives_iv) list[count++] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_IV, iv, (size_t)iv_count);
    if (!as_init && gives_key) list[count++] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key, (size_t)key_count);
    list[count] = OSSL_PARAM_construct_end();
    for (int which = 0; which < 2; which++)
        results[which] = as_init ? EVP_MAC_init(pair->context[which], gives_key ? key : NULL, gives_key ? (size_t)key_count : 0, list)
                                 : EVP_MAC_CTX_set_params(pair->context[which], list);
    note("%s%s%s%s(%d, %d) %d", as_init ? "init" : "set", described, gives_key ? " key" : "", gives_iv ? " IV" : "",
        key_count, iv_count, results[0]);
    if (names && is_gmac) pair->has_key = pair->has_iv = pair->is_in_message = pair->was_keyed_in_message = 0;
    BOTH_MAC("init or set", results[0], results[1], is_good);
    if (!is_good) {
        // A refused key leaves the default provider with the old one, and a message under way.
        pair->was_refused = 1;
        return;
    }
    if (is_gmac) {
        // Of a list the IV comes last, of a call of init the key.
        if (gives_key && pair->is_in_message && !(gives_iv && !as_init)) pair->was_keyed_in_message = 1;
        if (gives_iv) {
            pair->has_iv = 1;
            pair->is_in_message = pair->has_ended = pair->was_keyed_in_message = pair->was_refused = 0;
        }
        if (gives_key) pair->has_key = 1;
    } else if (gives_key || (as_init && pair->has_key)) {
        pair->has_ended = 0;
        pair->was_refused = 0;
        pair->has_key = 1;
    }
}

static void mac_update(const char *name, struct mac_pair *pair)
{
    int count = some_length(), results[2];
    for (int which = 0; which < 2; which++) results[which] = EVP_MAC_update(pair->context[which], input, (size_t)count);
    note("update(%d) %d", count, results[0]);
    if (pair->has_ended && count > 0) {
        listed(MAC_AFTER_FINAL);
        return;
    }
    BOTH_MAC("update", results[0], results[1], is_good);
    if (is_good && count > 0) pair->is_in_message = 1;
}

static void mac_final(const char *name, struct mac_pair *pair)
{
    size_t lengths[2] = { 0, 0 }, capacity = one_in(8) ? (size_t)below(20) : EVP_MAX_MD_SIZE;
    int results[2];
    for (int which = 0; which < 2; which++) {
        memset(output[which], 0xa5, 128);
        results[which] = EVP_MAC_final(pair->context[which], output[which], &lengths[which], capacity);
    }
    note("final(%zu) %d", capacity, results[0]);
    if (pair->has_ended) {
        listed(MAC_AFTER_FINAL);
        return;
    }
    BOTH_MAC("final", results[0], results[1], is_good);
    if (!is_good) {
        // The buffer was too small; OpenSSL's releases differ in who finds that out.
        is_over = capacity < EVP_MAX_MD_SIZE;
        return;
    }
    if (lengths[0] != lengths[1]) differ("final: %zu and %zu bytes", lengths[0], lengths[1]);
    check_bytes("MAC", lengths[0]);
    pair->has_ended = 1;
    pair->is_in_message = 0;
}

static void run_mac(const char *name)
{
    struct mac_pair pairs[2] = { 0 };
    EVP_MAC *macs[2] = { EVP_MAC_fetch(providers.library, name, "provider=default"), EVP_MAC_fetch(providers.library, name, "provider=uacce") };
    REQUIRE(macs[0] != NULL && macs[1] != NULL);
    for (int which = 0; which < 2; which++) REQUIRE((pairs[0].context[which] = EVP_MAC_CTX_new(macs[which])) != NULL);
    struct mac_pair *pair = &pairs[0];
    if (!one_in(8)) mac_parameters(name, pair, 1, 1);
    for (int step = 3 + below(14); step > 0 && !is_over; step--) {
        int choice = below(16);
        if (choice < 6) mac_update(name, pair);
        else if (choice < 9) mac_final(name, pair);
        else if (choice < 12) mac_parameters(name, pair, 1, 0);
        else if (choice < 13) mac_parameters(name, pair, 0, 0);
        else if (choice < 14) {
            size_t sizes[2] = { EVP_MAC_CTX_get_mac_size(pair->context[0]), EVP_MAC_CTX_get_mac_size(pair->context[1]) };
            note("size %zu", sizes[0]);
            same_count++;
            if (sizes[0] != sizes[1]) differ("size: %zu and %zu", sizes[0], sizes[1]);
            sizes[0] = EVP_MAC_CTX_get_block_size(pair->context[0]);
            sizes[1] = EVP_MAC_CTX_get_block_size(pair->context[1]);
            if (sizes[0] != sizes[1]) differ("block size: %zu and %zu", sizes[0], sizes[1]);
        } else {
            // The copy goes on; sometimes the original does.
            EVP_MAC_CTX *copies[2] = { EVP_MAC_CTX_dup(pair->context[0]), EVP_MAC_CTX_dup(pair->context[1]) };
            note("copy %d", copies[0] != NULL);
            if ((copies[0] == NULL) != (copies[1] == NULL)) differ("copy: %p and %p", (void *)copies[0], (void *)copies[1]);
            if (copies[0] == NULL) continue;
            same_count++;
            int keeps = one_in(2);
            for (int which = 0; which < 2; which++) {
                EVP_MAC_CTX_free(keeps ? copies[which] : pair->context[which]);
                if (!keeps) pair->context[which] = copies[which];
            }
        }
    }
    for (int which = 0; which < 2; which++) {
        EVP_MAC_CTX_free(pair->context[which]);
        EVP_MAC_free(macs[which]);
    }
}

// MARK: - Digests

static void run_digest(const char *name)
{
    EVP_MD *digests[2] = { EVP_MD_fetch(providers.library, name, "provider=default"), EVP_MD_fetch(providers.library, name, "provider=uacce") };
    REQUIRE(digests[0] != NULL && digests[1] != NULL);
    EVP_MD_CTX *contexts[2][2];
    for (int place = 0; place < 2; place++)
        for (int which = 0; which < 2; which++) REQUIRE((contexts[place][which] = EVP_MD_CTX_new()) != NULL);
    int current = 0, is_ready = 0, has_ended[2] = { 0, 0 };
    for (int step = 3 + below(16); step > 0 && !is_over; step--) {
        EVP_MD_CTX **pair = contexts[current];
        int choice = below(16), results[2];
        if (!is_ready || choice < 2) {
            int names = !is_ready || one_in(2);
            for (int which = 0; which < 2; which++) results[which] = EVP_DigestInit_ex2(pair[which], names ? digests[which] : NULL, NULL);
            note("init%s %d", names ? " digest" : "", results[0]);
            is_ready = 1;
            has_ended[current] = 0;
        } else if (choice < 9) {
            int count = some_length();
            for (int which = 0; which < 2; which++) results[which] = EVP_DigestUpdate(pair[which], count == 0 ? NULL : input, (size_t)count);
            note("update(%d) %d", count, results[0]);
            if (has_ended[current]) {
                listed(DIGEST_AFTER_FINAL);
                break;
            }
        } else if (choice < 12) {
            unsigned lengths[2] = { 0, 0 };
            for (int which = 0; which < 2; which++) results[which] = EVP_DigestFinal_ex(pair[which], output[which], &lengths[which]);
            note("final %d", results[0]);
            if (has_ended[current]) {
                listed(DIGEST_AFTER_FINAL);
                break;
            }
            has_ended[current] = 1;
            if (results[0] > 0 && results[1] > 0) {
                if (lengths[0] != lengths[1]) differ("final: %u and %u bytes", lengths[0], lengths[1]);
                check_bytes("digest", lengths[0]);
            }
        } else if (choice < 15) {
            for (int which = 0; which < 2; which++) results[which] = EVP_MD_CTX_copy_ex(contexts[!current][which], pair[which]);
            note("copy %d", results[0]);
            if (results[0] > 0) has_ended[!current] = has_ended[current];
            if (results[0] > 0 && one_in(2)) current = !current;
        } else {
            int count = some_length();
            unsigned lengths[2] = { 0, 0 };
            for (int which = 0; which < 2; which++)
                results[which] = EVP_Digest(input, (size_t)count, output[which], &lengths[which], digests[which], NULL);
            note("whole(%d) %d", count, results[0]);
            check_bytes("digest", lengths[0]);
        }
        if ((results[0] > 0) != (results[1] > 0)) differ("%d by the default provider, %d by uacce", results[0], results[1]);
        same_count++;
    }
    for (int place = 0; place < 2; place++)
        for (int which = 0; which < 2; which++) EVP_MD_CTX_free(contexts[place][which]);
    EVP_MD_free(digests[0]);
    EVP_MD_free(digests[1]);
}

// MARK: -

static const char *const mac_names[] = { "HMAC", "CMAC", "GMAC" };
static const char *const digest_names[] = { "MD5", "SHA1", "SHA224", "SHA256", "SHA384", "SHA512", "SHA512-224", "SHA512-256", "SM3" };
#define MAC_WEIGHT 5
#define NAME_COUNT (CIPHER_COUNT + 3 * MAC_WEIGHT + 9)

static const char *name_of(int row)
{
    if (row < CIPHER_COUNT) return ciphers[row].name;
    row -= CIPHER_COUNT;
    return row < 3 * MAC_WEIGHT ? mac_names[row / MAC_WEIGHT] : digest_names[row - 3 * MAC_WEIGHT];
}

int main(int count, char **arguments)
{
    if (count < 2) {
        fprintf(stderr, "usage: evp_sequences FOLDER [SEED [COUNT [NAME]]]\n");
        return 2;
    }
    seed = count > 2 ? strtoull(arguments[2], NULL, 10) : 1;
    uint64_t limit = count > 3 ? strtoull(arguments[3], NULL, 10) : 20000;
    const char *wanted = count > 4 ? arguments[4] : "";
    int rows[NAME_COUNT], row_count = 0;
    for (int row = 0; row < NAME_COUNT; row++)
        if (strstr(name_of(row), wanted) != NULL) rows[row_count++] = row;
    REQUIRE(row_count > 0);
    signal(SIGSEGV, crashed);
    signal(SIGILL, crashed);
    signal(SIGBUS, crashed);
    signal(SIGABRT, crashed);
    providers = load_providers(arguments[1]);
    fill(input, sizeof input, 7);
    for (sequence = 0; sequence < limit; sequence++) {
        state = seed << 32 ^ sequence;
        int row = rows[below(row_count)];
        algorithm = name_of(row);
        call_count = is_over = 0;
        if (row < CIPHER_COUNT) run_cipher(&ciphers[row]);
        else if (row < CIPHER_COUNT + 3 * MAC_WEIGHT) run_mac(algorithm);
        else run_digest(algorithm);
        ERR_clear_error();
    }
    unload_providers(&providers);
    printf("%llu sequences, %ld answers the same; listed differences:", (unsigned long long)limit, same_count);
    for (int difference = 0; difference < DIFFERENCE_COUNT; difference++) printf(" %s %ld", difference_names[difference], met[difference]);
    printf("\n");
    return 0;
}
