// SPDX-License-Identifier: Apache-2.0
//
// Keys as the library wants them.

#include "library.h"

#if HAS_IPSEC_MB

#include <stdlib.h>
#include <string.h>

static void expand_aes(IMB_MGR *manager, size_t byte_count, const void *key, void *encrypt, void *decrypt)
{
    switch (byte_count) {
    case 16: IMB_AES_KEYEXP_128(manager, key, encrypt, decrypt); break;
    case 24: IMB_AES_KEYEXP_192(manager, key, encrypt, decrypt); break;
    default: IMB_AES_KEYEXP_256(manager, key, encrypt, decrypt); break;
    }
}

static void expand_gcm(IMB_MGR *manager, size_t byte_count, const void *key, struct gcm_key_data *expanded)
{
    switch (byte_count) {
    case 16: IMB_AES128_GCM_PRE(manager, key, expanded); break;
    case 24: IMB_AES192_GCM_PRE(manager, key, expanded); break;
    default: IMB_AES256_GCM_PRE(manager, key, expanded); break;
    }
}

/// CMAC's two subkeys come from the AES schedule; that for decryption is of no use.
static void expand_cmac(IMB_MGR *manager, size_t byte_count, const void *key, struct ipsec_mb_key *expanded)
{
    _Alignas(64) uint32_t unused[60];
    expand_aes(manager, byte_count, key, expanded->cmac.schedule, unused);
    if (byte_count == 16)
        IMB_AES_CMAC_SUBKEY_GEN_128(manager, expanded->cmac.schedule, expanded->cmac.first, expanded->cmac.second);
    else
        IMB_AES_CMAC_SUBKEY_GEN_256(manager, expanded->cmac.schedule, expanded->cmac.first, expanded->cmac.second);
    explicit_bzero(unused, sizeof(unused));
}

static void hash_block(IMB_MGR *manager, enum ipsec_mb_digest digest, const void *block, void *state)
{
    switch (digest) {
    case IPSEC_MB_MD5: IMB_MD5_ONE_BLOCK(manager, block, state); break;
    case IPSEC_MB_SHA1: IMB_SHA1_ONE_BLOCK(manager, block, state); break;
    case IPSEC_MB_SHA224: IMB_SHA224_ONE_BLOCK(manager, block, state); break;
    case IPSEC_MB_SHA256: IMB_SHA256_ONE_BLOCK(manager, block, state); break;
    case IPSEC_MB_SHA384: IMB_SHA384_ONE_BLOCK(manager, block, state); break;
    case IPSEC_MB_SHA512: IMB_SHA512_ONE_BLOCK(manager, block, state); break;
    }
}

/// RFC 2104: the states behind the key's block, mixed with 0x36 and with 0x5c.
static void expand_hmac(
    IMB_MGR *manager, enum ipsec_mb_digest digest, const uint8_t *key, size_t byte_count, struct ipsec_mb_key *expanded)
{
    uint8_t inner[128], outer[128];
    memset(inner, 0x36, sizeof(inner));
    memset(outer, 0x5c, sizeof(outer));
    for (size_t i = 0; i < byte_count; i++) {
        inner[i] ^= key[i];
        outer[i] ^= key[i];
    }
    hash_block(manager, digest, inner, expanded->hmac.inner);
    hash_block(manager, digest, outer, expanded->hmac.outer);
    explicit_bzero(inner, sizeof(inner));
    explicit_bzero(outer, sizeof(outer));
}

struct ipsec_mb_key *ipsec_mb_key_new(
    struct ipsec_mb *units, const struct ipsec_mb_operation *operation, const void *key, size_t key_byte_count)
{
    struct ipsec_mb_key *expanded = aligned_alloc(64, (sizeof(*expanded) + 63) & ~(size_t)63);
    if (expanded == NULL)
        return NULL;
    switch (operation->work) {
    case IPSEC_MB_ECB:
    case IPSEC_MB_CBC:
    case IPSEC_MB_CTR:
    case IPSEC_MB_CFB:
    case IPSEC_MB_CCM:
        expand_aes(units->manager, key_byte_count, key, expanded->aes.encrypt, expanded->aes.decrypt);
        break;
    case IPSEC_MB_GCM:
    case IPSEC_MB_GCM_PART:
    case IPSEC_MB_GMAC:
    case IPSEC_MB_GHASH:
        expand_gcm(units->manager, key_byte_count, key, &expanded->gcm);
        break;
    case IPSEC_MB_DES3_CBC:
        for (int i = 0; i < 3; i++) {
            IMB_DES_KEYSCHED(units->manager, expanded->des.schedule[i], (const uint8_t *)key + 8 * i);
            expanded->des.schedules[i] = expanded->des.schedule[i];
        }
        break;
    case IPSEC_MB_CMAC:
        expand_cmac(units->manager, key_byte_count, key, expanded);
        break;
    case IPSEC_MB_HMAC:
        expand_hmac(units->manager, operation->digest, key, key_byte_count, expanded);
        break;
    case IPSEC_MB_HASH:
        break;
    }
    return expanded;
}

void ipsec_mb_key_free(struct ipsec_mb_key *key)
{
    if (key == NULL)
        return;
    explicit_bzero(key, sizeof(*key));
    free(key);
}

#else

struct ipsec_mb_key *ipsec_mb_key_new(
    struct ipsec_mb *units, const struct ipsec_mb_operation *operation, const void *key, size_t key_byte_count)
{
    (void)units, (void)operation, (void)key, (void)key_byte_count;
    return NULL;
}

void ipsec_mb_key_free(struct ipsec_mb_key *key) { (void)key; }

#endif
