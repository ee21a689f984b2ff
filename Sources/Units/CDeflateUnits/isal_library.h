// SPDX-License-Identifier: Apache-2.0
//
// The functions of ISA-L that are used, found by name.

#ifndef ISAL_LIBRARY_H
#define ISAL_LIBRARY_H

#include "isal_unit.h"

#if __has_include(<isa-l/igzip_lib.h>)
#define HAS_ISAL 1
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

struct isal_library {
    void (*deflate_init)(struct isal_zstream *);
    void (*deflate_reset)(struct isal_zstream *);
    int (*deflate_set_dict)(struct isal_zstream *, uint8_t *, uint32_t);
    int (*deflate)(struct isal_zstream *);
    uint32_t (*crc32)(uint32_t, const uint8_t *, uint64_t);
    uint32_t (*adler32)(uint32_t, const uint8_t *, uint64_t);
};

/// NULL when it is absent.
const struct isal_library *isal_library(void);

// The library's structures are ours to allocate. They have had this size since libisal.so.2 is called so (2.19); room is
// left behind each, should a later one grow.
#define ISAL_SLACK 4096

#else
#define HAS_ISAL 0
#endif

#endif
