// SPDX-License-Identifier: Apache-2.0

#include "requests.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

const struct algorithm algorithms[] = {
    {"AES-128-CTR", "AES-128-CTR", CIPHER, 1, 16, NULL, 1},
    {"AES-128-CBC encrypt", "AES-128-CBC", CIPHER, 1, 16, NULL, 1},
    {"AES-128-CBC decrypt", "AES-128-CBC", CIPHER, 0, 16, NULL, 1},
    {"SHA2-256", "SHA2-256", DIGEST, 0, 0, NULL, 1},
    {"AES-256-CTR", "AES-256-CTR", CIPHER, 1, 32, NULL, 0},
    {"AES-256-CBC encrypt", "AES-256-CBC", CIPHER, 1, 32, NULL, 0},
    {"AES-256-CBC decrypt", "AES-256-CBC", CIPHER, 0, 32, NULL, 0},
    {"AES-128-ECB", "AES-128-ECB", CIPHER, 1, 16, NULL, 0},
    {"AES-128-CFB decrypt", "AES-128-CFB", CIPHER, 0, 16, NULL, 0},
    {"AES-128-OFB", "AES-128-OFB", CIPHER, 1, 16, NULL, 0},
    {"AES-128-GCM", "AES-128-GCM", AEAD, 1, 16, NULL, 0},
    {"AES-256-GCM", "AES-256-GCM", AEAD, 1, 32, NULL, 0},
    {"AES-128-XTS", "AES-128-XTS", CIPHER, 1, 32, NULL, 0},
    {"AES-256-XTS", "AES-256-XTS", CIPHER, 1, 64, NULL, 0},
    {"SM4-CTR", "SM4-CTR", CIPHER, 1, 16, NULL, 0},
    {"SM4-ECB", "SM4-ECB", CIPHER, 1, 16, NULL, 0},
    {"SM4-CBC encrypt", "SM4-CBC", CIPHER, 1, 16, NULL, 0},
    {"SM4-CBC decrypt", "SM4-CBC", CIPHER, 0, 16, NULL, 0},
    {"DES-EDE3-CBC encrypt", "DES-EDE3-CBC", CIPHER, 1, 24, NULL, 0},
    {"MD5", "MD5", DIGEST, 0, 0, NULL, 0},
    {"SHA1", "SHA1", DIGEST, 0, 0, NULL, 0},
    {"SHA2-512", "SHA2-512", DIGEST, 0, 0, NULL, 0},
    {"SM3", "SM3", DIGEST, 0, 0, NULL, 0},
    {"HMAC-SHA1", "HMAC", MAC, 0, 32, "SHA1", 0},
    {"HMAC-SHA256", "HMAC", MAC, 0, 32, "SHA2-256", 0},
    {"HMAC-SHA512", "HMAC", MAC, 0, 32, "SHA2-512", 0},
    {"HMAC-SM3", "HMAC", MAC, 0, 32, "SM3", 0},
    {"AES-128-CMAC", "CMAC", MAC, 0, 16, "AES-128-CBC", 0},
};
const size_t algorithm_count = sizeof(algorithms) / sizeof(algorithms[0]);

const struct algorithm *find_algorithm(const char *label)
{
    for (size_t i = 0; i < algorithm_count; i++)
        if (strcmp(algorithms[i].label, label) == 0)
            return &algorithms[i];
    fail("no algorithm \"%s\"", label);
}

const char *const entrance_name[ENTRANCES] = {"EVP", "dispatch"};

// Beside the request's bytes: a block that a cipher may hold back and give out later, or a digest.
enum { MORE_OUTPUT = EVP_MAX_MD_SIZE };

struct lane {
    void (*run)(struct lane *lane, size_t request_count);
    size_t byte_count;
    size_t output_byte_count;
    unsigned char *input;
    unsigned char *output;

    EVP_CIPHER *cipher;
    EVP_CIPHER_CTX *cipher_context;
    EVP_MD *digest;
    EVP_MAC *mac;
    EVP_MAC_CTX *mac_context;

