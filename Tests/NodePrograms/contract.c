// SPDX-License-Identifier: Apache-2.0
//
// contract: what the kernel promises of a uacce node, call by call: attributes, ioctls, mappings, states, error numbers,
// poll's edge, dup, fork and exec. Wants a device hisi_sec2-0 without faults, with 8 queues or more, and to be alone.

#include "node_program.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/sysmacros.h>

static void attributes(void)
{
    char text[512];
    bool v2 = is_v2();
    CHECK(attribute("api", text, sizeof text) > 0 && strcmp(text, v2 ? "hisi_qm_v2\n" : "hisi_qm_v3\n") == 0);
    CHECK(attribute("flags", text, sizeof text) > 0 && strcmp(text, "1\n") == 0);
    CHECK(attribute("algorithms", text, sizeof text) > 0 && strcmp(text, "cipher\ndigest\naead\n") == 0);
    CHECK(attribute("region_mmio_size", text, sizeof text) > 0 && strcmp(text, v2 ? "8192\n" : "65536\n") == 0);
    CHECK(attribute("region_dus_size", text, sizeof text) > 0 && strcmp(text, "151552\n") == 0);
    CHECK(attribute("isolate", text, sizeof text) > 0 && strcmp(text, "0\n") == 0);
    CHECK(attribute("isolate_strategy", text, sizeof text) > 0 && strcmp(text, "0\n") == 0);
    CHECK(attribute("device/numa_node", text, sizeof text) > 0 && text[strlen(text) - 1] == '\n');
    CHECK(attribute("device/vendor", text, sizeof text) > 0 && strcmp(text, "0x19e5\n") == 0);
    CHECK(attribute("nothing", text, sizeof text) == -1 && errno == ENOENT);

    // As UADK looks for devices.
    bool is_listed = false;
    DIR *directory = opendir("/sys/class/uacce");
    if (CHECK(directory != NULL)) {
        for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
            is_listed |= strcmp(entry->d_name, device) == 0;
        closedir(directory);
    }
    CHECK(is_listed);
    struct dirent **list;
    int count = scandir("/sys/class/uacce", &list, NULL, alphasort);
    CHECK(count >= 3);
    for (int index = 0; index < count; index++) free(list[index]);
    free(list);

    char path[PATH_MAX], resolved[PATH_MAX], target[PATH_MAX];
    snprintf(path, sizeof path, "/sys/class/uacce/%s", device);
    CHECK(access(path, F_OK) == 0);
    struct stat status;
    CHECK(lstat(path, &status) == 0 && S_ISLNK(status.st_mode));
    CHECK(stat(path, &status) == 0 && S_ISDIR(status.st_mode));
    ssize_t length = readlink(path, target, sizeof target);
    CHECK(length > 0 && memmem(target, (size_t)length, device, strlen(device)) != NULL);
    CHECK(realpath(path, resolved) != NULL && strncmp(resolved, "/sys/devices/", 13) == 0);
    // What realpath tells is a path that can be used.
    strcat(resolved, "/api");
    CHECK(access(resolved, R_OK) == 0);
    FILE *stream = fopen(resolved, "r");
    CHECK(stream != NULL && fgets(text, sizeof text, stream) != NULL && strncmp(text, "hisi_qm_v", 9) == 0);
    if (stream != NULL) fclose(stream);
    // Relative to an open directory.
    int place = open(path, O_RDONLY | O_DIRECTORY);
    int file = openat(place, "available_instances", O_RDONLY);
    CHECK(place >= 0 && file >= 0 && read(file, text, sizeof text) > 1 && strtol(text, NULL, 10) > 0);
    CHECK(fstatat(place, "flags", &status, 0) == 0 && S_ISREG(status.st_mode));
    close(file);
    close(place);
    if (getuid() != 0) CHECK_FAILS(EACCES, open(resolved, O_WRONLY));

    snprintf(path, sizeof path, "/dev/%s", device);
    CHECK(stat(path, &status) == 0 && S_ISCHR(status.st_mode));
    dev_t from_path = status.st_rdev;
    struct statx more;
    CHECK(statx(AT_FDCWD, path, 0, STATX_BASIC_STATS, &more) == 0 && S_ISCHR(more.stx_mode));
    CHECK(access(path, R_OK | W_OK) == 0);
    CHECK(attribute("dev", text, sizeof text) > 0);
    snprintf(target, sizeof target, "%u:%u\n", major(from_path), minor(from_path));
    CHECK(strcmp(text, target) == 0);
    CHECK_FAILS(ENOENT, open("/dev/hisi_sec2-99", O_RDWR));
    CHECK_FAILS(ENOENT, open("/dev/hisi_zap", O_RDWR));
    // Everything else is as it was.
    CHECK(stat("/dev/null", &status) == 0 && S_ISCHR(status.st_mode));
    CHECK(access("/sys/class/uacce2", F_OK) == -1);
}

