// SPDX-License-Identifier: Apache-2.0
//
// fallback_in_place SEQUENCES SEED
//
// Checks that the CPU takes over from a device that fails requests, in place as well: random sequences of updates (sizes,
// in place or apart, in the middle of blocks) of ciphers of the uacce provider give the default provider's bytes, and no
// call fails.
//
// Run it on device nodes whose device fails, with every request sent there, for example
//   UACCE_BACKEND=kernel UACCE_MIN_OFFLOAD=0 UACCE_TIMEOUT=200 OPENSSL_CONF=/dev/null OPENSSL_MODULES=DIRECTORY_OF_uacce.so
//       uaccectl run --faults 'overwrite@3x2,overwrite@20x500' -- fallback_in_place 2000 1
// and with `descriptor` and `stuck` in place of `overwrite`. Exits 0 when all is well, else 1 with a line on stderr.

#include <openssl/evp.h>
#include <openssl/provider.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST = 40000, MOST_PIECES = 6 };

static const struct {
    const char *name;
    enum { BLOCKS, STREAM, MESSAGE, GCM, CCM } kind;
} ciphers[] = {
    {"AES-128-ECB", BLOCKS}, {"AES-256-CBC", BLOCKS}, {"SM4-CBC", BLOCKS}, {"DES-EDE3-CBC", BLOCKS},
    {"AES-128-CTR", STREAM}, {"AES-256-OFB", STREAM}, {"AES-128-CFB", STREAM}, {"SM4-CTR", STREAM}, {"SM4-CFB", STREAM},
    {"DES-EDE3-OFB", STREAM}, {"AES-128-XTS", MESSAGE}, {"AES-128-CBC-CTS", MESSAGE}, {"AES-128-GCM", GCM},
    {"AES-256-GCM", GCM}, {"AES-128-CCM", CCM}, {"AES-256-CCM", CCM}};
enum { CIPHERS = sizeof(ciphers) / sizeof(ciphers[0]) };

static uint64_t state;
static uint32_t random_below(uint32_t limit)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % limit;
}
static void random_bytes(unsigned char *bytes, size_t count)
{
    for (size_t index = 0; index < count; index++)
        bytes[index] = (unsigned char)random_below(256);
}

struct sequence {
    int cipher, encrypting, pieces, in_place[MOST_PIECES];
    int sizes[MOST_PIECES], total, additional_count;
    unsigned char key[64], iv[16], additional[300], tag[16];
};

// Runs a sequence; the output and, encrypting, the tag. 0: a call failed.
static int run(
    const struct sequence *sequence, EVP_CIPHER *cipher, const unsigned char *input, unsigned char *output,
    unsigned char *tag)
{
    static unsigned char buffer[LARGEST + 64];
    int kind = ciphers[sequence->cipher].kind, length, done = 0, ok = 0;
    int is_authenticated = kind == GCM || kind == CCM;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (!context || EVP_CipherInit_ex2(context, cipher, NULL, NULL, sequence->encrypting, NULL) != 1)
        goto end;
    if (is_authenticated && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, 12, NULL) != 1)
        goto end;
    if (kind == CCM || (kind == GCM && !sequence->encrypting)) {
        void *given = sequence->encrypting ? NULL : tag;
        if (EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, given) != 1)
            goto end;
    }
    if (EVP_CipherInit_ex2(context, NULL, sequence->key, sequence->iv, sequence->encrypting, NULL) != 1)
        goto end;
    EVP_CIPHER_CTX_set_padding(context, 0);
    if (kind == CCM && EVP_CipherUpdate(context, NULL, &length, NULL, sequence->total) != 1)
        goto end;
    if (is_authenticated && sequence->additional_count > 0 &&
        EVP_CipherUpdate(context, NULL, &length, sequence->additional, sequence->additional_count) != 1)
        goto end;
    for (int piece = 0; piece < sequence->pieces; piece++) {
        int count = sequence->sizes[piece];
        const unsigned char *from = input + done;
        unsigned char *to = output + done;
        if (sequence->in_place[piece]) {
            memcpy(buffer, from, (size_t)count);
            from = to = buffer;
        }
        if (EVP_CipherUpdate(context, to, &length, from, count) != 1 || length != count)
            goto end;
        if (sequence->in_place[piece])
            memcpy(output + done, buffer, (size_t)count);
        done += count;
    }
    if (EVP_CipherFinal_ex(context, buffer, &length) != 1 || length != 0)
        goto end;
    if (is_authenticated && sequence->encrypting &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, tag) != 1)
        goto end;
    ok = 1;
