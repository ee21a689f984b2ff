// SPDX-License-Identifier: Apache-2.0
//
// intel-ipsec-mb behind functions instead of macros, so that nobody else needs its header, nor the library at link time.
// It is opened when it is first asked for. Where it was not there at build time, or is not on this machine, or has
// another version than its header, it is absent, and that is no error.
//
// Nothing is checked here: lengths, keys and addresses are the caller's to check.

#ifndef IPSEC_MB_H
#define IPSEC_MB_H

#include <stddef.h>
#include <stdint.h>

/// Most pieces of one call.
#define IPSEC_MB_LIMIT 64
/// Most bytes of a piece that goes through lanes: DES3_CBC, CCM, CMAC, HASH, HMAC.
#define IPSEC_MB_LANE_LIMIT 65520
/// Most bytes of additional data in CCM.
#define IPSEC_MB_CCM_ADDITIONAL_LIMIT 46

/// What can be asked for. Ciphers use `key_byte_count` and `encrypt`; hashes and HMACs `digest`.
enum ipsec_mb_work {
    IPSEC_MB_ECB,
    IPSEC_MB_CBC,
    /// Counter blocks of 128 bits.
    IPSEC_MB_CTR,
    /// Decryption only.
    IPSEC_MB_CFB,
    /// DES-EDE3-CBC; its key has 24 bytes.
    IPSEC_MB_DES3_CBC,
    /// Whole messages with a nonce of 12 bytes.
    IPSEC_MB_GCM,
    /// Whole blocks of a GCM message: `iv` is the counter block before the first, `tag` the accumulator, which goes on.
    IPSEC_MB_GCM_PART,
    /// Whole messages; no 192-bit keys.
    IPSEC_MB_CCM,
    IPSEC_MB_GMAC,
    /// `tag` is the accumulator, which goes on; the end is filled up with zeros.
    IPSEC_MB_GHASH,
    /// No 192-bit keys.
    IPSEC_MB_CMAC,
    IPSEC_MB_HASH,
    IPSEC_MB_HMAC,
};

enum ipsec_mb_digest {
    IPSEC_MB_MD5,
    IPSEC_MB_SHA1,
    IPSEC_MB_SHA224,
    IPSEC_MB_SHA256,
    IPSEC_MB_SHA384,
    IPSEC_MB_SHA512,
};

struct ipsec_mb_operation {
    enum ipsec_mb_work work;
    enum ipsec_mb_digest digest;
    size_t key_byte_count;
    int encrypt;
};

/// An expanded key, from ipsec_mb_key_new.
struct ipsec_mb_key;

/// One message or part of one. Which fields count depends on the work; input and output are equal, or apart.
struct ipsec_mb_piece {
    /// NULL for hashes.
    const struct ipsec_mb_key *key;
    const void *input;
    void *output;
    size_t byte_count;
    const void *iv;
    size_t iv_byte_count;
    const void *additional;
    size_t additional_byte_count;
    /// Where a digest, MAC or tag goes: always computed, never compared.
    void *tag;
    size_t tag_byte_count;
};

/// A multi-buffer manager. For one thread at a time.
struct ipsec_mb;

/// NULL when the library is there; else why it is not, for people.
const char *ipsec_mb_absence(void);
/// The version in use, such as "1.3.0"; NULL when it is absent.
const char *ipsec_mb_version(void);

/// NULL when the library is absent, or without memory.
struct ipsec_mb *ipsec_mb_new(void);
/// Wipes what the manager holds of keys and data.
void ipsec_mb_free(struct ipsec_mb *units);

/// Expands a key for an operation. For HMAC it has at most one block of the digest. NULL without memory.
struct ipsec_mb_key *ipsec_mb_key_new(
    struct ipsec_mb *units, const struct ipsec_mb_operation *operation, const void *key, size_t key_byte_count);
void ipsec_mb_key_free(struct ipsec_mb_key *key);

/// Does `count` pieces of one operation, at most IPSEC_MB_LIMIT, side by side where the library has lanes for it.
/// Returns 1 when all are done, else 0: then some outputs may be anything.
int ipsec_mb_run(
    struct ipsec_mb *units, const struct ipsec_mb_operation *operation, const struct ipsec_mb_piece *pieces,
    size_t count);

#endif
