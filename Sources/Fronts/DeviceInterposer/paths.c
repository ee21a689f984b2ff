// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE // secure_getenv
#include "paths.h"

#include "device_interposer.h"
#include "queue_locks.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/// What begins so lies in the tree, under the same name below its root.
static const struct {
    const char *prefix;
    enum path_kind kind;
    /// Whether the prefix ends a name, so that `/sys/class/uacce2` is not meant.
    bool is_whole_name;
} prefixes[] = {
    {"/dev/hisi_", PATH_NODE, false},
    {"/sys/class/uacce", PATH_IN_TREE, true},
    {"/sys/devices/uacce_emulator", PATH_IN_TREE, true},
    {"/sys/module/hisi_", PATH_IN_TREE, false},
};

enum { ROOT_UNKNOWN, ROOT_ABSENT, ROOT_KNOWN };
static _Atomic int root_state;
static char root[PATH_MAX];
static size_t root_length;

/// Runs as a constructor, or earlier when a constructor of another library opens a file. Both do the same.
__attribute__((constructor)) static void read_root(void)
{
    if (atomic_load_explicit(&root_state, memory_order_acquire) != ROOT_UNKNOWN) return;
    // The environment may be changed later, by a program that knows nothing of this.
    const char *value = secure_getenv(DEVICE_INTERPOSER_VARIABLE);
    size_t length = value == NULL ? 0 : strlen(value);
    // Room for the names in the tree.
    bool is_usable = length > 1 && value[0] == '/' && length < sizeof root - 256;
    if (is_usable) {
        memcpy(root, value, length + 1);
        root_length = length;
    }
    atomic_store_explicit(&root_state, is_usable ? ROOT_KNOWN : ROOT_ABSENT, memory_order_release);
}

const char *path_root(void)
{
    int state = atomic_load_explicit(&root_state, memory_order_acquire);
    if (state == ROOT_UNKNOWN) {
        read_root();
        state = atomic_load_explicit(&root_state, memory_order_acquire);
    }
    return state == ROOT_KNOWN ? root : NULL;
}

enum path_kind path_lead_into_tree(const char *path, char buffer[PATH_MAX])
{
    for (size_t row = 0; row < sizeof prefixes / sizeof prefixes[0]; row++) {
        size_t length = strlen(prefixes[row].prefix);
        if (strncmp(path, prefixes[row].prefix, length) != 0) continue;
        if (prefixes[row].is_whole_name && path[length] != '\0' && path[length] != '/') continue;
        if (path_root() == NULL) return PATH_FOREIGN;
        size_t whole = strlen(path);
        // Too long for the system as well: it shall say so.
        if (root_length + whole >= PATH_MAX) return PATH_FOREIGN;
        memcpy(buffer, root, root_length);
        memcpy(buffer + root_length, path, whole + 1);
        return prefixes[row].kind == PATH_NODE && strchr(path + length, '/') != NULL ? PATH_IN_TREE
                                                                                     : prefixes[row].kind;
    }
    return PATH_FOREIGN;
}

void path_lead_back(char *path)
{
    if (path_root() == NULL || strncmp(path, root, root_length) != 0 || path[root_length] != '/') return;
    memmove(path, path + root_length, strlen(path + root_length) + 1);
}

void path_refresh(int directory, const struct led_path *led)
{
    static const char name[] = "available_instances";
    const char *path = led->path;
    if (path == NULL || path_root() == NULL) return;
    size_t length = strlen(path);
    if (length < sizeof name - 1 || strcmp(path + length - (sizeof name - 1), name) != 0) return;
    int saved = errno;
    char whole[2 * PATH_MAX];
    if (path[0] == '/') {
        strcpy(whole, path);
    } else {
        // Relative to a directory that may well be in the tree.
        char link[32] = "/proc/self/cwd";
        if (directory != AT_FDCWD) {
            char *end = link + sizeof link - 1;
            *end = '\0';
            unsigned number = (unsigned)directory;
            do *--end = (char)('0' + number % 10);
            while ((number /= 10) != 0);
            memmove(link + strlen("/proc/self/fd/"), end, strlen(end) + 1);
            memcpy(link, "/proc/self/fd/", strlen("/proc/self/fd/"));
        }
        ssize_t count = REAL(readlink)(link, whole, PATH_MAX - 1);
        if (count > 0 && length < PATH_MAX) {
            whole[count] = '/';
            strcpy(whole + count + 1, path);
        } else {
            whole[0] = '\0';
        }
    }
    if (strncmp(whole, root, root_length) == 0) queue_locks_publish(whole, root);
    errno = saved;
}