end:
    EVP_CIPHER_CTX_free(context);
    return ok;
}

static void make(struct sequence *sequence)
{
    static const int limits[] = {3, 17, 100, 1500, 9000};
    sequence->cipher = (int)random_below(CIPHERS);
    sequence->encrypting = (int)random_below(2);
    int kind = ciphers[sequence->cipher].kind;
    int is_whole = kind == MESSAGE || kind == CCM;
    sequence->pieces = is_whole ? 1 : 1 + (int)random_below(MOST_PIECES);
    sequence->total = 0;
    for (int piece = 0; piece < sequence->pieces; piece++) {
        int count = 1 + (int)random_below((uint32_t)limits[random_below(5)]);
        if (kind == BLOCKS)
            count = (count + 15) & ~15;
        if (kind == MESSAGE)
            count += 16;
        if (sequence->total + count > LARGEST)
            count = 16;
        sequence->sizes[piece] = count;
        sequence->in_place[piece] = random_below(3) != 0;
        sequence->total += count;
    }
    random_bytes(sequence->key, sizeof(sequence->key));
    random_bytes(sequence->iv, sizeof(sequence->iv));
    sequence->additional_count = (int)random_below(sizeof(sequence->additional) + 1);
    random_bytes(sequence->additional, sizeof(sequence->additional));
}

int main(int argument_count, char **arguments)
{
    static unsigned char input[LARGEST + 64], expected[LARGEST + 64], output[LARGEST + 64];
    if (argument_count != 3) {
        fprintf(stderr, "usage: fallback_in_place SEQUENCES SEED\n");
        return 1;
    }
    long count = strtol(arguments[1], NULL, 10), wrong = 0;
    state = strtoull(arguments[2], NULL, 10);
    OSSL_LIB_CTX *library = OSSL_LIB_CTX_new();
    OSSL_PROVIDER *peer = OSSL_PROVIDER_load(library, "default"), *ours = OSSL_PROVIDER_load(library, "uacce");
    if (!peer || !ours) {
        fprintf(stderr, "the providers do not load\n");
        return 1;
    }
    EVP_CIPHER *reference[CIPHERS], *subject[CIPHERS];
    for (int index = 0; index < CIPHERS; index++) {
        reference[index] = EVP_CIPHER_fetch(library, ciphers[index].name, "provider=default");
        // A device of version v2 has fewer.
        subject[index] = EVP_CIPHER_fetch(library, ciphers[index].name, "provider=uacce");
    }
    for (long round = 0; round < count; round++) {
        struct sequence sequence;
        make(&sequence);
        random_bytes(input, (size_t)sequence.total);
        unsigned char expected_tag[16] = {0}, tag[16] = {0};
        if (!subject[sequence.cipher])
            continue;
        int kind = ciphers[sequence.cipher].kind;
        if ((kind == GCM || kind == CCM) && !sequence.encrypting) {
            // Ciphertext that is authentic.
            sequence.encrypting = 1;
            if (!run(&sequence, reference[sequence.cipher], input, expected, expected_tag))
                return fprintf(stderr, "the default provider fails\n"), 1;
            sequence.encrypting = 0;
            memcpy(input, expected, (size_t)sequence.total);
            memcpy(tag, expected_tag, 16);
        }
        int is_accepted = run(&sequence, reference[sequence.cipher], input, expected, expected_tag);
        int is_done = run(&sequence, subject[sequence.cipher], input, output, tag);
        if (is_accepted != is_done ||
            (is_done && (memcmp(output, expected, (size_t)sequence.total) != 0 || memcmp(tag, expected_tag, 16) != 0))) {
            if (wrong++ == 0)
                fprintf(stderr, "sequence %ld, %s %s: %s\n", round, ciphers[sequence.cipher].name,
                    sequence.encrypting ? "encrypting" : "decrypting", is_done ? "other bytes" : "an error");
        }
    }
    for (int index = 0; index < CIPHERS; index++) {
        EVP_CIPHER_free(reference[index]);
        EVP_CIPHER_free(subject[index]);
    }
    OSSL_PROVIDER_unload(ours);
    OSSL_PROVIDER_unload(peer);
    OSSL_LIB_CTX_free(library);
    if (wrong > 0)
        fprintf(stderr, "%ld of %ld sequences differ\n", wrong, count);
    return wrong > 0;
}
