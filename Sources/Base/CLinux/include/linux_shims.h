// SPDX-License-Identifier: Apache-2.0
//
// The C library for code that is built without Swift's own Glibc module (Embedded Swift has none), and the few things
// that Swift cannot say: variadic calls, and an optimisation barrier.

#ifndef UACCE_LINUX_SHIMS_H
#define UACCE_LINUX_SHIMS_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

// errno is a macro over a function call.
static inline int linux_errno(void) { return errno; }
static inline void linux_set_errno(int error) { errno = error; }

// open(2) and ioctl(2) are variadic.
static inline int linux_open(const char *path, int flags) { return open(path, flags | O_CLOEXEC); }
static inline int linux_create(const char *path, int flags, mode_t mode) { return open(path, flags | O_CLOEXEC, mode); }
static inline int linux_open_at(int directory, const char *path, int flags, mode_t mode)
{
    return openat(directory, path, flags | O_CLOEXEC, mode);
}
/// A descriptor that is readable from the start and stays so, as long as nobody reads it. -1: none is left.
static inline int linux_readable_descriptor(void) { return eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK); }
static inline int linux_ioctl(int fd, unsigned long request, void *argument) { return ioctl(fd, request, argument); }

// The name in a directory entry. Swift sees d_name as an array of its full declared size; the entry may be shorter.
static inline const char *linux_entry_name(const struct dirent *entry) { return entry->d_name; }

// mmap's failure value is a cast, which Swift does not import.
static inline void *linux_map(size_t length, int protection, int flags, int fd, off_t offset)
{
    void *address = mmap(NULL, length, protection, flags, fd, offset);
    return address == MAP_FAILED ? NULL : address;
}

// The processor that the caller runs on. Neither this nor the next makes a system call where the C library knows the
// kernel's vDSO or restartable sequences; both have declarations only with _GNU_SOURCE.
extern int sched_getcpu(void);
static inline int linux_processor(void) { return sched_getcpu(); }
// The NUMA node that the caller runs on.
extern int getcpu(unsigned *processor, unsigned *node);
static inline int linux_current_node(unsigned *node) { return getcpu(NULL, node); }

// An anonymous file in memory, its number high enough to be out of the way of the program's; -1 when the system gives
// none. The call, and the next, have declarations only with _GNU_SOURCE.
static inline int linux_memory_file(const char *name)
{
    int low = (int)syscall(SYS_memfd_create, name, 1u /* MFD_CLOEXEC */);
    int high = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, 512);
    if (high >= 0) close(low);
    return high >= 0 ? high : low;
}
// Gives memory of such a file back; what is read there afterwards is zero.
static inline int linux_punch_hole(int fd, off_t offset, off_t length)
{
    return (int)syscall(SYS_fallocate, fd, 3 /* FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE */, offset, length);
}
static inline void *linux_map_shared(size_t length, int fd, off_t offset)
{
    void *address = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
    return address == MAP_FAILED ? NULL : address;
}
// Makes an event descriptor readable. Never blocks: a counter that is full is readable.
static inline void linux_signal_event(int fd)
{
    uint64_t one = 1;
    (void)!write(fd, &one, sizeof one);
}

// The environment, an extern char ** that Swift's concurrency checking refuses.
extern char **environ;
static inline char *const *linux_environment(void) { return environ; }

// The kernel's id of this thread. gettid(2) has a wrapper only with _GNU_SOURCE.
static inline pid_t linux_thread_id(void) { return (pid_t)syscall(SYS_gettid); }

// Copies memory of this process that may not be there; false, with errno EFAULT then. process_vm_readv(2) is declared only
// with _GNU_SOURCE.
static inline _Bool linux_look(void *destination, const void *source, size_t count)
{
    struct iovec to = {destination, count}, from = {(void *)source, count};
    return syscall(SYS_process_vm_readv, getpid(), &to, 1UL, &from, 1UL, 0UL) == (long)count;
}

// Copies memory of another process, as far as the kernel lets this one look (process_vm_readv(2)): how many bytes, or -1
// with errno.
static inline ssize_t linux_copy_from_process(pid_t process, void *destination, uint64_t address, size_t count)
{
    struct iovec to = {destination, count}, from = {(void *)(uintptr_t)address, count};
    return syscall(SYS_process_vm_readv, process, &to, 1UL, &from, 1UL, 0UL);
}

// Whether the program has more privileges than its caller, whose environment it must not trust then.
static inline int linux_is_privileged(void) { return getauxval(AT_SECURE) != 0; }

// A variable of the environment; NULL in a program that has more privileges than whoever started it.
static inline const char *linux_secure_environment(const char *name) { return linux_is_privileged() ? NULL : getenv(name); }

// Calls that fail where they would end the program otherwise: beyond a limit of file sizes (SIGXFSZ), into a pipe that
// nobody reads (SIGPIPE). The kernel sends both signals to the thread that calls. One of the program's own, which was
// pending before, stays so.
struct linux_held_signals {
    sigset_t before, pending;
};
static inline void linux_hold_signals(struct linux_held_signals *held)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGXFSZ);
    sigaddset(&signals, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &signals, &held->before);
    sigpending(&held->pending);
}
static inline void linux_let_signals_go(const struct linux_held_signals *held, _Bool failed)
{
    int error = errno, number = error == EFBIG ? SIGXFSZ : error == EPIPE ? SIGPIPE : 0;
    if (failed && number != 0 && !sigismember(&held->pending, number)) {
        const struct timespec now = {0, 0};
        sigset_t sent;
        sigemptyset(&sent);
        sigaddset(&sent, number);
        while (sigtimedwait(&sent, NULL, &now) < 0 && errno == EINTR) {}
    }
    pthread_sigmask(SIG_SETMASK, &held->before, NULL);
    errno = error;
}
static inline ssize_t linux_write_quietly(int fd, const void *bytes, size_t count)
{
    struct linux_held_signals held;
    linux_hold_signals(&held);
    ssize_t written = write(fd, bytes, count);
    linux_let_signals_go(&held, written < 0);
    return written;
}
static inline int linux_resize_quietly(int fd, off_t length)
{
    struct linux_held_signals held;
    linux_hold_signals(&held);
    int outcome = ftruncate(fd, length);
    linux_let_signals_go(&held, outcome < 0);
    return outcome;
}

// Hides a value from the optimiser, so that arithmetic on secrets is not turned back into a branch.
static inline uint64_t linux_value_barrier(uint64_t value)
{
    __asm__("" : "+r"(value));
    return value;
}

// A hint that this is a spinning wait.
static inline void linux_spin_hint(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

// Wipes memory in a way the optimiser keeps.
static inline void linux_wipe(void *memory, size_t count) { explicit_bzero(memory, count); }

// One 64-bit store to a device register, after everything written before it (the submission entries) is visible.
static inline void linux_mmio_write64(void *address, uint64_t value)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    *(volatile uint64_t *)address = value;
}

#endif
