// SPDX-License-Identifier: Apache-2.0
//
// ioctl: the four requests of uacce and hisi_qm.

#include "emulator.h"
#include "paths.h"
#include "node_table.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

// Sources/Boundary/CUacce/include/uacce.h has the same; this library shares nothing with the Swift modules.
enum {
    START_QUEUE = 0x5700,
    PUT_QUEUE = 0x5701,
};
#define SET_CONTEXT 0xc004480aul
#define GET_INFORMATION 0xc010480bul

struct context {
    uint16_t queue_id;
    uint16_t queue_type;
};
struct information {
    uint32_t sqe_size;
    uint16_t sq_depth;
    uint16_t cq_depth;
    uint64_t reserved;
};

/// Copies from or to the program's memory, as a kernel does: EFAULT instead of a crash.
static int copy(void *own, void *theirs, size_t size, bool is_out)
{
    struct iovec here = {own, size}, there = {theirs, size};
    ssize_t count = is_out ? process_vm_writev(getpid(), &here, 1, &there, 1, 0)
                           : process_vm_readv(getpid(), &here, 1, &there, 1, 0);
    if (count == (ssize_t)size) return 0;
    if (count >= 0 || errno == EFAULT) return EFAULT;
    // A sandbox forbids these calls: believe the pointer, unless it is certainly none.
    if (theirs == NULL) return EFAULT;
    memcpy(is_out ? theirs : own, is_out ? own : theirs, size);
    return 0;
}

static int control(struct node *node, unsigned long request, void *argument)
{
    void *queue = atomic_load(&node->queue);
    struct context context;
    struct information information = {0};
    int error;
    if (emulator.is_dead(queue)) return ENXIO;
    switch (request) {
    case START_QUEUE:
        return emulator.start(queue);
    case PUT_QUEUE:
        return emulator.put(queue);
    case SET_CONTEXT:
        error = copy(&context, argument, sizeof context, false);
        if (error == 0) error = emulator.set_context(queue, context.queue_type, &context.queue_id);
        return error != 0 ? error : copy(&context, argument, sizeof context, true);
    case GET_INFORMATION:
        error = emulator.information(queue, &information.sqe_size, &information.sq_depth, &information.cq_depth);
        return error != 0 ? error : copy(&information, argument, sizeof information, true);
    default:
        return EINVAL;
    }
}

/// Whether a descriptor that this process knows nothing of is a node: one that was inherited over exec or received from
/// another process. The queue is its opener's.
static bool is_strangers_node(int descriptor)
{
    char link[32], target[PATH_MAX];
    const char *root = path_root();
    if (root == NULL) return false;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t count = REAL(readlink)(link, target, sizeof target - 1);
    if (count <= 0) return false;
    target[count] = '\0';
    path_lead_back(target);
    return strncmp(target, "/dev/hisi_", strlen("/dev/hisi_")) == 0;
}

INTERPOSED int ioctl(int descriptor, unsigned long request, ...)
{
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);

    bool is_ours = request == START_QUEUE || request == PUT_QUEUE || (uint32_t)request == SET_CONTEXT ||
        (uint32_t)request == GET_INFORMATION;
    if (!is_node(descriptor) && !is_ours) return REAL(ioctl)(descriptor, request, argument);

    int saved = errno;
    struct node *node;
    switch (node_pin(descriptor, &node)) {
    case NODE_OWN:
        if (node_is_genuine(node, descriptor)) {
            // The kernel looks at 32 bits.
            int error = control(node, (uint32_t)request, argument);
            node_unpin(node);
            errno = saved;
            return error == 0 ? 0 : fail(error);
        }
        node_unpin(node);
        break;
    case NODE_FOREIGN:
    case NODE_NONE:
        // The parent's device is out of reach: as far as this process can tell, the queue is dead.
        if (is_strangers_node(descriptor)) return fail(is_ours ? ENXIO : EINVAL);
        break;
    case NODE_HIDDEN:
    case NODE_STRATEGY:
        break;
    }
    errno = saved;
    return REAL(ioctl)(descriptor, request, argument);
}
