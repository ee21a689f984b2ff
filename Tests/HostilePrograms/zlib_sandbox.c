// SPDX-License-Identifier: Apache-2.0
//
// A program whose first stream is inside a sandbox. Checks that zlib, whoever provides it, makes only system calls then
// that two filters allow: the one of OpenSSH before authentication, and one for memory, time, reading and writing alone.
//
// Run: zlib_sandbox, linked with -lz, with libuacce-z.so preloaded or in libz.so.1's place.
// Exits 0 when all is well; 1 with a line on standard error for each child that a filter ended, or whose data was wrong.

#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#define ALLOW(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

// sandbox-seccomp-filter.c of OpenSSH 9.2, without what it refuses with an error: that is too many here, too.
static struct sock_filter openssh[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    ALLOW(brk), ALLOW(clock_gettime), ALLOW(clock_nanosleep), ALLOW(close), ALLOW(exit), ALLOW(exit_group), ALLOW(futex),
    ALLOW(geteuid), ALLOW(getpgid), ALLOW(getpid), ALLOW(getrandom), ALLOW(gettid), ALLOW(gettimeofday), ALLOW(getuid),
    ALLOW(madvise), ALLOW(mmap), ALLOW(mprotect), ALLOW(mremap), ALLOW(munmap), ALLOW(nanosleep), ALLOW(poll),
    ALLOW(ppoll), ALLOW(read), ALLOW(rt_sigprocmask), ALLOW(shutdown), ALLOW(write), ALLOW(writev),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
};
static struct sock_filter strict[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    ALLOW(brk), ALLOW(mmap), ALLOW(munmap), ALLOW(mremap), ALLOW(mprotect), ALLOW(madvise), ALLOW(clock_gettime),
    ALLOW(gettimeofday), ALLOW(read), ALLOW(write), ALLOW(exit), ALLOW(exit_group), ALLOW(futex), ALLOW(rt_sigreturn),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
};

static void refused(int signal, siginfo_t *information, void *context)
{
    (void)signal, (void)context;
    char line[64];
    int length = snprintf(line, sizeof line, "  system call %d is refused\n", information->si_syscall);
    if (write(2, line, (size_t)length) < 0)
        _exit(98);
    _exit(99);
}

static void enter(struct sock_filter *filter, size_t count)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO};
    action.sa_sigaction = refused;
    sigaction(SIGSYS, &action, NULL);
    struct sock_fprog program = {(unsigned short)count, filter};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        _exit(97);
}

enum { LENGTH = 300000 };
static unsigned char data[LENGTH], packed[LENGTH + 10000], unpacked[LENGTH];

static int whole(int level)
{
    uLongf packed_length = sizeof packed, length = LENGTH;
    return compress2(packed, &packed_length, data, LENGTH, level) == Z_OK &&
        uncompress(unpacked, &length, packed, packed_length) == Z_OK && length == LENGTH &&
        memcmp(data, unpacked, LENGTH) == 0;
}

static void *own_memory(void *opaque, unsigned items, unsigned size) { (void)opaque; return calloc(items, size); }
static void own_free(void *opaque, void *memory) { (void)opaque; free(memory); }

// In pieces, with calls of all kinds, and memory of the program's where `own`.
static int pieces(int own)
{
    z_stream stream = {0}, copy;
    if (own)
        stream.zalloc = own_memory, stream.zfree = own_free;
    if (deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return 0;
    stream.next_out = packed, stream.avail_out = sizeof packed;
    for (unsigned at = 0; at < LENGTH; at += 30000) {
        stream.next_in = data + at, stream.avail_in = 30000;
        if (deflate(&stream, at % 60000 == 0 ? Z_SYNC_FLUSH : Z_NO_FLUSH) != Z_OK)
            return 0;
        if (at == 120000)
            deflateParams(&stream, 9, Z_DEFAULT_STRATEGY);
    }
    if (deflateCopy(&copy, &stream) != Z_OK || deflate(&copy, Z_FINISH) != Z_STREAM_END || deflateEnd(&copy) != Z_OK)
        return 0;
    deflateEnd(&stream);
    z_stream back = {0};
    if (own)
        back.zalloc = own_memory, back.zfree = own_free;
    if (inflateInit2(&back, 47) != Z_OK)
        return 0;
    back.next_in = packed, back.avail_in = (unsigned)copy.total_out;
    back.next_out = unpacked, back.avail_out = LENGTH;
    int result;
    while ((result = inflate(&back, Z_NO_FLUSH)) == Z_OK)
        ;
    inflateEnd(&back);
    return result == Z_STREAM_END && memcmp(data, unpacked, LENGTH) == 0 && crc32(0, data, LENGTH) != 0;
}

static void *in_thread(void *result)
{
    char go;
    // Made before the filter, as servers make theirs.
    if (read(*(int *)result, &go, 1) != 1)
        return NULL;
    *(int *)result = whole(6) && pieces(0);
    return NULL;
}

static int run(int kind)
{
    if (kind < 10)
        return whole(kind);
    return pieces(kind - 10);
}

int main(void)
{
    unsigned state = 1;
    for (int i = 0; i < LENGTH; i++) {
        state = state * 1103515245 + 12345;
        data[i] = (unsigned char)"etaoin shrdlu cmf"[(state >> 16) % 17];
    }
    // The C library's first malloc asks for a random number, whoever calls it.
    free(malloc(100));
    int failures = 0;
    for (int filter = 0; filter < 2; filter++)
        for (int kind = 1; kind <= 12; kind++) {
            pid_t child = fork();
            if (child == 0) {
                alarm(60);
                pthread_t thread;
                int pipe_ends[2], argument;
                if (kind == 12 && (pipe(pipe_ends) != 0 || (argument = pipe_ends[0], 0) ||
                                   pthread_create(&thread, NULL, in_thread, &argument) != 0))
                    _exit(96);
                if (filter == 0) {
                    enter(openssh, sizeof openssh / sizeof *openssh);
                } else if (kind < 12) {
                    enter(strict, sizeof strict / sizeof *strict);
                } else {
                    _exit(0);
                }
                if (kind < 12)
                    _exit(run(kind) ? 0 : 1);
                if (write(pipe_ends[1], "", 1) != 1)
                    _exit(95);
                pthread_join(thread, NULL);
                _exit(argument == 1 ? 0 : 1);
            }
            int status;
            waitpid(child, &status, 0);
            if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
                fprintf(stderr, "zlib_sandbox: %s filter, case %d: status %x\n", filter == 0 ? "OpenSSH's" : "the strict",
                        kind, (unsigned)status);
                failures++;
            }
        }
    return failures > 0;
}
