// SPDX-License-Identifier: Apache-2.0
//
// libcrypto's headers, and the calls that Swift cannot make itself because they are variadic or macros.

#ifndef UACCE_OPENSSL_SHIMS_H
#define UACCE_OPENSSL_SHIMS_H

// The SHA and MD5 structures below are "deprecated" for applications, but they are the only public way to start a
// digest from a chaining value, which is what a SEC descriptor asks of its unit.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/async.h>
#include <openssl/conf.h>
#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/md5.h>
#include <openssl/objects.h>
#include <openssl/params.h>
#include <openssl/proverr.h>
#include <openssl/provider.h>
#include <openssl/sha.h>

// core_vset_error takes a va_list, which only a variadic C function can make.
static inline void openssl_set_error_list(OSSL_FUNC_core_vset_error_fn *set, const OSSL_CORE_HANDLE *core,
                                          uint32_t reason, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    set(core, reason, format, arguments);
    va_end(arguments);
}
static inline void openssl_set_error(OSSL_FUNC_core_vset_error_fn *set, const OSSL_CORE_HANDLE *core,
                                     uint32_t reason, const char *detail)
{
    if (detail == NULL)
        openssl_set_error_list(set, core, reason, NULL);
    else
        openssl_set_error_list(set, core, reason, "%s", detail);
}

// ERR_set_error is variadic. ERR_new and ERR_set_debug come first, as ERR_raise has it.
static inline void openssl_set_library_error(int library, int reason) { ERR_set_error(library, reason, NULL); }

#endif
