// SPDX-License-Identifier: Apache-2.0
//
// Finding and opening the library. Two threads may do so at once: opening twice is opening once for the dynamic linker,
// and no lock is held that a child of fork would find taken.

#define _GNU_SOURCE // dladdr
#include "zlib_calls.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#define LIBRARY_NAME "libuacce-z.so"

// Where the library is, seen from the folder of the shared object that this code is in: beside it (dist/lib); in a
// folder of its own below (an installation's lib); and the same seen from OpenSSL's modules in lib/ossl-modules, and
// from those of a Debian system in lib/ARCHITECTURE/ossl-modules (Packaging/*.install).
static const char *const places[] = {"", "uacce/", "../", "../uacce/", "../../uacce/"};

static const struct {
    const char *name;
    size_t offset;
} names[] = {
#define CALL(name) {#name, offsetof(struct zlib_calls, name)}
    CALL(deflateInit2_), CALL(deflate),      CALL(deflateEnd),   CALL(deflateReset),         CALL(deflateParams),
    CALL(deflateCopy),   CALL(deflateBound), CALL(inflateInit2_), CALL(deflateSetDictionary), CALL(inflate),
    CALL(inflateEnd),    CALL(inflateReset), CALL(inflateCopy),  CALL(inflateSetDictionary),
#undef CALL
};
_Static_assert(sizeof names / sizeof *names * sizeof(void *) == sizeof(struct zlib_calls), "the table lacks a call");

struct zlib_library *zlib_library_new(const char *file)
{
    size_t length = strlen(file);
    struct zlib_library *library = calloc(1, sizeof *library + length);
    if (library != NULL)
        memcpy(library->file, file, length + 1);
    return library;
}

void zlib_library_free(struct zlib_library *library)
{
    if (library == NULL)
        return;
    free((void *)library->calls);
    free(library);
}

// Whether a path leads where the caller of a program with more privileges has started it. A name without a slash is the
// dynamic linker's to find, which knows of such programs.
static bool is_callers_choice(const char *path)
{
    return getauxval(AT_SECURE) != 0 && path[0] != '/' && strchr(path, '/') != NULL;
}

// Looks in `places`. True with `path` filled in: the library is there. It must be of the owner of the shared object
// that looks for it, or root's: of the folders above, not everybody's may be meant.
static bool find_beside(char path[PATH_MAX])
{
    Dl_info self;
    struct stat own, found;
    if (dladdr((void *)(size_t)&zlib_library_new, &self) == 0 || self.dli_fname == NULL
        || stat(self.dli_fname, &own) != 0)
        return false;
    const char *slash = strrchr(self.dli_fname, '/');
    int folder = slash == NULL ? 0 : (int)(slash - self.dli_fname) + 1;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        int length = snprintf(path, PATH_MAX, "%s%.*s%s" LIBRARY_NAME, folder == 0 ? "./" : "", folder, self.dli_fname,
                              places[i]);
        if (length > 0 && length < PATH_MAX && !is_callers_choice(path) && stat(path, &found) == 0 && S_ISREG(found.st_mode)
            && (found.st_uid == 0 || found.st_uid == own.st_uid))
            return true;
    }
    return false;
}

static const struct zlib_calls *take_calls(void *handle, const char *file, char *problem, size_t size)
{
    struct zlib_calls *calls = malloc(sizeof *calls);
    if (calls == NULL) {
        snprintf(problem, size, "no memory");
        return NULL;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        void *address = dlsym(handle, names[i].name);
        if (address == NULL) {
            snprintf(problem, size, "%s has no %s", file, names[i].name);
            free(calls);
            return NULL;
        }
        memcpy((char *)calls + names[i].offset, &address, sizeof address);
    }
    return calls;
}

const struct zlib_calls *zlib_library_calls(struct zlib_library *library, char *problem, size_t size)
{
    const struct zlib_calls *calls = __atomic_load_n(&library->calls, __ATOMIC_ACQUIRE);
    if (calls != NULL)
        return calls;
    char path[PATH_MAX];
    const char *file = library->file;
    if (*file == '\0')
        file = find_beside(path) ? path : LIBRARY_NAME;
    if (is_callers_choice(file)) {
        snprintf(problem, size, "%s is no absolute path, and the program has privileges", file);
        return NULL;
    }
    // The library's soname is libz.so.1: whatever is loaded later and wants that would be given this one. With the
    // system's in its place first, the dynamic linker goes on giving that. Where there is none, nobody is deprived.
    (void)dlopen("libz.so.1", RTLD_LAZY | RTLD_LOCAL);
    (void)dlerror();
    void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        // It begins with the file's name where the file is what is wrong.
        const char *reason = dlerror();
        snprintf(problem, size, "cannot open %s: %s", file, reason == NULL ? "no reason given" : reason);
        return NULL;
    }
    calls = take_calls(handle, file, problem, size);
    if (calls == NULL) {
        dlclose(handle);
        return NULL;
    }
    const struct zlib_calls *others = NULL;
    if (!__atomic_compare_exchange_n(&library->calls, &others, calls, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        free((void *)calls);
        dlclose(handle);
        return others;
    }
    return calls;
}
