// SPDX-License-Identifier: Apache-2.0
//
// Which queues of a device are taken, over all processes that use the set.
//
// The lock file is the node's own file in the tree, as many bytes long as the device has queues. The process that opened
// queue n holds a lock on byte n, one that belongs to the open file description (F_OFD_SETLK): it goes when the last descriptor
// of it is closed, in whatever process, and by whatever means. So a queue's number comes back exactly when the kernel
// would release a queue: after fork, dup and exec, and when a process is killed.

#ifndef UACCE_QUEUE_LOCKS_H
#define UACCE_QUEUE_LOCKS_H

#include "interposed.h"

/// Takes the lowest number that is free. Returns it, or -1 with errno: EBUSY when none is.
int queue_lock_lowest(int node_file);

/// Takes a number that an earlier look found; 0, or -1 with errno.
int queue_lock_number(int node_file, int number);

/// Rewrites the file `attribute` (`.../<device>/available_instances`) of the tree, if its number is not that of the
/// free queues.
void queue_locks_publish(const char *attribute, const char *root);

#endif
