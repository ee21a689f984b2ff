// SPDX-License-Identifier: Apache-2.0

#include "node_table.h"

#include "emulator.h"
#include "queue_locks.h"
#include "paths.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

_Atomic(struct table *) the_table;
_Atomic uint16_t node_of_descriptor[DESCRIPTOR_LIMIT];

/// Values of node_of_descriptor beside "entry of the table, plus one".
enum { STRATEGY = 0xfffd, FOREIGN = 0xfffe, HIDDEN = 0xffff };

bool is_vforked(void)
{
    struct table *table = atomic_load(&the_table);
    pid_t owner = table == NULL ? 0 : atomic_load(&table->owner);
    return owner != 0 && owner != getpid();
}

// ---- looking up ----

bool node_pin_entry(struct node *node)
{
    // In one order with node_take_down(): either it sees the user, or this sees that the queue is gone.
    atomic_fetch_add(&node->users, 1);
    if (atomic_load(&node->queue) != NULL) return true;
    node_unpin(node);
    return false;
}

void node_unpin(struct node *node) { atomic_fetch_sub(&node->users, 1); }

enum node_kind node_pin(int descriptor, struct node **node)
{
    if ((unsigned)descriptor >= DESCRIPTOR_LIMIT) return NODE_NONE;
    uint16_t entry = atomic_load_explicit(&node_of_descriptor[descriptor], memory_order_acquire);
    if (entry == 0) return NODE_NONE;
    if (entry == HIDDEN) return NODE_HIDDEN;
    if (entry == STRATEGY) return NODE_STRATEGY;
    if (entry == FOREIGN || is_vforked()) return NODE_FOREIGN;
    *node = &atomic_load(&the_table)->nodes[entry - 1];
    // Wiped, in the child of a fork.
    return node_pin_entry(*node) ? NODE_OWN : NODE_FOREIGN;
}

bool node_is_genuine(const struct node *node, int descriptor)
{
    struct stat status;
    return REAL(fstat)(descriptor, &status) == 0 && status.st_ino == node->file &&
        status.st_dev == node->file_system;
}

// ---- the table ----