/// The one attribute that may be written.
static void strategy(void)
{
    char path[128], text[16];
    snprintf(path, sizeof path, "/sys/class/uacce/%s/isolate_strategy", device);
    int file = open(path, O_WRONLY | O_TRUNC);
    if (!CHECK(file >= 0)) return;
    CHECK_CLEAN(write(file, "100\n", 4));
    CHECK(attribute("isolate_strategy", text, sizeof text) > 0 && strcmp(text, "100\n") == 0);
    CHECK_FAILS(EINVAL, write(file, "65536\n", 6));
    CHECK_FAILS(EINVAL, write(file, "-1\n", 3));
    CHECK_FAILS(EINVAL, write(file, "ten\n", 4));
    CHECK_FAILS(EINVAL, write(file, "\n", 1));
    CHECK(attribute("isolate_strategy", text, sizeof text) > 0 && strcmp(text, "100\n") == 0);
    CHECK(write(file, "0xffff", 6) == 6);
    CHECK(attribute("isolate_strategy", text, sizeof text) > 0 && strcmp(text, "65535\n") == 0);
    CHECK(write(file, "0", 1) == 1);
    CHECK(attribute("isolate_strategy", text, sizeof text) > 0 && strcmp(text, "0\n") == 0);
    CHECK_CLEAN(close(file));
}

static void controls(void)
{
    errno = 7777;
    int file = open_node();
    CHECK(file >= 0 && errno == 7777);
    struct stat status;
    CHECK(fstat(file, &status) == 0 && S_ISCHR(status.st_mode));
    CHECK((fcntl(file, F_GETFD) & FD_CLOEXEC) != 0);

    uint16_t context[2] = {0xffff, 0};
    CHECK_CLEAN(ioctl(file, SET_CONTEXT, context));
    CHECK(context[0] < 1024 && context[1] == 0);
    uint16_t first = context[0];
    context[1] = 1;
    CHECK(ioctl(file, SET_CONTEXT, context) == 0 && context[0] == first);
    context[1] = 2;
    CHECK_FAILS(EINVAL, ioctl(file, SET_CONTEXT, context));
    CHECK_FAILS(EFAULT, ioctl(file, SET_CONTEXT, NULL));
    CHECK_FAILS(EFAULT, ioctl(file, GET_INFORMATION, NULL));
    CHECK_FAILS(EFAULT, ioctl(file, GET_INFORMATION, (void *)8));

    struct {
        uint32_t entry;
        uint16_t submissions, completions;
        uint64_t reserved;
    } information = {1, 2, 3, 4};
    CHECK_CLEAN(ioctl(file, GET_INFORMATION, &information));
    CHECK(information.entry == 128 && information.submissions == 1024 && information.completions == 1024);

    CHECK_FAILS(EINVAL, ioctl(file, 0x5702u));
    CHECK_FAILS(EINVAL, ioctl(file, 0x80085703u, &information)); // GET_SS_DMA, of kernels without SVA
    CHECK_FAILS(EINVAL, ioctl(file, FIONREAD, &information));
    CHECK_FAILS(EINVAL, write(file, "x", 1));

    CHECK_CLEAN(ioctl(file, PUT_QUEUE)); // not started: let be
    CHECK_CLEAN(ioctl(file, START_QUEUE));
    CHECK_FAILS(EINVAL, ioctl(file, START_QUEUE));
    CHECK_CLEAN(ioctl(file, PUT_QUEUE));
    CHECK_CLEAN(ioctl(file, START_QUEUE)); // Linux 6.12: may start again
    CHECK_CLEAN(close(file));
    CHECK_FAILS(EBADF, ioctl(file, START_QUEUE));
    CHECK_FAILS(ENOTDIR, open("/dev/hisi_sec2-0", O_RDWR | O_DIRECTORY));
    // Requests of nodes mean nothing to others.
    int null = open("/dev/null", O_RDWR);
    CHECK_FAILS(ENOTTY, ioctl(null, START_QUEUE));
    close(null);
}

