// SPDX-License-Identifier: Apache-2.0
//
// The two providers that are compared, in one library context, loaded explicitly: whatever openssl.cnf says has no part.

#ifndef BENCHMARKS_PROVIDERS_H
#define BENCHMARKS_PROVIDERS_H

#include <openssl/core.h>
#include <openssl/provider.h>
#include <openssl/types.h>

enum contender { UACCE, PEER, CONTENDERS };

struct contestants {
    OSSL_LIB_CTX *library;
    OSSL_PROVIDER *provider[CONTENDERS];
};

// "uacce" and "default".
extern const char *const contender_name[CONTENDERS];

// Property queries that fetch from nobody else.
extern const char *const contender_properties[CONTENDERS];

// The directory of uacce.so: $UACCE_MODULE_DIR, or where Scripts/build puts it below the current directory.
const char *module_directory(void);

// Loads both, or ends the program with a reason.
struct contestants contestants_load(void);
void contestants_unload(struct contestants *contestants);

// The implementation of an algorithm as its provider hands it to libcrypto: the functions behind EVP, without EVP.
const OSSL_DISPATCH *find_implementation(OSSL_PROVIDER *provider, int operation, const char *algorithm);

// One function of an implementation; ends the program where there is none.
void (*find_function(const OSSL_DISPATCH *implementation, int function))(void);

// Ends the program with a message and what OpenSSL's error queue holds.
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
