// SPDX-License-Identifier: Apache-2.0

#include "queue_locks.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct flock byte_lock(int number)
{
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = number, .l_len = 1};
}

static int queue_count(int node_file)
{
    struct stat status;
    return REAL(fstat)(node_file, &status) == 0 ? (int)status.st_size : -1;
}

int queue_lock_number(int node_file, int number)
{
    struct flock lock = byte_lock(number);
    return REAL(fcntl)(node_file, F_OFD_SETLK, &lock);
}

int queue_lock_lowest(int node_file)
{
    int count = queue_count(node_file);
    if (count < 0) return -1;
    for (int number = 0; number < count; number++) {
        if (queue_lock_number(node_file, number) == 0) return number;
        if (errno != EAGAIN && errno != EACCES) return -1;
    }
    return fail(EBUSY);
}

void queue_locks_publish(const char *attribute, const char *root)
{
    // The device's name is the last but one of the path.
    const char *end = strrchr(attribute, '/');
    const char *name = end;
    while (name > attribute && name[-1] != '/') name--;
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/dev/%.*s", root, (int)(end - name), name) >= (int)sizeof path) return;
    int node_file = REAL(open)(path, O_RDONLY | O_CLOEXEC);
    if (node_file < 0) return;
    int count = queue_count(node_file);
    int available = 0;
    for (int number = 0; number < count; number++) {
        struct flock lock = byte_lock(number);
        // This description holds no lock, so every lock is another's.
        if (REAL(fcntl)(node_file, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_UNLCK) available++;
    }
    REAL(close)(node_file);
    if (count <= 0) return;

    char text[16];
    int length = snprintf(text, sizeof text, "%d\n", available);
    int file = REAL(open)(attribute, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    char told[16];
    ssize_t told_length = REAL(read)(file, told, sizeof told);
    REAL(close)(file);
    if (told_length == length && memcmp(told, text, (size_t)length) == 0) return;

    // Replaced as a whole: a reader sees the old number or the new one.
    snprintf(path, sizeof path, "%s/count-%d-%ld", root, getpid(), syscall(SYS_gettid));
    file = REAL(open)(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0444);
    if (file < 0) return;
    bool is_written = REAL(write)(file, text, (size_t)length) == length;
    REAL(close)(file);
    if (!is_written || rename(path, attribute) != 0) unlink(path);
}
