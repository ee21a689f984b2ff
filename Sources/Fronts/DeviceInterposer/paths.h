// SPDX-License-Identifier: Apache-2.0
//
// Paths that lead into the tree of the set.

#ifndef UACCE_PATHS_H
#define UACCE_PATHS_H

#include "interposed.h"

#include <limits.h>

enum path_kind {
    /// None of ours.
    PATH_FOREIGN,
    /// In the tree.
    PATH_IN_TREE,
    /// A device node's: /dev/hisi_*.
    PATH_NODE,
};

/// A path that a program named, and where it leads.
struct led_path {
    enum path_kind kind;
    /// What to call the real function with: the program's own pointer, or `buffer`.
    const char *path;
    char buffer[PATH_MAX];
};

enum path_kind path_lead_into_tree(const char *path, char buffer[PATH_MAX]);

/// Leads a path; costs a few comparisons when it is none of ours.
static inline const char *path_lead(const char *path, struct led_path *led)
{
    led->kind = PATH_FOREIGN;
    led->path = path;
    if (path != NULL && path[0] == '/' && (path[1] == 's' || path[1] == 'd')) {
        led->kind = path_lead_into_tree(path, led->buffer);
        if (led->kind != PATH_FOREIGN) led->path = led->buffer;
    }
    return led->path;
}

/// Undoes it, in place, for a path that the system told. Does nothing to one outside of the tree.
void path_lead_back(char *path);

/// The tree's directory; NULL: there is no set.
const char *path_root(void);

/// To be called before a file is opened: lets `available_instances` tell how many queues are free now.
/// `directory` is what openat() takes.
void path_refresh(int directory, const struct led_path *led);

#endif
