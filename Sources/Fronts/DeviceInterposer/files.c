// SPDX-License-Identifier: Apache-2.0
//
// Functions that take a path and give a file, a directory or the path's own nature. Each leads the path and calls the
// real one; a device node is opened as a queue.

#include "paths.h"
#include "node_table.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

// ---- open ----

#define OPEN_MODE(flags, last)                                                                                         \
    mode_t mode = 0;                                                                                                   \
    if ((flags) & O_CREAT || ((flags) & O_TMPFILE) == O_TMPFILE) {                                                     \
        va_list arguments;                                                                                             \
        va_start(arguments, last);                                                                                     \
        mode = va_arg(arguments, mode_t);                                                                              \
        va_end(arguments);                                                                                             \
    }

/// Attributes are never cut short: a shell's `>` asks for that.
static int without_truncation(const struct led_path *led, int flags)
{
    return led->kind == PATH_IN_TREE ? flags & ~(O_TRUNC | O_CREAT | O_EXCL) : flags;
}

/// Takes note of isolate_strategy that is opened for writing: what is written to it is checked (strategy.c). Hands the
/// descriptor on.
static int note_strategy(const struct led_path *led, int flags, int descriptor)
{
    static const char name[] = "/isolate_strategy";
    if (descriptor < 0 || led->kind != PATH_IN_TREE || (flags & O_ACCMODE) == O_RDONLY) return descriptor;
    size_t length = strlen(led->path);
    if (length >= sizeof name && strcmp(led->path + length - (sizeof name - 1), name) == 0) strategy_adopt(descriptor);
    return descriptor;
}

#define INTERPOSE_OPEN(name)                                                                                           \
    INTERPOSED int name(const char *path, int flags, ...)                                                              \
    {                                                                                                                  \
        OPEN_MODE(flags, flags)                                                                                        \
        struct led_path led;                                                                                           \
        path_lead(path, &led);                                                                                         \
        if (led.kind == PATH_NODE) return node_open(led.path, flags);                                                  \
        path_refresh(AT_FDCWD, &led);                                                                                  \
        return note_strategy(&led, flags, REAL(name)(led.path, without_truncation(&led, flags), mode));                \
    }
INTERPOSE_OPEN(open)
INTERPOSE_OPEN(open64)

#define INTERPOSE_OPENAT(name)                                                                                         \
    INTERPOSED int name(int directory, const char *path, int flags, ...)                                               \
    {                                                                                                                  \
        OPEN_MODE(flags, flags)                                                                                        \
        struct led_path led;                                                                                           \
        path_lead(path, &led);                                                                                         \
        if (led.kind == PATH_NODE) return node_open(led.path, flags);                                                  \
        path_refresh(directory, &led);                                                                                 \
        int descriptor = REAL(name)(directory, led.path, without_truncation(&led, flags), mode);                       \
        return note_strategy(&led, flags, descriptor);                                                                 \
    }
INTERPOSE_OPENAT(openat)
INTERPOSE_OPENAT(openat64)

// What programs call that were compiled with _FORTIFY_SOURCE and give no mode.
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int directory, const char *path, int flags);
int __openat64_2(int directory, const char *path, int flags);
INTERPOSED int __open_2(const char *path, int flags) { return open(path, flags); }
INTERPOSED int __open64_2(const char *path, int flags) { return open64(path, flags); }
INTERPOSED int __openat_2(int directory, const char *path, int flags) { return openat(directory, path, flags); }
INTERPOSED int __openat64_2(int directory, const char *path, int flags) { return openat64(directory, path, flags); }

/// A stream over a node, which nobody reads or writes but somebody may ask for its descriptor.
static FILE *stream_of_node(const char *path, const char *mode)
{
    int access = strchr(mode, '+') != NULL ? O_RDWR : mode[0] == 'r' ? O_RDONLY : O_WRONLY;
    int descriptor = node_open(path, access | (strchr(mode, 'e') != NULL ? O_CLOEXEC : 0));
    if (descriptor < 0) return NULL;
    FILE *stream = fdopen(descriptor, mode);
    if (stream == NULL) close(descriptor);
    return stream;
}

