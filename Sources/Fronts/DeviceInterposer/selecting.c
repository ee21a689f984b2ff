// SPDX-License-Identifier: Apache-2.0
//
// select and pselect, where a node is among the descriptors: as poll, which knows nodes.

#include "node_table.h"
#include "waiting.h"

#include <string.h>
#include <sys/select.h>

static bool is_in(int descriptor, const fd_set *set) { return set != NULL && FD_ISSET(descriptor, set); }

static bool has_nodes(int count, const fd_set *readable, const fd_set *writable, const fd_set *exceptional)
{
    if (atomic_load_explicit(&the_table, memory_order_relaxed) == NULL) return false;
    for (int descriptor = 0; descriptor < count && descriptor < FD_SETSIZE; descriptor++) {
        if (is_node(descriptor) &&
            (is_in(descriptor, readable) || is_in(descriptor, writable) || is_in(descriptor, exceptional)))
            return true;
    }
    return false;
}

/// Leaves in `set` those of `requests` that asked for an event of `asked` and have one of `events`.
static int leave_ready(fd_set *set, const struct pollfd *requests, nfds_t count, short asked, short events)
{
    int ready = 0;
    for (nfds_t index = 0; set != NULL && index < count; index++) {
        if (!(requests[index].events & asked) || !FD_ISSET(requests[index].fd, set)) continue;
        if (requests[index].revents & events) {
            ready++;
        } else {
            FD_CLR(requests[index].fd, set);
        }
    }
    return ready;
}

static int select_nodes(
    int count, fd_set *readable, fd_set *writable, fd_set *exceptional, const struct timespec *timeout,
    const sigset_t *mask)
{
    struct pollfd requests[FD_SETSIZE];
    nfds_t used = 0;
    for (int descriptor = 0; descriptor < count && descriptor < FD_SETSIZE; descriptor++) {
        int events = (is_in(descriptor, readable) ? POLLIN : 0) | (is_in(descriptor, writable) ? POLLOUT : 0) |
            (is_in(descriptor, exceptional) ? POLLPRI : 0);
        if (events != 0) requests[used++] = (struct pollfd){descriptor, (short)events, 0};
    }
    int result = wait_for_nodes(requests, used, timeout, mask);
    if (result < 0) return -1;
    for (nfds_t index = 0; index < used; index++)
        if (requests[index].revents & POLLNVAL) return fail(EBADF);
    // What each means in poll's terms: fs/select.c.
    return leave_ready(readable, requests, used, POLLIN, POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR) +
        leave_ready(writable, requests, used, POLLOUT, POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR) +
        leave_ready(exceptional, requests, used, POLLPRI, POLLPRI);
}

INTERPOSED int select(int count, fd_set *readable, fd_set *writable, fd_set *exceptional, struct timeval *timeout)
{
    if (!has_nodes(count, readable, writable, exceptional))
        return REAL(select)(count, readable, writable, exceptional, timeout);
    if (timeout == NULL) return select_nodes(count, readable, writable, exceptional, NULL, NULL);
    struct timespec begin, end, time = {timeout->tv_sec, timeout->tv_usec * 1000L};
    if (timeout->tv_sec < 0 || timeout->tv_usec < 0) return fail(EINVAL);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    int result = select_nodes(count, readable, writable, exceptional, &time, NULL);
    // Linux tells how much of the time was left.
    clock_gettime(CLOCK_MONOTONIC, &end);
    int64_t left = (int64_t)timeout->tv_sec * 1000000 + timeout->tv_usec -
        ((end.tv_sec - begin.tv_sec) * 1000000 + (end.tv_nsec - begin.tv_nsec) / 1000);
    if (left < 0) left = 0;
    *timeout = (struct timeval){left / 1000000, left % 1000000};
    return result;
}

INTERPOSED int pselect(
    int count, fd_set *readable, fd_set *writable, fd_set *exceptional, const struct timespec *timeout,
    const sigset_t *mask)
{
    if (!has_nodes(count, readable, writable, exceptional))
        return REAL(pselect)(count, readable, writable, exceptional, timeout, mask);
    return select_nodes(count, readable, writable, exceptional, timeout, mask);
}
