// SPDX-License-Identifier: Apache-2.0

#include "emulator.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

struct emulator emulator;

#define FUNCTION(member) {"uacce_devices_" #member, offsetof(struct emulator, member)}
static const struct {
    const char *name;
    size_t offset;
} functions[] = {
    FUNCTION(attach),      FUNCTION(open),        FUNCTION(close),         FUNCTION(ring),
    FUNCTION(is_dead),     FUNCTION(set_context), FUNCTION(information),   FUNCTION(start),
    FUNCTION(put),         FUNCTION(map),         FUNCTION(unmap),         FUNCTION(take_updates),
    FUNCTION(connect_event), FUNCTION(shares_doorbells), FUNCTION(take_fault),
};

bool emulator_load(void)
{
    static bool is_loaded;
    if (is_loaded) return true;
    Dl_info self;
    char path[PATH_MAX];
    const char *end = dladdr((void *)emulator_load, &self) != 0 ? strrchr(self.dli_fname, '/') : NULL;
    snprintf(path, sizeof path, "%.*slibuacce-emulator.so", end == NULL ? 0 : (int)(end - self.dli_fname + 1),
        end == NULL ? "" : self.dli_fname);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    for (size_t row = 0; library != NULL && row < sizeof functions / sizeof functions[0]; row++) {
        void *function = dlsym(library, functions[row].name);
        if (function == NULL) {
            library = NULL;
            break;
        }
        memcpy((char *)&emulator + functions[row].offset, &function, sizeof function);
    }
    if (library == NULL) {
        fprintf(stderr, "libuacce-devices: no devices: %s\n", dlerror());
        return false;
    }
    return is_loaded = true;
}