#define INTERPOSE_FOPEN(name)                                                                                          \
    INTERPOSED FILE *name(const char *path, const char *mode)                                                          \
    {                                                                                                                  \
        struct led_path led;                                                                                           \
        path_lead(path, &led);                                                                                         \
        if (led.kind == PATH_NODE) return stream_of_node(led.path, mode);                                              \
        path_refresh(AT_FDCWD, &led);                                                                                  \
        return REAL(name)(led.path, mode);                                                                             \
    }
INTERPOSE_FOPEN(fopen)
INTERPOSE_FOPEN(fopen64)

// ---- directories ----

INTERPOSED DIR *opendir(const char *path)
{
    struct led_path led;
    return REAL(opendir)(path_lead(path, &led));
}

// Opens the directory within the C library, past opendir.
INTERPOSED int scandir(
    const char *path, struct dirent ***list, int (*filter)(const struct dirent *),
    int (*compare)(const struct dirent **, const struct dirent **))
{
    struct led_path led;
    return REAL(scandir)(path_lead(path, &led), list, filter, compare);
}

INTERPOSED int scandir64(
    const char *path, struct dirent64 ***list, int (*filter)(const struct dirent64 *),
    int (*compare)(const struct dirent64 **, const struct dirent64 **))
{
    struct led_path led;
    return REAL(scandir64)(path_lead(path, &led), list, filter, compare);
}

INTERPOSED int chdir(const char *path)
{
    struct led_path led;
    return REAL(chdir)(path_lead(path, &led));
}

// ---- access ----

INTERPOSED int access(const char *path, int mode)
{
    struct led_path led;
    return REAL(access)(path_lead(path, &led), mode);
}

INTERPOSED int faccessat(int directory, const char *path, int mode, int flags)
{
    struct led_path led;
    return REAL(faccessat)(directory, path_lead(path, &led), mode, flags);
}

INTERPOSED int euidaccess(const char *path, int mode)
{
    struct led_path led;
    return REAL(euidaccess)(path_lead(path, &led), mode);
}

INTERPOSED int eaccess(const char *path, int mode)
{
    struct led_path led;
    return REAL(eaccess)(path_lead(path, &led), mode);
}

// ---- extended attributes, which there are none of: `ls -l` asks ----

INTERPOSED ssize_t getxattr(const char *path, const char *name, void *value, size_t size)
{
    struct led_path led;
    return REAL(getxattr)(path_lead(path, &led), name, value, size);
}

INTERPOSED ssize_t lgetxattr(const char *path, const char *name, void *value, size_t size)
{
    struct led_path led;
    return REAL(lgetxattr)(path_lead(path, &led), name, value, size);
}

// ---- links ----

INTERPOSED ssize_t readlink(const char *path, char *buffer, size_t size)
{
    struct led_path led;
    return REAL(readlink)(path_lead(path, &led), buffer, size);
}

INTERPOSED ssize_t readlinkat(int directory, const char *path, char *buffer, size_t size)
{
    struct led_path led;
    return REAL(readlinkat)(directory, path_lead(path, &led), buffer, size);
}

ssize_t __readlink_chk(const char *path, char *buffer, size_t size, size_t room);
INTERPOSED ssize_t __readlink_chk(const char *path, char *buffer, size_t size, size_t room)
{
    struct led_path led;
    return REAL(__readlink_chk)(path_lead(path, &led), buffer, size, room);
}

// A path in the tree is told as the program may name it again.
INTERPOSED char *realpath(const char *path, char *resolved)
{
    struct led_path led;
    char *result = REAL(realpath)(path_lead(path, &led), resolved);
    if (result != NULL) path_lead_back(result);
    return result;
}

char *__realpath_chk(const char *path, char *resolved, size_t room);
INTERPOSED char *__realpath_chk(const char *path, char *resolved, size_t room)
{
    struct led_path led;
    char *result = REAL(__realpath_chk)(path_lead(path, &led), resolved, room);
    if (result != NULL) path_lead_back(result);
    return result;
}

INTERPOSED char *canonicalize_file_name(const char *path) { return realpath(path, NULL); }
