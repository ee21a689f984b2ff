// SPDX-License-Identifier: Apache-2.0
//
// Opening the library, and managers.

#include "library.h"

#if HAS_IPSEC_MB

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static struct library functions;
static const char *absence = "not asked for yet";
static pthread_once_t opening = PTHREAD_ONCE_INIT;

static void open_library(void)
{
    void *handle = dlopen("libIPSec_MB.so.1", RTLD_LAZY | RTLD_LOCAL);
    if (handle == NULL) {
        absence = "libIPSec_MB.so.1 is not installed (Debian: libipsec-mb1)";
        return;
    }
    functions.alloc = (IMB_MGR * (*)(uint64_t)) dlsym(handle, "alloc_mb_mgr");
    functions.init = (void (*)(IMB_MGR *, IMB_ARCH *))dlsym(handle, "init_mb_mgr_auto");
    functions.free = (void (*)(IMB_MGR *))dlsym(handle, "free_mb_mgr");
    functions.version = (const char *(*)(void))dlsym(handle, "imb_get_version_str");
    unsigned (*number)(void) = (unsigned (*)(void))dlsym(handle, "imb_get_version");
    if (functions.alloc == NULL || functions.init == NULL || functions.free == NULL || functions.version == NULL
        || number == NULL) {
        absence = "libIPSec_MB.so.1 lacks functions that every version has";
        return;
    }
    // Jobs grow from one minor version to the next, and arrays of them are ours.
    if (number() >> 8 != IMB_VERSION_NUM >> 8) {
        absence = "libIPSec_MB.so.1 has another version than the header this was built with";
        return;
    }
    absence = NULL;
}

const char *ipsec_mb_absence(void)
{
    pthread_once(&opening, open_library);
    return absence;
}

const struct library *ipsec_mb_library(void) { return ipsec_mb_absence() == NULL ? &functions : NULL; }

const char *ipsec_mb_version(void)
{
    const struct library *library = ipsec_mb_library();
    return library == NULL ? NULL : library->version();
}

struct ipsec_mb *ipsec_mb_new(void)
{
    const struct library *library = ipsec_mb_library();
    if (library == NULL)
        return NULL;
    struct ipsec_mb *units = calloc(1, sizeof(*units));
    if (units == NULL)
        return NULL;
    units->manager = library->alloc(0);
    IMB_ARCH architecture = IMB_ARCH_NONE;
    if (units->manager != NULL)
        library->init(units->manager, &architecture);
    if (architecture == IMB_ARCH_NONE) {
        ipsec_mb_free(units);
        return NULL;
    }
    return units;
}

void ipsec_mb_free(struct ipsec_mb *units)
{
    if (units == NULL)
        return;
    // The library clears a manager's lanes as their jobs end, and none is under way here.
    if (units->manager != NULL)
        ipsec_mb_library()->free(units->manager);
    explicit_bzero(units, sizeof(*units));
    free(units);
}

#else // The header was not there.

const char *ipsec_mb_absence(void) { return "built without intel-ipsec-mb.h"; }
const char *ipsec_mb_version(void) { return NULL; }
struct ipsec_mb *ipsec_mb_new(void) { return NULL; }
void ipsec_mb_free(struct ipsec_mb *units) { (void)units; }

#endif
