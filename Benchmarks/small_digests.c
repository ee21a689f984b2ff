// SPDX-License-Identifier: Apache-2.0
//
// What small messages cost, and the contexts around them: PBKDF2, copies of contexts, digests of a few bytes. The two
// providers do the same work by turns, a short burst each; the speed is taken as a ratio within a turn, and the median of
// the turns is reported, with the lowest quartile in JSON.
//
//   small_digests [--rounds N] [--burst MICROSECONDS] [--digest NAME] [--work NAME] [--json FILE]
//
// Before it measures, it checks that both give the same bytes.

#define OPENSSL_SUPPRESS_DEPRECATED
#include "providers.h"
#include "samples.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char *const digests[] = {
    "MD5", "SHA1", "SHA2-224", "SHA2-256", "SHA2-384", "SHA2-512", "SHA2-512/224", "SHA2-512/256", "SM3"};
enum { DIGESTS = sizeof(digests) / sizeof(digests[0]), MOST_ROUNDS = 10000 };

// What one side works with.
struct side {
    OSSL_LIB_CTX *library;
    const char *name;
    const char *properties;
    EVP_MD *digest;
    EVP_KDF_CTX *kdf;
    HMAC_CTX *hmac_template, *hmac;
    EVP_MD_CTX *template, *context;
    EVP_MAC_CTX *mac;
    unsigned char message[64], output[EVP_MAX_MD_SIZE];
};

#define CHECK(call) do { if (!(call)) fail("%s failed", #call); } while (0)

static void pbkdf2(struct side *side, size_t count)
{
    uint64_t iterations = count;
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_ITER, &iterations), OSSL_PARAM_construct_end()};
    CHECK(EVP_KDF_derive(side->kdf, side->output, 16, parameters));
}

static void hmac_copies(struct side *side, size_t count)
{
    for (size_t index = 0; index < count; index++) {
        CHECK(HMAC_CTX_copy(side->hmac, side->hmac_template));
        CHECK(HMAC_Update(side->hmac, side->message, 32));
        CHECK(HMAC_Final(side->hmac, side->output, NULL));
    }
}

static void mac_copies(struct side *side, size_t count)
{
    for (size_t index = 0; index < count; index++) {
        EVP_MAC_CTX *copy = EVP_MAC_CTX_dup(side->mac);
        size_t byte_count;
        CHECK(copy);
        CHECK(EVP_MAC_update(copy, side->message, 32));
        CHECK(EVP_MAC_final(copy, side->output, &byte_count, sizeof(side->output)));
        EVP_MAC_CTX_free(copy);
    }
}

static void context_copies(struct side *side, size_t count)
{
    for (size_t index = 0; index < count; index++) {
        CHECK(EVP_MD_CTX_copy_ex(side->context, side->template));
        CHECK(EVP_DigestUpdate(side->context, side->message, 32));
        CHECK(EVP_DigestFinal_ex(side->context, side->output, NULL));
    }
}

static void one_shot(struct side *side, size_t count, size_t byte_count)
{
    for (size_t index = 0; index < count; index++)
        CHECK(EVP_Digest(side->message, byte_count, side->output, NULL, side->digest, NULL));
}
static void one_shot_16(struct side *side, size_t count) { one_shot(side, count, 16); }
static void one_shot_64(struct side *side, size_t count) { one_shot(side, count, 64); }

static void by_name(struct side *side, size_t count, size_t byte_count)
{
    size_t size;
    for (size_t index = 0; index < count; index++)
        CHECK(EVP_Q_digest(
            side->library, side->name, side->properties, side->message, byte_count, side->output, &size));
}
static void by_name_16(struct side *side, size_t count) { by_name(side, count, 16); }
static void by_name_64(struct side *side, size_t count) { by_name(side, count, 64); }