static void mappings(void)
{
    size_t dus = (size_t)number("region_dus_size"), mmio = (size_t)number("region_mmio_size");
    int file = open_node();
    void *failed_map = MAP_FAILED;
#define CHECK_NO_MAP(error, ...) (errno = 0, CHECK(mmap(NULL, __VA_ARGS__) == failed_map && errno == (error)))
    CHECK_NO_MAP(EINVAL, dus, PROT_READ | PROT_WRITE, MAP_SHARED, file, 2 * PAGE);
    CHECK_NO_MAP(EINVAL, dus + PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, PAGE);
    CHECK_NO_MAP(EINVAL, dus - PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, PAGE);
    CHECK_NO_MAP(EINVAL, mmio + PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    CHECK_NO_MAP(EINVAL, 0, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    CHECK_NO_MAP(EINVAL, mmio, PROT_READ | PROT_WRITE, MAP_SHARED, file, 100);

    errno = 7777;
    uint8_t *ring = map_region(file, 1, dus);
    CHECK(ring != MAP_FAILED && errno == 7777);
    uint8_t *registers = map_region(file, 0, mmio);
    CHECK(registers != MAP_FAILED && errno == 7777);
    CHECK_NO_MAP(EEXIST, dus, PROT_READ | PROT_WRITE, MAP_SHARED, file, PAGE);
    CHECK_NO_MAP(EEXIST, mmio, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    bool is_clear = true;
    for (size_t index = 0; index < dus; index++) is_clear &= ring[index] == 0;
    CHECK(is_clear);
    ring[5] = 42;
    CHECK(*(volatile uint64_t *)(registers + DOORBELL) == 0); // a load of a register that is not readable
    CHECK(mremap(ring, dus, 2 * dus, MREMAP_MAYMOVE) == failed_map && errno == EPERM);
    CHECK_CLEAN(munmap(ring, dus));
    ring = map_region(file, 1, dus);
    CHECK(ring != MAP_FAILED && ring[5] == 42); // the region is the queue's, whether it is mapped or not
    // Less than the whole of the registers is allowed, and a place of the program's choice.
    CHECK_CLEAN(munmap(registers, mmio));
    void *room = mmap(NULL, 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(mmap(room, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0) == room);

    // A mapping keeps the queue: its number is taken until both are gone.
    long free_before = number("available_instances");
    CHECK_CLEAN(close(file));
    CHECK(number("available_instances") == free_before);
    CHECK(munmap(ring, dus) == 0 && number("available_instances") == free_before);
    CHECK(munmap(room, 2 * PAGE) == 0 && number("available_instances") == free_before + 1);

    file = open("/dev/hisi_sec2-0", O_RDONLY);
    CHECK_NO_MAP(EACCES, mmio, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    CHECK_CLEAN(close(file));
}

static void work(void)
{
    struct queue queue;
    if (!CHECK(queue_open(&queue))) return;
    CHECK(queue_works(&queue));
    // More than a lap of both rings, so that the phase turns.
    bool is_well = true;
    for (int turn = 0; turn < 3 * DEPTH; turn++) is_well &= queue_works(&queue);
    CHECK(is_well);
    // A bad descriptor completes with an error.
    memset(queue_slot(&queue, queue.posted), 0xff, ENTRY);
    queue_post(&queue);
    int slot = queue_await(&queue, 5);
    CHECK(slot >= 0 && !is_well_done(queue_slot(&queue, (uint64_t)slot)) && queue_slot(&queue, (uint64_t)slot)[112] & 1);
    queue_acknowledge(&queue, false);
    CHECK(queue_works(&queue));
    queue_close(&queue);
}

static void polling(void)
{
    struct queue queue;
    bool v2 = is_v2();
    if (!CHECK(queue_open(&queue))) return;
    struct pollfd request = {queue.file, POLLIN, 0};
    double begin = seconds();
    CHECK_CLEAN(poll(&request, 1, 50));
    CHECK(request.revents == 0 && seconds() - begin > 0.045);

    // One POLLIN for a batch, consumed or not.
    for (int index = 0; index < 3; index++) {
        describe_nothing(queue_slot(&queue, queue.posted), v2);
        queue_post(&queue);
    }
    errno = 7777;
    CHECK(poll(&request, 1, 1000) == 1 && request.revents == POLLIN && errno == 7777);
    while (queue.completed < 3) CHECK(queue_await(&queue, 5) >= 0);
    (void)poll(&request, 1, 0); // those that came after the first look
    CHECK(poll(&request, 1, 0) == 0);
    // Consumed first, and told of all the same.
    queue_acknowledge(&queue, true);
    describe_nothing(queue_slot(&queue, queue.posted), v2);
    queue_post(&queue);
    CHECK(queue_await(&queue, 5) >= 0);
    CHECK(poll(&request, 1, 0) == 1 && poll(&request, 1, 0) == 0);

    // Sleeping with the interrupt armed, beside another descriptor.
    int pipes[2];
    CHECK(pipe(pipes) == 0);
    struct pollfd both[2] = {{pipes[0], POLLIN, 0}, {queue.file, POLLIN, 0}};
    for (int turn = 0; turn < 20; turn++) {
        queue_acknowledge(&queue, true);
        describe_nothing(queue_slot(&queue, queue.posted), v2);
        queue_post(&queue);
        begin = seconds();
        CHECK(poll(both, 2, 5000) == 1 && both[0].revents == 0 && both[1].revents == POLLIN);
        CHECK(seconds() - begin < 4 && queue_await(&queue, 5) >= 0);
    }
    CHECK(write(pipes[1], "x", 1) == 1);
    CHECK(poll(both, 2, 1000) == 1 && both[0].revents == POLLIN && both[1].revents == 0);
    // select: the same, with the time that is left.
    fd_set readable, writable;
    for (int turn = 0; turn < 3; turn++) {
        char byte;
        if (turn == 0) CHECK(read(pipes[0], &byte, 1) == 1);
        queue_acknowledge(&queue, true);
        describe_nothing(queue_slot(&queue, queue.posted), v2);
        queue_post(&queue);
        FD_ZERO(&readable);
        FD_ZERO(&writable);
        FD_SET(queue.file, &readable);
        FD_SET(pipes[0], &readable);
        FD_SET(queue.file, &writable);
        struct timeval limit = {5, 0};
        CHECK(select(64, &readable, &writable, NULL, &limit) == 1 && limit.tv_sec < 5);
        CHECK(FD_ISSET(queue.file, &readable) && !FD_ISSET(pipes[0], &readable) && !FD_ISSET(queue.file, &writable));
        CHECK(queue_await(&queue, 5) >= 0);
    }
    FD_ZERO(&readable);
    FD_SET(queue.file, &readable);
    struct timeval limit = {0, 20000};
    CHECK(select(64, &readable, NULL, NULL, &limit) == 0 && !FD_ISSET(queue.file, &readable) && limit.tv_usec == 0);
    struct timespec now = {0, 0};
    CHECK(ppoll(&request, 1, &now, NULL) == 0);

    // epoll: an event for each armed interrupt.
    int set = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 0x1234};
    CHECK_CLEAN(epoll_ctl(set, EPOLL_CTL_ADD, queue.file, &event));
    CHECK(epoll_wait(set, &event, 1, 0) == 0);
    for (int turn = 0; turn < 5; turn++) {
        queue_acknowledge(&queue, true);
        describe_nothing(queue_slot(&queue, queue.posted), v2);
        queue_post(&queue);
        event.data.u64 = 0;
        CHECK(epoll_wait(set, &event, 1, 5000) == 1 && event.data.u64 == 0x1234);
        CHECK(queue_await(&queue, 5) >= 0 && epoll_wait(set, &event, 1, 0) == 0);
    }
    CHECK_CLEAN(epoll_ctl(set, EPOLL_CTL_DEL, queue.file, NULL));
    close(set);
    close(pipes[0]);
    close(pipes[1]);
    queue_close(&queue);
}

static void descriptors(void)
{
    long all = number("available_instances");
    struct queue queue;
    if (!CHECK(queue_open(&queue))) return;
    CHECK(number("available_instances") == all - 1);
    int copy = dup(queue.file), far = fcntl(queue.file, F_DUPFD_CLOEXEC, 100);
    CHECK(copy >= 0 && far >= 100);
    uint16_t context[2] = {0, 0};
    CHECK(ioctl(copy, SET_CONTEXT, context) == 0 && context[0] == queue.number);
    CHECK(close(queue.file) == 0 && close(copy) == 0);
    CHECK(queue_works(&queue)); // still open
    queue.file = dup2(far, copy);
    CHECK(queue.file == copy && close(far) == 0 && queue_works(&queue));
    queue_close(&queue);
    CHECK(number("available_instances") == all);

    // A descriptor's number that is used again is no node any more.
    int file = open_node(), null = open("/dev/null", O_RDONLY);
    CHECK(dup2(null, file) == file && ioctl(file, START_QUEUE) == -1 && errno == ENOTTY);
    CHECK(number("available_instances") == all);
    close(file);
    close(null);
    for (int index = 0; index < 4; index++) CHECK(open_node() >= 0);
    closefrom(3);
    CHECK(number("available_instances") == all);
    struct queue again;
    CHECK(queue_open(&again) && queue_works(&again));
    queue_close(&again);
}

static sigjmp_buf escape;
static void jump(int number) { siglongjmp(escape, number); }

static void forks(const char *self)
{
    struct queue queue;
    if (!CHECK(queue_open(&queue)) || !CHECK(queue_works(&queue))) return;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        passed = failed = 0;
        // Nothing of the parent's queue is mapped here, and nothing can be done to it.
        signal(SIGSEGV, jump);
        if (sigsetjmp(escape, 1) == 0) CHECK(*(volatile uint8_t *)queue.dus == 0 && false);
        else CHECK(true);
        if (sigsetjmp(escape, 1) == 0) CHECK((queue_ring(&queue, 0, 1, false), false));
        else CHECK(true);
        signal(SIGSEGV, SIG_DFL);
        CHECK_FAILS(ENXIO, ioctl(queue.file, PUT_QUEUE));
        CHECK(map_region(queue.file, 1, queue.dus_size) == MAP_FAILED && errno == ENXIO);
        struct pollfd request = {queue.file, POLLIN, 0};
        CHECK(poll(&request, 1, 0) == 0);
        // Its own queue is another one.
        struct queue own;
        CHECK(queue_open(&own) && own.number != queue.number && queue_works(&own));
        queue_close(&own);
        close(queue.file);
        finish();
        fflush(stdout);
        _exit(failed == 0 && passed == 6 ? 0 : 1);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(queue_works(&queue));

    // A child that still has the descriptor keeps the number, even when the parent has closed it.
    long left = number("available_instances");
    int pipes[2];
    CHECK(pipe(pipes) == 0);
    child = fork();
    if (child == 0) {
        char byte;
        close(pipes[1]);
        _exit(read(pipes[0], &byte, 1) == 0 ? 0 : 1);
    }
    close(pipes[0]);
    queue_close(&queue);
    CHECK(number("available_instances") == left);
    close(pipes[1]);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(number("available_instances") == left + 1);

    // Between vfork and exec programs close what they have; that concerns the child alone.
    CHECK(queue_open(&queue));
    child = vfork();
    if (child == 0) {
        close(queue.file);
        execl(self, self, "nothing", NULL);
        _exit(2);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(queue_works(&queue) && ioctl(queue.file, PUT_QUEUE) == 0);
    queue_close(&queue);

    // O_CLOEXEC: a program that is started has nothing of it.
    CHECK(queue_open(&queue));
    child = fork();
    if (child == 0) {
        char text[16];
        snprintf(text, sizeof text, "%d", queue.file);
        execl(self, self, "started", text, NULL);
        _exit(2);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(queue_works(&queue));
    queue_close(&queue);
}

/// Runs in a program that was started while its parent had a queue as descriptor `inherited`.
static int started(int inherited)
{
    CHECK_FAILS(EBADF, ioctl(inherited, START_QUEUE));
    struct queue queue;
    CHECK(queue_open(&queue) && queue_works(&queue));
    queue_close(&queue);
    return failed == 0 ? 0 : 1;
}

int main(int count, char **arguments)
{
    if (count == 2 && strcmp(arguments[1], "nothing") == 0) return 0;
    if (count == 3 && strcmp(arguments[1], "started") == 0) return started(atoi(arguments[2]));
    long all = number("available_instances");
    attributes();
    strategy();
    controls();
    mappings();
    work();
    polling();
    descriptors();
    forks(arguments[0]);
    CHECK(number("available_instances") == all);
    return finish();
}
