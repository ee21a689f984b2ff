// SPDX-License-Identifier: Apache-2.0
//
// Which queues of a device are taken, over all processes that use the set.
//
// The ledger is the node's own file in the tree, as many bytes long as the device has queues. Who has opened queue n
// holds a lock on byte n, one that belongs to the open file description (F_OFD_SETLK): it goes when the last descriptor
// of it is closed, in whatever process, and by whatever means. So a queue's number comes back exactly when the kernel
// would release a queue: after fork, dup and exec, and when a process is killed.

#ifndef UACCE_LEDGER_H
#define UACCE_LEDGER_H

#include "interposed.h"

/// Takes the lowest number that is free. Returns it, or -1 with errno: EBUSY when none is.
int ledger_take(int ledger);

/// Takes a number that an earlier look found; 0, or -1 with errno.
int ledger_take_number(int ledger, int number);

/// Rewrites the file `attribute` (`.../<device>/available_instances`) of the tree, if it tells another number than
/// there are free queues.
void ledger_refresh(const char *attribute, const char *root);

#endif
