// SPDX-License-Identifier: Apache-2.0
//
// The nodes that this process has open.
//
// The table lies in memory that the kernel wipes in the child of a fork, so that a child has none of its parent's
// queues, whatever way it was made. It still has their descriptors: those are recognised as foreign.

#ifndef UACCE_NODE_TABLE_H
#define UACCE_NODE_TABLE_H

#include "interposed.h"

#include <pthread.h>
#include <signal.h>
#include <sys/types.h>

enum {
    /// Queues open at a time in one process.
    NODE_LIMIT = 4096,
    /// Descriptor numbers that a node may have.
    DESCRIPTOR_LIMIT = 65536,
    REGION_MMIO = 0,
    REGION_DUS = 1,
};

struct mapping {
    _Atomic uintptr_t begin, end; // equal: not mapped
};

struct node {
    /// The emulator's; NULL: this entry is free, or about to be.
    _Atomic(void *) queue;
    /// Who uses `queue` without the lock: a node is not taken down before they are done.
    atomic_int users;
    char device[32];
    int number;
    /// O_RDONLY, O_WRONLY or O_RDWR, as it was opened.
    int access;
    bool shares_doorbells;
    /// Descriptors of this process.
    int references;
    /// A descriptor that keeps the number taken while there is a mapping and no other descriptor; -1.
    int keeper;
    /// Made readable by completion interrupts; -1 until someone polls.
    atomic_int event;
    int region_file;
    /// Of the node's file in the tree, whose bytes are locked (queue_locks.h).
    dev_t file_system;
    ino_t file;
    struct mapping mappings[2];
};

struct table {
    pthread_mutex_t lock;
    /// Process that it belongs to; 0: none yet, or wiped.
    _Atomic pid_t owner;
    /// The emulator's devices; NULL: not attached.
    void *set;
    /// Entries of `nodes` that have ever been used.
    atomic_int count;
    /// Where each node's doorbell registers begin, once more, close together for the fault handler; 0: nowhere.
    _Atomic uintptr_t registers[NODE_LIMIT];
    struct node nodes[NODE_LIMIT];
};

/// NULL as long as no node has been opened, in this process or a parent.
extern _Atomic(struct table *) the_table;

/// The node that each descriptor refers to, as this process has recorded it; 0: none. See node_pin().
extern _Atomic uint16_t node_of_descriptor[DESCRIPTOR_LIMIT];

/// True in the child of a vfork, which has its parent's memory but descriptors of its own: what it does to those is not to
/// be written down. Programs start others so, and close all descriptors in between.
bool is_vforked(void);

static inline bool is_node(int descriptor)
{
    return (unsigned)descriptor < DESCRIPTOR_LIMIT &&
        atomic_load_explicit(&node_of_descriptor[descriptor], memory_order_relaxed) != 0;
}

enum node_kind {
    NODE_NONE,
    /// This process's own, and pinned.
    NODE_OWN,
    /// Opened by a parent.
    NODE_FOREIGN,
    /// Not a node: a descriptor of this library.
    NODE_HIDDEN,
    /// Not a node: the attribute isolate_strategy, open for writing.
    NODE_STRATEGY,
};

/// Finds the node of a descriptor and keeps it from being taken down until node_unpin().
enum node_kind node_pin(int descriptor, struct node **node);
/// The same for a node of the table; false: it is being taken down.
bool node_pin_entry(struct node *node);
void node_unpin(struct node *node);

/// Whether a descriptor is still that of the node: a program may have closed it behind this library's back.
bool node_is_genuine(const struct node *node, int descriptor);

/// Locks the table, with signals blocked: a handler that opens or closes a node must not find the lock taken by its own
/// thread.
void table_lock(struct table *table, sigset_t *previous);
void table_unlock(struct table *table, const sigset_t *previous);

/// All of the following under the lock.

/// Registers a descriptor of a node, or of this library (NULL: hidden).
void node_adopt(int descriptor, struct node *node);
/// The descriptor has been closed, or is about to be: the last one takes the node down, unless a mapping keeps it.
void node_drop(int descriptor);
/// Takes a node down that has neither descriptor nor mapping.
void node_release_if_unused(struct node *node);

/// Marks a descriptor as the attribute isolate_strategy, open for writing.
void strategy_adopt(int descriptor);

/// Opens a node: `path` is its file in the tree. Returns what open(2) would.
int node_open(const char *path, int flags);

/// Makes a descriptor the library's own, and moves it out of the way of the program's. -1: it is given up.
int descriptor_hide(int descriptor);
void descriptor_close_hidden(int descriptor);

#endif
