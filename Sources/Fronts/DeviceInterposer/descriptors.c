// SPDX-License-Identifier: Apache-2.0
//
// Descriptors come and go: dup, close and their relatives. A node's queue goes with its last descriptor.

#include "node_table.h"

#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

/// Makes `copy` a descriptor of whatever `original` is. `copy` may have been a node's before, in vain.
static void copy_entry(int original, int copy)
{
    struct table *table = atomic_load(&the_table);
    if (table == NULL || (unsigned)copy >= DESCRIPTOR_LIMIT || (!is_node(original) && !is_node(copy))) return;
    if (is_vforked()) return;
    sigset_t previous;
    table_lock(table, &previous);
    node_drop(copy);
    struct node *node;
    switch (node_pin(original, &node)) {
    case NODE_OWN:
        node_adopt(copy, node);
        node_unpin(node);
        break;
    case NODE_FOREIGN:
        atomic_store(&node_of_descriptor[copy], atomic_load(&node_of_descriptor[original]));
        break;
    case NODE_STRATEGY:
        strategy_adopt(copy);
        break;
    case NODE_NONE:
    case NODE_HIDDEN:
        break;
    }
    table_unlock(table, &previous);
}

INTERPOSED int close(int descriptor)
{
    if (!is_node(descriptor) || is_vforked()) return REAL(close)(descriptor);
    struct node *node;
    enum node_kind kind = node_pin(descriptor, &node);
    if (kind == NODE_OWN) node_unpin(node);
    // Programs that close whatever might be open must not hit what they did not open.
    if (kind == NODE_HIDDEN) return fail(EBADF);
    struct table *table = atomic_load(&the_table);
    if (table == NULL) {
        // The attribute, before any node.
        atomic_store(&node_of_descriptor[descriptor], 0);
        return REAL(close)(descriptor);
    }
    sigset_t previous;
    table_lock(table, &previous);
    // The queue stops before its number can be given out again.
    node_drop(descriptor);
    int result = REAL(close)(descriptor);
    int error = errno;
    table_unlock(table, &previous);
    errno = error;
    return result;
}

/// Closes a range of descriptors but for the hidden ones. `flags` are close_range's.
static int close_around_hidden(unsigned first, unsigned last, int flags)
{
    struct table *table = atomic_load(&the_table);
    if (table == NULL || first > last) return REAL(close_range)(first, last, flags);
    sigset_t previous;
    table_lock(table, &previous);
    int result = 0;
    unsigned begin = first;
    for (unsigned descriptor = first; descriptor <= last && descriptor < DESCRIPTOR_LIMIT; descriptor++) {
        if (!is_node((int)descriptor)) continue;
        struct node *node;
        enum node_kind kind = node_pin((int)descriptor, &node);
        if (kind == NODE_OWN) node_unpin(node);
        if (kind != NODE_HIDDEN) {
            if (!(flags & (int)CLOSE_RANGE_CLOEXEC)) node_drop((int)descriptor);
            continue;
        }
        if (descriptor > begin) result = REAL(close_range)(begin, descriptor - 1, flags);
        begin = descriptor + 1;
    }
    if (begin <= last && result == 0) result = REAL(close_range)(begin, last, flags);
    int error = errno;
    table_unlock(table, &previous);
    errno = error;
    return result;
}

INTERPOSED int close_range(unsigned first, unsigned last, int flags)
{
    if (atomic_load(&the_table) == NULL || is_vforked()) return REAL(close_range)(first, last, flags);
    return close_around_hidden(first, last, flags);
}

INTERPOSED void closefrom(int first)
{
    if (atomic_load(&the_table) == NULL || is_vforked()) return REAL(closefrom)(first);
    int saved = errno;
    close_around_hidden(first < 0 ? 0 : (unsigned)first, ~0u, 0);
    errno = saved;
}

INTERPOSED int dup(int original)
{
    int copy = REAL(dup)(original);
    if (copy >= 0) copy_entry(original, copy);
    return copy;
}

INTERPOSED int dup2(int original, int copy)
{
    int result = REAL(dup2)(original, copy);
    if (result >= 0 && original != copy) copy_entry(original, copy);
    return result;
}

INTERPOSED int dup3(int original, int copy, int flags)
{
    int result = REAL(dup3)(original, copy, flags);
    if (result >= 0) copy_entry(original, copy);
    return result;
}

static int pass_fcntl(int (*real)(int, int, ...), int descriptor, int command, void *argument)
{
    int result = real(descriptor, command, argument);
    if (result >= 0 && (command == F_DUPFD || command == F_DUPFD_CLOEXEC)) copy_entry(descriptor, result);
    return result;
}

// The argument is an int, a pointer or nothing; each is passed on as a pointer is.
#define PASS_FCNTL(name)                                                                                               \
    INTERPOSED int name(int descriptor, int command, ...)                                                              \
    {                                                                                                                  \
        va_list arguments;                                                                                             \
        va_start(arguments, command);                                                                                  \
        void *argument = va_arg(arguments, void *);                                                                    \
        va_end(arguments);                                                                                             \
        return pass_fcntl(REAL(name), descriptor, command, argument);                                                  \
    }
PASS_FCNTL(fcntl)
PASS_FCNTL(fcntl64)
