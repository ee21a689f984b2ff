// SPDX-License-Identifier: Apache-2.0
//
// poll, ppoll and epoll. A node is readable once for each batch of completions: asking takes note of them, as the
// driver's is_q_updated does. Sleepers wait for an event descriptor that completion interrupts make readable.

#include "waiting.h"

#include "emulator.h"
#include "node_table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    /// Descriptors polled at once without asking for memory.
    FEW = 64,
};

/// The event descriptor of a node that is pinned; made when first asked for. -1: the process has no descriptor left.
static int event_of(struct node *node)
{
    int event = atomic_load(&node->event);
    if (event >= 0) return event;
    struct table *table = atomic_load(&the_table);
    sigset_t previous;
    table_lock(table, &previous);
    event = atomic_load(&node->event);
    void *queue = atomic_load(&node->queue);
    if (event < 0 && queue != NULL) {
        event = descriptor_hide(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        if (event >= 0) emulator.connect_event(queue, event);
        atomic_store(&node->event, event);
    }
    table_unlock(table, &previous);
    return event;
}

static void drain(int event)
{
    uint64_t count;
    (void)!REAL(read)(event, &count, sizeof count);
}

static bool take_updates(int descriptor)
{
    struct node *node;
    if (node_pin(descriptor, &node) != NODE_OWN) return false;
    bool is_updated = emulator.take_updates(atomic_load(&node->queue)) != 0;
    node_unpin(node);
    return is_updated;
}

/// Takes note of the updates of all nodes in `requests`, and says so in their revents. Returns how many have any.
static int look_at_nodes(struct pollfd *requests, nfds_t count)
{
    int ready = 0;
    for (nfds_t index = 0; index < count; index++) {
        if (!is_node(requests[index].fd)) continue;
        short wanted = requests[index].events & (POLLIN | POLLRDNORM);
        requests[index].revents = wanted != 0 && take_updates(requests[index].fd) ? wanted : 0;
        ready += requests[index].revents != 0;
    }
    return ready;
}

static struct timespec later(const struct timespec *time, struct timespec span)
{
    struct timespec sum = {time->tv_sec + span.tv_sec, time->tv_nsec + span.tv_nsec};
    if (sum.tv_nsec >= 1000000000) sum.tv_sec++, sum.tv_nsec -= 1000000000;
    return sum;
}

/// What is left until `end`; zero when it has passed.
static struct timespec until(const struct timespec *end)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    struct timespec left = {end->tv_sec - now.tv_sec, end->tv_nsec - now.tv_nsec};
    if (left.tv_nsec < 0) left.tv_sec--, left.tv_nsec += 1000000000;
    if (left.tv_sec < 0) left = (struct timespec){0, 0};
    return left;
}

/// ppoll on descriptors of which some are nodes. `copies` has room for `count`.
static int poll_nodes(
    struct pollfd *requests, struct pollfd *copies, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
    struct timespec end;
    if (timeout != NULL) {
        clock_gettime(CLOCK_MONOTONIC, &end);
        end = later(&end, *timeout);
    }
    for (nfds_t index = 0; index < count; index++) {
        copies[index] = requests[index];
        if (!is_node(requests[index].fd)) continue;
        struct node *node;
        enum node_kind kind = node_pin(requests[index].fd, &node);
        copies[index].fd = -1; // another process's, or hidden: no events
        copies[index].events = POLLIN;
        if (kind != NODE_OWN) continue;
        copies[index].fd = event_of(node);
        node_unpin(node);
    }
    bool is_last_look = false;
    while (true) {
        // An interrupt between this look and the call below leaves the event descriptor readable.
        int ready = look_at_nodes(requests, count);
        struct timespec left = {0, 0};
        if (timeout != NULL && ready == 0) left = until(&end);
        if (is_last_look) left = (struct timespec){0, 0};
        int found = REAL(ppoll)(copies, count, ready == 0 && timeout == NULL ? NULL : &left, mask);
        if (found < 0) return -1;
        int others = 0;
        for (nfds_t index = 0; index < count; index++) {
            if (is_node(requests[index].fd)) {
                if (copies[index].revents & POLLIN) drain(copies[index].fd);
            } else {
                requests[index].revents = copies[index].revents;
                others += copies[index].revents != 0;
            }
        }
        if (ready + others > 0 || is_last_look) return ready + others;
        // A look once the time is over finds what no interrupt told of.
        is_last_look = found == 0;
    }
}

