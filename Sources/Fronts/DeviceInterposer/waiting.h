// SPDX-License-Identifier: Apache-2.0

#ifndef UACCE_WAITING_H
#define UACCE_WAITING_H

#include "interposed.h"

#include <poll.h>
#include <signal.h>
#include <time.h>

/// ppoll on descriptors of which some are nodes.
int wait_for_nodes(struct pollfd *requests, nfds_t count, const struct timespec *timeout, const sigset_t *mask);

#endif
