// SPDX-License-Identifier: Apache-2.0
//
// The digest functions of each level, as vector_kernels.h describes them.

#ifndef UACCE_DIGEST_KERNELS_H
#define UACCE_DIGEST_KERNELS_H

#include "vector_kernels.h"

#define DIGEST_DECLARE(level)                                                                                          \
    digest_lanes_function md5_lanes_##level, sha1_lanes_##level, sha256_lanes_##level, sha512_lanes_##level,           \
        sm3_lanes_##level;

DIGEST_DECLARE(portable)
DIGEST_DECLARE(avx2)
DIGEST_DECLARE(avx512)

#endif
