// SPDX-License-Identifier: Apache-2.0
//
// glibc knows the size of a thread's stack, and makes system calls to tell it that sandboxes refuse. So the kernel is asked
// whether it can read the pages below, by futex(2), which any program with threads must be allowed: FUTEX_WAIT compares the
// word at an address, and returns at once where its time is over. It fails with EFAULT at a guard page, or where nothing
// is; and it lets the main thread's stack grow, as a use of that would.

#define _GNU_SOURCE
#include "stack_room.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096 }; // at most what any system has, and so never past a guard

static int is_readable(uintptr_t address)
{
    const struct timespec at_once = {0, 0};
    const int error = errno;
    // EAGAIN: the word is another; ETIMEDOUT: it is this one.
    const long result = syscall(SYS_futex, address, FUTEX_WAIT_PRIVATE, 0x5eed, &at_once, NULL, 0);
    const int is_there = result == 0 || errno == EAGAIN || errno == ETIMEDOUT || errno == EINTR;
    errno = error;
    return is_there;
}

int stack_room_is_enough(struct stack_room *known, size_t byte_count)
{
    const uintptr_t here = (uintptr_t)__builtin_frame_address(0), thread = (uintptr_t)pthread_self();
    if (here < byte_count)
        return 0;
    const uintptr_t wanted = here - byte_count;
    if (known->thread == thread && here <= known->high && wanted >= known->low)
        return 1;
    for (uintptr_t at = here & ~(uintptr_t)(PAGE - 1); at > wanted;) {
        at -= PAGE;
        if (!is_readable(at))
            return 0;
    }
    *known = (struct stack_room){thread, wanted & ~(uintptr_t)(PAGE - 1), here};
    return 1;
}