static struct table *table_make(void)
{
    struct table *table = atomic_load(&the_table);
    if (table != NULL) return table;
    table = REAL(mmap)(
        NULL, sizeof *table, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (table == MAP_FAILED) return NULL;
    if (madvise(table, sizeof *table, MADV_WIPEONFORK) != 0) {
        REAL(munmap)(table, sizeof *table);
        return NULL;
    }
    struct table *other = NULL;
    if (atomic_compare_exchange_strong(&the_table, &other, table)) return table;
    REAL(munmap)(table, sizeof *table);
    return other;
}

void table_lock(struct table *table, sigset_t *previous)
{
    sigset_t all;
    sigfillset(&all);
    REAL(pthread_sigmask)(SIG_SETMASK, &all, previous);
    // A wiped mutex is an unlocked one.
    pthread_mutex_lock(&table->lock);
}

void table_unlock(struct table *table, const sigset_t *previous)
{
    pthread_mutex_unlock(&table->lock);
    REAL(pthread_sigmask)(SIG_SETMASK, previous, NULL);
}

/// Has the emulator read the set; 0 or an error number. In a child, what the parent had open becomes foreign, so that
/// entries of the table can be used anew.
static int table_attach(struct table *table)
{
    if (table->set != NULL) return 0;
    if (!emulator_load()) return ENODEV;
    for (int descriptor = 0; descriptor < DESCRIPTOR_LIMIT; descriptor++) {
        uint16_t entry = atomic_load_explicit(&node_of_descriptor[descriptor], memory_order_relaxed);
        if (entry != 0 && entry < STRATEGY) atomic_store(&node_of_descriptor[descriptor], FOREIGN);
    }
    atomic_store(&table->owner, getpid());
    return emulator.attach(path_root(), &table->set);
}

static struct node *table_find_room(struct table *table)
{
    for (int index = 0; index < NODE_LIMIT; index++) {
        struct node *node = &table->nodes[index];
        if (atomic_load(&node->queue) != NULL || node->references > 0) continue;
        if (index >= atomic_load(&table->count)) atomic_store(&table->count, index + 1);
        return node;
    }
    return NULL;
}

// ---- descriptors ----

void node_adopt(int descriptor, struct node *node)
{
    if (node != NULL) node->references++;
    uint16_t entry = node == NULL ? HIDDEN : (uint16_t)(node - atomic_load(&the_table)->nodes + 1);
    atomic_store_explicit(&node_of_descriptor[descriptor], entry, memory_order_release);
}

void strategy_adopt(int descriptor)
{
    if ((unsigned)descriptor < DESCRIPTOR_LIMIT) atomic_store(&node_of_descriptor[descriptor], STRATEGY);
}

int descriptor_hide(int descriptor)
{
    if (descriptor < 0) return -1;
    // Programs take the lowest numbers for granted, and some close all that they did not open.
    int hidden = REAL(fcntl)(descriptor, F_DUPFD_CLOEXEC, 512);
    if (hidden < 0) hidden = REAL(fcntl)(descriptor, F_DUPFD_CLOEXEC, 0);
    REAL(close)(descriptor);
    if (hidden >= DESCRIPTOR_LIMIT) {
        REAL(close)(hidden);
        hidden = -1;
    }
    if (hidden >= 0) node_adopt(hidden, NULL);
    return hidden;
}

void descriptor_close_hidden(int descriptor)
{
    if (descriptor < 0) return;
    atomic_store(&node_of_descriptor[descriptor], 0);
    REAL(close)(descriptor);
}

static bool is_mapped(const struct node *node)
{
    for (int region = 0; region < 2; region++) {
        if (atomic_load(&node->mappings[region].begin) != atomic_load(&node->mappings[region].end)) return true;
    }
    return false;
}

/// Stops the queue and frees the entry. The number is free when the descriptors are closed, not before.
static void node_take_down(struct node *node)
{
    struct table *table = atomic_load(&the_table);
    atomic_store(&table->registers[node - table->nodes], 0);
    void *queue = atomic_exchange(&node->queue, NULL);
    while (atomic_load(&node->users) != 0) sched_yield();
    if (queue != NULL) emulator.close(queue);
    descriptor_close_hidden(atomic_exchange(&node->event, -1));
    descriptor_close_hidden(node->keeper);
    node->keeper = -1;
}

void node_release_if_unused(struct node *node)
{
    if (node->references == 0 && !is_mapped(node)) node_take_down(node);
}

void node_drop(int descriptor)
{
    uint16_t entry = atomic_exchange(&node_of_descriptor[descriptor], 0);
    if (entry == 0 || entry >= STRATEGY) return;
    struct node *node = &atomic_load(&the_table)->nodes[entry - 1];
    if (atomic_load(&node->queue) == NULL || --node->references > 0) return;
    // A mapping keeps a file open.
    if (is_mapped(node) && node_is_genuine(node, descriptor)) {
        node->keeper = descriptor_hide(REAL(fcntl)(descriptor, F_DUPFD_CLOEXEC, 0));
        if (node->keeper >= 0) return;
    }
    node_take_down(node);
}

// ---- opening ----

/// A node whose number is free in the file but which this table still has: its descriptors were closed in a way that
/// this library does not see.
static void forget_lost(struct table *table, const char *device, int number)
{
    for (int index = 0; index < atomic_load(&table->count); index++) {
        struct node *node = &table->nodes[index];
        if (atomic_load(&node->queue) == NULL || node->number != number || strcmp(node->device, device) != 0) continue;
        for (int descriptor = 0; descriptor < DESCRIPTOR_LIMIT && node->references > 0; descriptor++) {
            uint16_t expected = (uint16_t)(index + 1);
            if (atomic_compare_exchange_strong(&node_of_descriptor[descriptor], &expected, 0)) node->references--;
        }
        node->references = 0;
        node_take_down(node);
    }
}

/// Fills an entry for a node's file that is open; 0 or an error number.
static int node_fill(struct table *table, int node_file, const char *device, int access)
{
    if (strlen(device) >= sizeof table->nodes[0].device) return ENODEV;
    int error = table_attach(table);
    if (error != 0) return error;
    struct node *node = table_find_room(table);
    if (node == NULL) return EMFILE;
    int number = queue_lock_lowest(node_file);
    if (number < 0) return errno;
    forget_lost(table, device, number);

    struct stat status;
    if (REAL(fstat)(node_file, &status) != 0) return errno;
    void *queue = NULL;
    int region_file = -1;
    error = emulator.open(table->set, device, number, &queue, &region_file);
    if (error != 0) return error;
    if (region_file < DESCRIPTOR_LIMIT) node_adopt(region_file, NULL);

    strcpy(node->device, device);
    node->number = number;
    node->access = access;
    node->shares_doorbells = emulator.shares_doorbells(queue) != 0;
    node->references = 0;
    node->keeper = -1;
    atomic_store(&node->event, -1);
    node->region_file = region_file;
    node->file_system = status.st_dev;
    node->file = status.st_ino;
    for (int region = 0; region < 2; region++) {
        atomic_store(&node->mappings[region].begin, 0);
        atomic_store(&node->mappings[region].end, 0);
    }
    atomic_store(&node->queue, queue);
    // What the number meant before was closed behind this library's back.
    node_drop(node_file);
    node_adopt(node_file, node);
    return 0;
}

int node_open(const char *path, int flags)
{
    int saved = errno;
    if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) return fail(EEXIST);
    if (flags & O_DIRECTORY) return fail(ENOTDIR);
    // Locks want a descriptor that may write, whatever the program wants.
    int node_file = REAL(open)(path, O_RDWR | (flags & (O_CLOEXEC | O_NONBLOCK | O_PATH)));
    if (node_file < 0 || flags & O_PATH) return node_file;
    if (node_file >= DESCRIPTOR_LIMIT) {
        REAL(close)(node_file);
        return fail(EMFILE);
    }
    struct table *table = table_make();
    int error = ENOMEM;
    if (table != NULL) {
        sigset_t previous;
        table_lock(table, &previous);
        error = node_fill(table, node_file, strrchr(path, '/') + 1, flags & O_ACCMODE);
        table_unlock(table, &previous);
    }
    if (error != 0) {
        REAL(close)(node_file);
        return fail(error);
    }
    // A program may take an errno that is left from finding numbers taken for a failure.
    errno = saved;
    return node_file;
}
