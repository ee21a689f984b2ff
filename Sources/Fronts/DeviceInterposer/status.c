// SPDX-License-Identifier: Apache-2.0
//
// The stat family. In the tree a node is a plain file; a program sees a character device.

#include "paths.h"
#include "node_table.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

_Static_assert(sizeof(struct stat) == sizeof(struct stat64), "one layout on 64-bit systems");

enum {
    // As DeviceTree says in the attribute `dev`.
    NODE_MAJOR = 240,
};

/// The node's minor number, from the attribute `dev` of its device; 0 when that cannot be read.
static unsigned minor_number(const char *path)
{
    char attribute[PATH_MAX + 32];
    const char *root = path_root();
    const char *name = strrchr(path, '/');
    if (root == NULL || name == NULL) return 0;
    strcpy(attribute, root);
    strcat(attribute, "/sys/class/uacce");
    strncat(attribute, name, PATH_MAX - strlen(attribute) - sizeof "/dev");
    strcat(attribute, "/dev");
    int saved = errno;
    int file = REAL(open)(attribute, O_RDONLY | O_CLOEXEC);
    char text[32] = "";
    if (file >= 0) {
        (void)!REAL(read)(file, text, sizeof text - 1);
        REAL(close)(file);
    }
    errno = saved;
    unsigned number = 0;
    const char *colon = strchr(text, ':');
    for (const char *digit = colon; digit != NULL && digit[1] >= '0' && digit[1] <= '9'; digit++)
        number = number * 10 + (unsigned)(digit[1] - '0');
    return number;
}

static int show_device(int result, const char *path, struct stat *status)
{
    if (result == 0 && S_ISREG(status->st_mode)) {
        status->st_mode = S_IFCHR | (status->st_mode & 07777);
        status->st_rdev = makedev(NODE_MAJOR, minor_number(path));
        status->st_size = 0;
        status->st_blocks = 0;
    }
    return result;
}

/// What fstat of a node tells, other than of a plain file.
static int show_open_device(int result, int descriptor, struct stat *status)
{
    struct node *node;
    if (result != 0 || !is_node(descriptor) || node_pin(descriptor, &node) != NODE_OWN) return result;
    bool is_genuine = status->st_ino == node->file && status->st_dev == node->file_system;
    char path[sizeof node->device + 1] = "/";
    strcat(path, node->device);
    node_unpin(node);
    return is_genuine ? show_device(result, path, status) : result;
}

// Each by the real function `call`, made with led.path; `status` may be of the type of struct stat64.
#define INTERPOSE_STATUS(declaration, call)                                                                            \
    INTERPOSED int declaration                                                                                         \
    {                                                                                                                  \
        struct led_path led;                                                                                           \
        path_lead(path, &led);                                                                                         \
        int result = call;                                                                                             \
        return led.kind == PATH_NODE ? show_device(result, path, (struct stat *)status) : result;                      \
    }
#define INTERPOSE_OPEN_STATUS(declaration, call)                                                                       \
    INTERPOSED int declaration { return show_open_device(call, descriptor, (struct stat *)status); }

#define INTERPOSE_FAMILY(suffix)                                                                                       \
    INTERPOSE_STATUS(                                                                                                  \
        stat##suffix(const char *path, struct stat##suffix *status), REAL(stat##suffix)(led.path, status))             \
    INTERPOSE_STATUS(                                                                                                  \
        lstat##suffix(const char *path, struct stat##suffix *status), REAL(lstat##suffix)(led.path, status))           \
    INTERPOSE_STATUS(                                                                                                  \
        fstatat##suffix(int directory, const char *path, struct stat##suffix *status, int flags),                      \
        REAL(fstatat##suffix)(directory, led.path, status, flags))                                                     \
    INTERPOSE_OPEN_STATUS(                                                                                             \
        fstat##suffix(int descriptor, struct stat##suffix *status), REAL(fstat##suffix)(descriptor, status))           \
    /* What programs call that were linked before glibc 2.33. */                                                       \
    int __xstat##suffix(int version, const char *path, struct stat##suffix *status);                                   \
    int __lxstat##suffix(int version, const char *path, struct stat##suffix *status);                                  \
    int __fxstat##suffix(int version, int descriptor, struct stat##suffix *status);                                    \
    int __fxstatat##suffix(int version, int directory, const char *path, struct stat##suffix *status, int flags);      \
    INTERPOSE_STATUS(                                                                                                  \
        __xstat##suffix(int version, const char *path, struct stat##suffix *status),                                   \
        REAL(__xstat##suffix)(version, led.path, status))                                                              \
    INTERPOSE_STATUS(                                                                                                  \
        __lxstat##suffix(int version, const char *path, struct stat##suffix *status),                                  \
        REAL(__lxstat##suffix)(version, led.path, status))                                                             \
    INTERPOSE_OPEN_STATUS(                                                                                             \
        __fxstat##suffix(int version, int descriptor, struct stat##suffix *status),                                    \
        REAL(__fxstat##suffix)(version, descriptor, status))                                                           \
    INTERPOSE_STATUS(                                                                                                  \
        __fxstatat##suffix(int version, int directory, const char *path, struct stat##suffix *status, int flags),      \
        REAL(__fxstatat##suffix)(version, directory, led.path, status, flags))
INTERPOSE_FAMILY()
INTERPOSE_FAMILY(64)

INTERPOSED int statx(int directory, const char *path, int flags, unsigned mask, struct statx *status)
{
    struct led_path led;
    path_lead(path, &led);
    int result = REAL(statx)(directory, led.path, flags, mask, status);
    if (result == 0 && led.kind == PATH_NODE && S_ISREG(status->stx_mode)) {
        status->stx_mode = (uint16_t)(S_IFCHR | (status->stx_mode & 07777));
        status->stx_rdev_major = NODE_MAJOR;
        status->stx_rdev_minor = minor_number(path);
        status->stx_size = 0;
        status->stx_blocks = 0;
    }
    return result;
}