static void kept(struct side *side, size_t count, size_t byte_count)
{
    for (size_t index = 0; index < count; index++) {
        CHECK(EVP_DigestInit_ex2(side->context, side->digest, NULL));
        CHECK(EVP_DigestUpdate(side->context, side->message, byte_count));
        CHECK(EVP_DigestFinal_ex(side->context, side->output, NULL));
    }
}
static void kept_16(struct side *side, size_t count) { kept(side, count, 16); }
static void kept_64(struct side *side, size_t count) { kept(side, count, 64); }

static const struct work {
    const char *label;
    void (*run)(struct side *, size_t);
} works[] = {
    {"PBKDF2", pbkdf2}, {"HMAC_CTX_copy", hmac_copies}, {"EVP_MAC_CTX_dup", mac_copies},
    {"EVP_MD_CTX_copy", context_copies}, {"EVP_Digest 16", one_shot_16}, {"EVP_Digest 64", one_shot_64},
    {"EVP_Q_digest 16", by_name_16}, {"EVP_Q_digest 64", by_name_64}, {"kept 16", kept_16}, {"kept 64", kept_64},
};
enum { WORKS = sizeof(works) / sizeof(works[0]) };

static void side_open(struct side *side, const struct contestants *contestants, int contender, const char *name)
{
    OSSL_LIB_CTX *library = contestants->library;
    char *digest_name = (char *)name, *properties = (char *)contender_properties[contender];
    memset(side, 0, sizeof(*side));
    memset(side->message, 0x5a, sizeof(side->message));
    side->library = library;
    side->name = name;
    side->properties = properties;
    side->digest = EVP_MD_fetch(library, name, properties);
    CHECK(side->digest);

    EVP_KDF *kdf = EVP_KDF_fetch(library, "PBKDF2", NULL);
    int pkcs5 = 1;
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest_name, 0),
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_PROPERTIES, properties, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, "password", 8),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, "saltsaltsaltsalt", 16),
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_PKCS5, &pkcs5), OSSL_PARAM_construct_end()};
    CHECK(side->kdf = EVP_KDF_CTX_new(kdf));
    CHECK(EVP_KDF_CTX_set_params(side->kdf, parameters));
    EVP_KDF_free(kdf);

    CHECK(side->hmac_template = HMAC_CTX_new());
    CHECK(side->hmac = HMAC_CTX_new());
    CHECK(HMAC_Init_ex(side->hmac_template, "password", 8, side->digest, NULL));

    CHECK(side->template = EVP_MD_CTX_new());
    CHECK(side->context = EVP_MD_CTX_new());
    CHECK(EVP_DigestInit_ex2(side->template, side->digest, NULL));
    CHECK(EVP_DigestUpdate(side->template, side->message, 40));

    EVP_MAC *mac = EVP_MAC_fetch(library, "HMAC", properties);
    OSSL_PARAM mac_parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name, 0), OSSL_PARAM_construct_end()};
    CHECK(mac);
    CHECK(side->mac = EVP_MAC_CTX_new(mac));
    CHECK(EVP_MAC_init(side->mac, (const unsigned char *)"password", 8, mac_parameters));
    EVP_MAC_free(mac);
}

static void side_close(struct side *side)
{
    EVP_MD_free(side->digest);
    EVP_KDF_CTX_free(side->kdf);
    HMAC_CTX_free(side->hmac_template);
    HMAC_CTX_free(side->hmac);
    EVP_MD_CTX_free(side->template);
    EVP_MD_CTX_free(side->context);
    EVP_MAC_CTX_free(side->mac);
}

static double burst(const struct work *work, struct side *side, size_t count)
{
    uint64_t begin = nanoseconds_now();
    work->run(side, count);
    return (double)(nanoseconds_now() - begin) / (double)count;
}

struct result {
    struct summary speed; // times the default provider's
    double nanoseconds[CONTENDERS];
};

