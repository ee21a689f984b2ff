// SPDX-License-Identifier: Apache-2.0

#ifndef STATISTICS_READER_H
#define STATISTICS_READER_H

#include "provider_program.h"

#include <openssl/params.h>

enum { STATISTICS_CAPACITY = 1 << 16 };

// The provider's live counters, as a pointer or copied into `buffer`, whichever the provider says it does. NULL where
// it has none.
static inline const char *read_statistics(OSSL_PROVIDER *provider, char buffer[STATISTICS_CAPACITY])
{
    const OSSL_PARAM *known = OSSL_PARAM_locate_const(OSSL_PROVIDER_gettable_params(provider), "uacce-statistics");
    if (known == NULL) return NULL;
    char *text = buffer;
    OSSL_PARAM parameters[2] = {OSSL_PARAM_construct_utf8_ptr(known->key, &text, 0), OSSL_PARAM_construct_end()};
    if (known->data_type != OSSL_PARAM_UTF8_PTR)
        parameters[0] = OSSL_PARAM_construct_utf8_string(known->key, buffer, STATISTICS_CAPACITY);
    return OSSL_PROVIDER_get_params(provider, parameters) ? text : NULL;
}

#endif