    void *provider_context;
    OSSL_FUNC_cipher_update_fn *update_cipher;
    OSSL_FUNC_cipher_freectx_fn *free_context; // of the same type for digests
    OSSL_FUNC_digest_init_fn *init_digest;
    OSSL_FUNC_digest_update_fn *update_digest;
    OSSL_FUNC_digest_final_fn *final_digest;
};

static const unsigned char key[EVP_MAX_KEY_LENGTH] = "request cost: a key, not a secret";
static const unsigned char initialization_vector[16] = {0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7};

static void run_evp_cipher(struct lane *lane, size_t request_count)
{
    int written = 0;
    while (request_count-- > 0)
        if (!EVP_CipherUpdate(lane->cipher_context, lane->output, &written, lane->input, (int)lane->byte_count)
            || (size_t)written != lane->byte_count)
            fail("EVP_CipherUpdate of %zu bytes gave %d", lane->byte_count, written);
    lane->output_byte_count = (size_t)written;
}

static void run_evp_digest(struct lane *lane, size_t request_count)
{
    unsigned int written = 0;
    while (request_count-- > 0)
        if (!EVP_Digest(lane->input, lane->byte_count, lane->output, &written, lane->digest, NULL))
            fail("EVP_Digest of %zu bytes", lane->byte_count);
    lane->output_byte_count = written;
}

static void run_evp_mac(struct lane *lane, size_t request_count)
{
    size_t written = 0;
    while (request_count-- > 0)
        if (!EVP_MAC_init(lane->mac_context, NULL, 0, NULL)
            || !EVP_MAC_update(lane->mac_context, lane->input, lane->byte_count)
            || !EVP_MAC_final(lane->mac_context, lane->output, &written, EVP_MAX_MD_SIZE))
            fail("EVP_MAC of %zu bytes", lane->byte_count);
    lane->output_byte_count = written;
}

static void run_dispatch_cipher(struct lane *lane, size_t request_count)
{
    size_t written = 0;
    while (request_count-- > 0)
        if (!lane->update_cipher(
                lane->provider_context, lane->output, &written, lane->byte_count + MORE_OUTPUT, lane->input, lane->byte_count)
            || written != lane->byte_count)
            fail("the provider's update of %zu bytes gave %zu", lane->byte_count, written);
    lane->output_byte_count = written;
}

static void run_dispatch_digest(struct lane *lane, size_t request_count)
{
    size_t written = 0;
    while (request_count-- > 0)
        if (!lane->init_digest(lane->provider_context, NULL)
            || !lane->update_digest(lane->provider_context, lane->input, lane->byte_count)
            || !lane->final_digest(lane->provider_context, lane->output, &written, EVP_MAX_MD_SIZE))
            fail("the provider's digest of %zu bytes", lane->byte_count);
    lane->output_byte_count = written;
}

static void open_evp_cipher(
    struct lane *lane, const struct contestants *contestants, const struct algorithm *algorithm,
    enum contender contender)
{
    lane->cipher = EVP_CIPHER_fetch(contestants->library, algorithm->name, contender_properties[contender]);
    lane->cipher_context = EVP_CIPHER_CTX_new();
    // Of an AEAD's nonce the first 12 bytes are used. Without padding a decryption has no reason to hold the last block
    // back.
    if (lane->cipher == NULL || lane->cipher_context == NULL
        || !EVP_CipherInit_ex2(
            lane->cipher_context, lane->cipher, key, initialization_vector, algorithm->encrypting, NULL)
        || !EVP_CIPHER_CTX_set_padding(lane->cipher_context, 0))
        fail("cannot prepare %s of %s", algorithm->label, contender_name[contender]);
    lane->run = run_evp_cipher;
}

