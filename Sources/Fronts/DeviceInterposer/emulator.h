// SPDX-License-Identifier: Apache-2.0
//
// The devices, in libuacce-emulator.so. What each function does is told where it is defined:
// Sources/Fronts/DeviceNodes/EntryPoints.swift. Those that return an int give an error number, 0 for none.

#ifndef UACCE_EMULATOR_H
#define UACCE_EMULATOR_H

#include "interposed.h"

#include <signal.h>

struct emulator {
    int (*attach)(const char *tree, void **set);
    int (*open)(void *set, const char *name, int number, void **node, int *region_file);
    void (*close)(void *node);
    /// True: the queue lives.
    int (*ring)(void *node, uint64_t doorbell);
    int (*is_dead)(void *node);
    int (*shares_doorbells)(void *node);
    int (*set_context)(void *node, uint16_t type, uint16_t *number);
    int (*information)(void *node, uint32_t *entry_size, uint16_t *sq_depth, uint16_t *cq_depth);
    int (*start)(void *node);
    int (*put)(void *node);
    int (*map)(void *node, int region, long length, int64_t *offset);
    void (*unmap)(void *node, int region);
    int (*take_updates)(void *node);
    void (*connect_event)(void *node, int descriptor);
    /// True, or no return at all: the fault is a device's, and taken.
    int (*take_fault)(const siginfo_t *information, void *context);
};

/// Valid once emulator_load() has succeeded.
extern struct emulator emulator;

/// Opens the library, which lies beside this one, the first time. False: it cannot be opened; says why on stderr.
/// To be called under the table's lock.
bool emulator_load(void);

#endif
