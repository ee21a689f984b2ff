// SPDX-License-Identifier: Apache-2.0
//
// Opening ISA-L, and its checksums.

#include "isal_library.h"

#if HAS_ISAL

#include <dlfcn.h>
#include <pthread.h>

static struct isal_library functions;
static const char *absence = "not asked for yet";
static pthread_once_t opening = PTHREAD_ONCE_INIT;

static void *handle;

static int find(const char *name, void *function)
{
    void *found = dlsym(handle, name);
    // POSIX promises that a function's address fits an object pointer; C does not.
    __builtin_memcpy(function, &found, sizeof(found));
    return found != NULL;
}

static void open_library(void)
{
    handle = dlopen("libisal.so.2", RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        absence = "libisal.so.2 is not installed (Debian: libisal2)";
        return;
    }
    int found = find("isal_deflate_init", &functions.deflate_init);
    found &= find("isal_deflate_reset", &functions.deflate_reset);
    found &= find("isal_deflate_set_dict", &functions.deflate_set_dict);
    found &= find("isal_deflate", &functions.deflate);
    found &= find("crc32_gzip_refl", &functions.crc32);
    found &= find("isal_adler32", &functions.adler32);
    absence = found ? NULL : "libisal.so.2 lacks functions that every version from 2.26 on has";
}

const char *isal_unit_absence(void)
{
    pthread_once(&opening, open_library);
    return absence;
}

const struct isal_library *isal_library(void) { return isal_unit_absence() == NULL ? &functions : NULL; }

uint32_t isal_unit_crc32(uint32_t value, const void *bytes, size_t byte_count)
{
    return functions.crc32(value, bytes, byte_count);
}

uint32_t isal_unit_adler32(uint32_t value, const void *bytes, size_t byte_count)
{
    return functions.adler32(value, bytes, byte_count);
}

#else // The header was not there.

const char *isal_unit_absence(void) { return "built without isa-l/igzip_lib.h"; }

uint32_t isal_unit_crc32(uint32_t value, const void *bytes, size_t byte_count)
{
    (void)bytes;
    (void)byte_count;
    return value;
}

uint32_t isal_unit_adler32(uint32_t value, const void *bytes, size_t byte_count)
{
    return isal_unit_crc32(value, bytes, byte_count);
}

#endif