static void open_evp_digest(
    struct lane *lane, const struct contestants *contestants, const struct algorithm *algorithm,
    enum contender contender)
{
    lane->digest = EVP_MD_fetch(contestants->library, algorithm->name, contender_properties[contender]);
    if (lane->digest == NULL)
        fail("cannot prepare %s of %s", algorithm->label, contender_name[contender]);
    lane->run = run_evp_digest;
}

static void open_evp_mac(
    struct lane *lane, const struct contestants *contestants, const struct algorithm *algorithm,
    enum contender contender)
{
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(
            strcmp(algorithm->name, "CMAC") == 0 ? OSSL_MAC_PARAM_CIPHER : OSSL_MAC_PARAM_DIGEST,
            (char *)algorithm->inside, 0),
        OSSL_PARAM_construct_utf8_string(
            OSSL_MAC_PARAM_PROPERTIES, (char *)contender_properties[contender], 0),
        OSSL_PARAM_construct_end()};
    lane->mac = EVP_MAC_fetch(contestants->library, algorithm->name, contender_properties[contender]);
    lane->mac_context = lane->mac != NULL ? EVP_MAC_CTX_new(lane->mac) : NULL;
    if (lane->mac_context == NULL || !EVP_MAC_init(lane->mac_context, key, algorithm->key_byte_count, parameters))
        fail("cannot prepare %s of %s", algorithm->label, contender_name[contender]);
    lane->run = run_evp_mac;
}

static void open_dispatch_cipher(
    struct lane *lane, const struct contestants *contestants, const struct algorithm *algorithm,
    enum contender contender)
{
    OSSL_PROVIDER *provider = contestants->provider[contender];
    const OSSL_DISPATCH *implementation = find_implementation(provider, OSSL_OP_CIPHER, algorithm->name);
    OSSL_FUNC_cipher_newctx_fn *new_context =
        (OSSL_FUNC_cipher_newctx_fn *)find_function(implementation, OSSL_FUNC_CIPHER_NEWCTX);
    // Both inits have the same type.
    OSSL_FUNC_cipher_encrypt_init_fn *init = (OSSL_FUNC_cipher_encrypt_init_fn *)find_function(
        implementation, algorithm->encrypting ? OSSL_FUNC_CIPHER_ENCRYPT_INIT : OSSL_FUNC_CIPHER_DECRYPT_INIT);
    OSSL_FUNC_cipher_set_ctx_params_fn *set_parameters =
        (OSSL_FUNC_cipher_set_ctx_params_fn *)find_function(implementation, OSSL_FUNC_CIPHER_SET_CTX_PARAMS);
    unsigned int padding = 0;
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_uint(OSSL_CIPHER_PARAM_PADDING, &padding), OSSL_PARAM_construct_end()};

    lane->update_cipher = (OSSL_FUNC_cipher_update_fn *)find_function(implementation, OSSL_FUNC_CIPHER_UPDATE);
    lane->free_context = (OSSL_FUNC_cipher_freectx_fn *)find_function(implementation, OSSL_FUNC_CIPHER_FREECTX);
    lane->provider_context = new_context(OSSL_PROVIDER_get0_provider_ctx(provider));
    if (lane->provider_context == NULL
        || !init(
            lane->provider_context, key, algorithm->key_byte_count, initialization_vector,
            sizeof(initialization_vector), NULL)
        || !set_parameters(lane->provider_context, parameters))
        fail("cannot prepare %s in %s's dispatch table", algorithm->label, contender_name[contender]);
    lane->run = run_dispatch_cipher;
}

static void open_dispatch_digest(
    struct lane *lane, const struct contestants *contestants, const struct algorithm *algorithm,
    enum contender contender)
{
    OSSL_PROVIDER *provider = contestants->provider[contender];
    const OSSL_DISPATCH *implementation = find_implementation(provider, OSSL_OP_DIGEST, algorithm->name);
    OSSL_FUNC_digest_newctx_fn *new_context =
        (OSSL_FUNC_digest_newctx_fn *)find_function(implementation, OSSL_FUNC_DIGEST_NEWCTX);

