// SPDX-License-Identifier: Apache-2.0
//
// libcrypto's headers, what the provider adds to them for programs, and the calls that Swift cannot make itself because
// they are variadic or macros.

#ifndef UACCE_OPENSSL_SHIMS_H
#define UACCE_OPENSSL_SHIMS_H

// The SHA and MD5 structures below are "deprecated" for applications, but they are the only public way to start a
// digest from a chaining value, which is what a SEC descriptor asks of its unit.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/async.h>
#include <openssl/bio.h>
#include <openssl/conf.h>
#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/md5.h>
#include <openssl/objects.h>
#include <openssl/params.h>
#include <openssl/proverr.h>
#include <openssl/provider.h>
#include <openssl/sha.h>
#include "../../../include/uacce_bio.h"
#include "../../../include/uacce_compress.h"

// What OpenSSL 3.5 asks providers for, for the headers of earlier versions (core_dispatch.h of 3.5).
#ifndef OSSL_FUNC_DIGEST_COPYCTX
#define OSSL_FUNC_DIGEST_COPYCTX 15
typedef void(OSSL_FUNC_digest_copyctx_fn)(void *target, void *source);
#endif

// OpenSSL declares the functions of a dispatch table as function types. Swift takes those for closures; as pointers they
// are the C functions that they are.
#define OPENSSL_FUNCTION(name) typedef OSSL_FUNC_##name##_fn *openssl_##name##_function
OPENSSL_FUNCTION(cipher_cipher);
OPENSSL_FUNCTION(cipher_decrypt_init);
OPENSSL_FUNCTION(cipher_dupctx);
OPENSSL_FUNCTION(cipher_encrypt_init);
OPENSSL_FUNCTION(cipher_final);
OPENSSL_FUNCTION(cipher_freectx);
OPENSSL_FUNCTION(cipher_get_ctx_params);
OPENSSL_FUNCTION(cipher_get_params);
OPENSSL_FUNCTION(cipher_gettable_ctx_params);
OPENSSL_FUNCTION(cipher_gettable_params);
OPENSSL_FUNCTION(cipher_newctx);
OPENSSL_FUNCTION(cipher_set_ctx_params);
OPENSSL_FUNCTION(cipher_settable_ctx_params);
OPENSSL_FUNCTION(cipher_update);
OPENSSL_FUNCTION(core_get_params);
OPENSSL_FUNCTION(digest_copyctx);
OPENSSL_FUNCTION(digest_dupctx);
OPENSSL_FUNCTION(digest_final);
OPENSSL_FUNCTION(digest_freectx);
OPENSSL_FUNCTION(digest_get_params);
OPENSSL_FUNCTION(digest_gettable_params);
OPENSSL_FUNCTION(digest_init);
OPENSSL_FUNCTION(digest_newctx);
OPENSSL_FUNCTION(digest_set_ctx_params);
OPENSSL_FUNCTION(digest_settable_ctx_params);
OPENSSL_FUNCTION(digest_update);
OPENSSL_FUNCTION(mac_dupctx);
OPENSSL_FUNCTION(mac_final);
OPENSSL_FUNCTION(mac_freectx);
OPENSSL_FUNCTION(mac_get_ctx_params);
OPENSSL_FUNCTION(mac_get_params);
OPENSSL_FUNCTION(mac_gettable_ctx_params);
OPENSSL_FUNCTION(mac_gettable_params);
OPENSSL_FUNCTION(mac_init);
OPENSSL_FUNCTION(mac_newctx);
OPENSSL_FUNCTION(mac_set_ctx_params);
OPENSSL_FUNCTION(mac_settable_ctx_params);
OPENSSL_FUNCTION(mac_update);
OPENSSL_FUNCTION(provider_get_capabilities);
OPENSSL_FUNCTION(provider_get_params);
OPENSSL_FUNCTION(provider_gettable_params);
OPENSSL_FUNCTION(provider_query_operation);
OPENSSL_FUNCTION(provider_self_test);
OPENSSL_FUNCTION(provider_teardown);
#undef OPENSSL_FUNCTION

// ERR_set_error is variadic. ERR_new and ERR_set_debug come first, as ERR_raise has it.
static inline void openssl_set_library_error(int library, int reason) { ERR_set_error(library, reason, NULL); }
static inline void openssl_set_library_error_detail(int library, int reason, const char *detail)
{
    if (detail == NULL)
        ERR_set_error(library, reason, NULL);
    else
        ERR_set_error(library, reason, "%s", detail);
}

// ERR_R_MALLOC_FAILURE is an expression of macros.
static inline int openssl_no_memory_reason(void) { return ERR_R_MALLOC_FAILURE; }

// Whether OPENSSL_cleanup has begun, or is over: then libcrypto's own memory may be gone. (OPENSSL_INIT_BASE_ONLY, which has
// no public name, keeps the call from raising an error.)
static inline int openssl_is_stopped(void) { return OPENSSL_init_crypto(0x00040000, NULL) == 0; }

// STACK_OF(CONF_VALUE) and its accessors are macros.
static inline int openssl_conf_value_count(const STACK_OF(CONF_VALUE) *values) { return sk_CONF_VALUE_num(values); }
static inline CONF_VALUE *openssl_conf_value(const STACK_OF(CONF_VALUE) *values, int index)
{
    return sk_CONF_VALUE_value(values, index);
}

// Macros over the flags of a BIO, and over its controls.
static inline void openssl_bio_clear_retry(BIO *bio) { BIO_clear_retry_flags(bio); }
static inline int openssl_bio_should_retry(BIO *bio) { return BIO_should_retry(bio) != 0; }
static inline int openssl_bio_flush(BIO *bio) { return (int)BIO_flush(bio); }

#endif
