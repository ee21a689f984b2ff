// SPDX-License-Identifier: Apache-2.0

#include "libdeflate_unit.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

struct libdeflate_compressor;

#define GREATEST_LEVEL 12

struct libdeflate_unit {
    struct libdeflate_compressor *compressors[GREATEST_LEVEL + 1];
};

static struct libdeflate_compressor *(*allocate)(int level);
static size_t (*compress)(struct libdeflate_compressor *, const void *, size_t, void *, size_t);
static void (*release)(struct libdeflate_compressor *);

static const char *absence = "not asked for yet";
static pthread_once_t opening = PTHREAD_ONCE_INIT;

static int find(void *handle, const char *name, void *function)
{
    void *found = dlsym(handle, name);
    __builtin_memcpy(function, &found, sizeof(found));
    return found != NULL;
}

static void open_library(void)
{
    void *handle = dlopen("libdeflate.so.0", RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        absence = "libdeflate.so.0 is not installed (Debian: libdeflate0)";
        return;
    }
    int found = find(handle, "libdeflate_alloc_compressor", &allocate);
    found &= find(handle, "libdeflate_deflate_compress", &compress);
    found &= find(handle, "libdeflate_free_compressor", &release);
    absence = found ? NULL : "libdeflate.so.0 lacks functions that every version has";
}

const char *libdeflate_unit_absence(void)
{
    pthread_once(&opening, open_library);
    return absence;
}

struct libdeflate_unit *libdeflate_unit_new(void)
{
    return libdeflate_unit_absence() == NULL ? calloc(1, sizeof(struct libdeflate_unit)) : NULL;
}

void libdeflate_unit_free(struct libdeflate_unit *unit)
{
    if (unit == NULL)
        return;
    for (int level = 0; level <= GREATEST_LEVEL; level++)
        if (unit->compressors[level] != NULL)
            release(unit->compressors[level]);
    free(unit);
}

size_t libdeflate_unit_run(
    struct libdeflate_unit *unit, int level, const void *input, size_t input_byte_count, void *output, size_t room)
{
    if (unit->compressors[level] == NULL)
        unit->compressors[level] = allocate(level);
    if (unit->compressors[level] == NULL)
        return 0;
    return compress(unit->compressors[level], input, input_byte_count, output, room);
}