    lane->init_digest = (OSSL_FUNC_digest_init_fn *)find_function(implementation, OSSL_FUNC_DIGEST_INIT);
    lane->update_digest = (OSSL_FUNC_digest_update_fn *)find_function(implementation, OSSL_FUNC_DIGEST_UPDATE);
    lane->final_digest = (OSSL_FUNC_digest_final_fn *)find_function(implementation, OSSL_FUNC_DIGEST_FINAL);
    lane->free_context = (OSSL_FUNC_digest_freectx_fn *)find_function(implementation, OSSL_FUNC_DIGEST_FREECTX);
    lane->provider_context = new_context(OSSL_PROVIDER_get0_provider_ctx(provider));
    if (lane->provider_context == NULL)
        fail("cannot prepare %s in %s's dispatch table", algorithm->label, contender_name[contender]);
    lane->run = run_dispatch_digest;
}

typedef void open_function(
    struct lane *lane, const struct contestants *contestants, const struct algorithm *algorithm,
    enum contender contender);

static open_function *const openers[][ENTRANCES] = {
    [CIPHER] = {open_evp_cipher, open_dispatch_cipher},
    [AEAD] = {open_evp_cipher, NULL},
    [DIGEST] = {open_evp_digest, open_dispatch_digest},
    [MAC] = {open_evp_mac, NULL},
};

struct lane *lane_open(
    const struct contestants *contestants, const struct algorithm *algorithm, enum contender contender,
    enum entrance entrance, size_t byte_count)
{
    if (byte_count > LARGEST_REQUEST)
        fail("requests have at most %d bytes", LARGEST_REQUEST);
    struct lane *lane = calloc(1, sizeof(*lane));
    if (lane == NULL || posix_memalign((void **)&lane->input, 64, byte_count + 64)
        || posix_memalign((void **)&lane->output, 64, byte_count + MORE_OUTPUT))
        fail("out of memory");
    lane->byte_count = byte_count;
    memset(lane->output, 0, byte_count + MORE_OUTPUT);
    for (size_t i = 0; i < byte_count; i++)
        lane->input[i] = (unsigned char)(i * 131 + (i >> 8));
    open_function *const *open = openers[algorithm->operation];
    if (open[entrance] == NULL)
        fail("no way to call %s past EVP", algorithm->label);
    open[entrance](lane, contestants, algorithm, contender);
    return lane;
}

// Never inlined: callgrind counts what happens inside this function by its name.
__attribute__((noinline)) void lane_run(struct lane *lane, size_t request_count)
{
    lane->run(lane, request_count);
}

void lane_warm_up(struct lane *lane, size_t request_count) { lane->run(lane, request_count); }

const unsigned char *lane_output(const struct lane *lane, size_t *byte_count)
{
    *byte_count = lane->output_byte_count;
    return lane->output;
}

void lane_close(struct lane *lane)
{
    EVP_CIPHER_CTX_free(lane->cipher_context);
    EVP_CIPHER_free(lane->cipher);
    EVP_MD_free(lane->digest);
    EVP_MAC_CTX_free(lane->mac_context);
    EVP_MAC_free(lane->mac);
    if (lane->provider_context != NULL)
        lane->free_context(lane->provider_context);
    free(lane->input);
    free(lane->output);
    free(lane);
}

size_t lane_own_bytes(size_t byte_count)
{
    struct lane *lane = calloc(1, sizeof(*lane));
    if (lane == NULL || posix_memalign((void **)&lane->input, 64, byte_count + 64)
        || posix_memalign((void **)&lane->output, 64, byte_count + MORE_OUTPUT))
        fail("out of memory");
    // Each block with its header.
    size_t own = malloc_usable_size(lane) + malloc_usable_size(lane->input) + malloc_usable_size(lane->output)
               + 3 * sizeof(size_t);
    free(lane->input);
    free(lane->output);
    free(lane);
    return own;
}