static struct result measure(const struct work *work, struct side sides[CONTENDERS], size_t rounds, double burst_length)
{
    static double speeds[MOST_ROUNDS], times[CONTENDERS][MOST_ROUNDS];
    size_t count = 64;
    struct result result;
    for (int contender = 0; contender < CONTENDERS; contender++)
        work->run(&sides[contender], 3);
    if (memcmp(sides[UACCE].output, sides[PEER].output, sizeof(sides[PEER].output)) != 0)
        fail("%s over %s gives other bytes than the default provider's", work->label, sides[UACCE].name);
    while (burst(work, &sides[PEER], count) * (double)count < burst_length)
        count *= 2;
    for (size_t round = 0; round < rounds; round++) {
        // Who is first changes.
        for (int turn = 0; turn < CONTENDERS; turn++) {
            int contender = (turn + (int)round) % CONTENDERS;
            times[contender][round] = burst(work, &sides[contender], count);
        }
        speeds[round] = times[PEER][round] / times[UACCE][round];
    }
    result.speed = summarize(speeds, rounds);
    for (int contender = 0; contender < CONTENDERS; contender++)
        result.nanoseconds[contender] = summarize(times[contender], rounds).median;
    return result;
}

int main(int argument_count, char **arguments)
{
    size_t rounds = 101;
    double burst_length = 300e3;
    const char *only_digest = NULL, *only_work = NULL;
    FILE *json = NULL;
    static const struct option options[] = {
        {"rounds", required_argument, NULL, 'r'}, {"burst", required_argument, NULL, 'b'},
        {"digest", required_argument, NULL, 'd'}, {"work", required_argument, NULL, 'w'},
        {"json", required_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
    for (int option; (option = getopt_long(argument_count, arguments, "", options, NULL)) != -1;)
        switch (option) {
        case 'r': rounds = strtoul(optarg, NULL, 10); break;
        case 'b': burst_length = strtod(optarg, NULL) * 1000; break;
        case 'd': only_digest = optarg; break;
        case 'w': only_work = optarg; break;
        case 'j':
            if (!(json = fopen(optarg, "w")))
                fail("%s cannot be written", optarg);
            break;
        default: return 2;
        }
    if (rounds < 1 || rounds > MOST_ROUNDS)
        fail("rounds are 1 to %d", MOST_ROUNDS);

    struct contestants contestants = contestants_load();
    printf("| |");
    for (size_t index = 0; index < WORKS; index++)
        if (!only_work || !strcmp(only_work, works[index].label))
            printf(" %s |", works[index].label);
    printf("\n|---|");
    for (size_t index = 0; index < WORKS; index++)
        if (!only_work || !strcmp(only_work, works[index].label))
            printf("--:|");
    printf("\n");
    if (json)
        fprintf(json, "[");
    const char *separator = "";
    for (size_t row = 0; row < DIGESTS; row++) {
        if (only_digest && strcmp(only_digest, digests[row]) != 0)
            continue;
        struct side sides[CONTENDERS];
        for (int contender = 0; contender < CONTENDERS; contender++)
            side_open(&sides[contender], &contestants, contender, digests[row]);
        printf("| %s |", digests[row]);
        for (size_t index = 0; index < WORKS; index++) {
            if (only_work && strcmp(only_work, works[index].label) != 0)
                continue;
            struct result result = measure(&works[index], sides, rounds, burst_length);
            printf(" %.2f |", result.speed.median);
            fflush(stdout);
            if (json) {
                fprintf(json,
                    "%s{\"digest\":\"%s\",\"work\":\"%s\",\"speed\":%.4f,\"low\":%.4f,\"uacce_ns\":%.1f,\"default_ns\":%.1f}",
                    separator, digests[row], works[index].label, result.speed.median, result.speed.low,
                    result.nanoseconds[UACCE], result.nanoseconds[PEER]);
                separator = ",\n";
            }
        }
        printf("\n");
        for (int contender = 0; contender < CONTENDERS; contender++)
            side_close(&sides[contender]);
    }
    if (json) {
        fprintf(json, "]\n");
        if (fclose(json) != 0)
            fail("the results cannot be written");
    }
    contestants_unload(&contestants);
}