static bool has_nodes(const struct pollfd *requests, nfds_t count)
{
    if (atomic_load_explicit(&the_table, memory_order_relaxed) == NULL || requests == NULL) return false;
    for (nfds_t index = 0; index < count; index++)
        if (is_node(requests[index].fd)) return true;
    return false;
}

int wait_for_nodes(struct pollfd *requests, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
    int saved = errno;
    struct pollfd few[FEW];
    struct pollfd *copies = count <= FEW ? few : malloc(count * sizeof *copies);
    if (copies == NULL) return fail(ENOMEM);
    int result = poll_nodes(requests, copies, count, timeout, mask);
    if (result >= 0) errno = saved;
    int error = errno;
    if (copies != few) free(copies);
    errno = error;
    return result;
}

static int wait_milliseconds(struct pollfd *requests, nfds_t count, int timeout)
{
    struct timespec time = {timeout / 1000, timeout % 1000 * 1000000L};
    return wait_for_nodes(requests, count, timeout < 0 ? NULL : &time, NULL);
}

INTERPOSED int poll(struct pollfd *requests, nfds_t count, int timeout)
{
    if (!has_nodes(requests, count)) return REAL(poll)(requests, count, timeout);
    return wait_milliseconds(requests, count, timeout);
}

INTERPOSED int ppoll(struct pollfd *requests, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
    if (!has_nodes(requests, count)) return REAL(ppoll)(requests, count, timeout, mask);
    return wait_for_nodes(requests, count, timeout, mask);
}

int __poll_chk(struct pollfd *requests, nfds_t count, int timeout, size_t size);
INTERPOSED int __poll_chk(struct pollfd *requests, nfds_t count, int timeout, size_t size)
{
    if (!has_nodes(requests, count)) return REAL(__poll_chk)(requests, count, timeout, size);
    return wait_milliseconds(requests, count, timeout);
}

int __ppoll_chk(
    struct pollfd *requests, nfds_t count, const struct timespec *timeout, const sigset_t *mask, size_t size);
INTERPOSED int __ppoll_chk(
    struct pollfd *requests, nfds_t count, const struct timespec *timeout, const sigset_t *mask, size_t size)
{
    if (!has_nodes(requests, count)) return REAL(__ppoll_chk)(requests, count, timeout, mask, size);
    return wait_for_nodes(requests, count, timeout, mask);
}

/// An epoll set gets the event descriptor in the node's place. Edge-triggered: an interrupt is told of once, like the
/// driver does, and nobody has to read the event descriptor.
INTERPOSED int epoll_ctl(int set, int operation, int descriptor, struct epoll_event *event)
{
    struct node *node;
    if (!is_node(descriptor) || node_pin(descriptor, &node) != NODE_OWN)
        return REAL(epoll_ctl)(set, operation, descriptor, event);
    int saved = errno;
    int substitute = event_of(node);
    struct epoll_event edge;
    if (event != NULL) {
        edge = *event;
        edge.events = (event->events & ~(uint32_t)(EPOLLOUT | EPOLLEXCLUSIVE)) | EPOLLET;
    }
    int result = substitute < 0 ? fail(ENOSPC)
                                : REAL(epoll_ctl)(set, operation, substitute, event == NULL ? NULL : &edge);
    // What is completed already is told at once.
    if (result == 0 && operation != EPOLL_CTL_DEL && emulator.take_updates(atomic_load(&node->queue)) != 0) {
        uint64_t one = 1;
        (void)!REAL(write)(substitute, &one, sizeof one);
    }
    node_unpin(node);
    if (result == 0) errno = saved;
    return result;
}
