// SPDX-License-Identifier: Apache-2.0
//
// Filters of system calls as sandboxes set them. A call that is not allowed ends the process with a line that names it.
//
//   sshd     what OpenSSH's filter before authentication allows, with the limits that go with it
//   strict   memory, time, read, write, futex and the end; getrandom, which malloc of glibc asks for when it is first used
//   none     everything, for controls
//   service  what systemd's SystemCallFilter=@system-service leaves out is refused

#ifndef FILTERS_H
#define FILTERS_H

#include "hostile.h"
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static const int sshd_refuses[] = {
#ifdef SYS_open
    SYS_open, SYS_stat, SYS_lstat,
#endif
    SYS_openat, SYS_newfstatat, SYS_fstat, SYS_statx, SYS_shmget, SYS_shmat, SYS_shmdt,
};
static const int sshd_allows[] = {
#ifdef SYS_poll
    SYS_poll, SYS_select, SYS_time,
#endif
    SYS_brk, SYS_clock_gettime, SYS_clock_nanosleep, SYS_close, SYS_exit, SYS_exit_group, SYS_futex, SYS_geteuid,
    SYS_getpgid, SYS_getpid, SYS_getrandom, SYS_gettid, SYS_gettimeofday, SYS_getuid, SYS_madvise, SYS_mremap, SYS_munmap,
    SYS_nanosleep, SYS_ppoll, SYS_pselect6, SYS_read, SYS_rt_sigprocmask, SYS_shutdown, SYS_write, SYS_writev,
};
static const int strict_allows[] = {
    SYS_brk, SYS_clock_gettime, SYS_clock_nanosleep, SYS_exit, SYS_exit_group, SYS_futex, SYS_getrandom, SYS_gettimeofday,
    SYS_madvise, SYS_mremap, SYS_munmap, SYS_nanosleep, SYS_read, SYS_write,
};
// The groups clock, cpu-emulation, debug, module, mount, pkey, raw-io, reboot and swap, and what is obsolete.
static const int service_lacks[] = {
#ifdef SYS_modify_ldt
    SYS_modify_ldt, SYS_ioperm, SYS_iopl, SYS_uselib, SYS_ustat, SYS_sysfs, SYS__sysctl,
#endif
    SYS_adjtimex, SYS_clock_adjtime, SYS_clock_settime, SYS_settimeofday, SYS_ptrace, SYS_perf_event_open, SYS_init_module,
    SYS_finit_module, SYS_delete_module, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_pkey_alloc,
    SYS_pkey_mprotect, SYS_pkey_free, SYS_reboot, SYS_kexec_load, SYS_swapon, SYS_swapoff, SYS_acct, SYS_bpf,
    SYS_open_by_handle_at, SYS_quotactl, SYS_userfaultfd, SYS_vhangup, SYS_unshare, SYS_setns, SYS_syslog,
};

static void on_refusal(int signal, siginfo_t *information, void *context)
{
    (void)signal, (void)context;
    FAIL("the filter refused system call %d", information->si_syscall);
}

struct filter_program {
    struct sock_filter lines[200];
    unsigned short count;
};

static void add_line(struct filter_program *program, struct sock_filter line) { program->lines[program->count++] = line; }

static void add_calls(struct filter_program *program, const int *calls, size_t count, uint32_t action)
{
    for (size_t index = 0; index < count; index++) {
        add_line(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls[index], 0, 1));
        add_line(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
    }
}

// mmap and mprotect of memory that is not to be executed.
static void add_memory(struct filter_program *program)
{
    const uint32_t calls[] = {SYS_mmap, SYS_mprotect};
    for (size_t index = 0; index < 2; index++) {
        add_line(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[index], 0, 4));
        add_line(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])));
        add_line(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, ~(uint32_t)(PROT_READ | PROT_WRITE), 0, 1));
        add_line(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP));
        add_line(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    }
}

#define ADD_CALLS(program, calls, action) add_calls(program, calls, sizeof(calls) / sizeof *(calls), action)

__attribute__((unused)) static void set_limit(int resource, rlim_t value)
{
    struct rlimit limit = {value, value};
    REQUIRE(setrlimit(resource, &limit) == 0, "setrlimit: %s", strerror(errno));
}

// From here on only what the filter allows. `traps`: a refused call ends the process with a line that names it, which
// does not outlive an exec; otherwise by SIGSYS alone.
static void enter_filter(const char *name, int traps)
{
    static struct filter_program program;
    if (strcmp(name, "none") == 0)
        return;
    uint32_t refusal = traps ? SECCOMP_RET_TRAP : SECCOMP_RET_KILL_PROCESS;
    struct sigaction action = {.sa_sigaction = on_refusal, .sa_flags = SA_SIGINFO};
    if (traps)
        sigaction(SIGSYS, &action, NULL);
    add_line(&program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
    if (strcmp(name, "sshd") == 0) {
        set_limit(RLIMIT_FSIZE, 0);
        set_limit(RLIMIT_NOFILE, 0);
        set_limit(RLIMIT_NPROC, 0);
        ADD_CALLS(&program, sshd_refuses, SECCOMP_RET_ERRNO | EACCES);
        ADD_CALLS(&program, sshd_allows, SECCOMP_RET_ALLOW);
        add_memory(&program);
        add_line(&program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, refusal));
    } else if (strcmp(name, "strict") == 0) {
        ADD_CALLS(&program, strict_allows, SECCOMP_RET_ALLOW);
        add_memory(&program);
        add_line(&program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, refusal));
    } else {
        REQUIRE(strcmp(name, "service") == 0, "there is no filter %s", name);
        ADD_CALLS(&program, service_lacks, refusal);
        add_line(&program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    }
    struct sock_fprog given = {program.count, program.lines};
    REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "PR_SET_NO_NEW_PRIVS: %s", strerror(errno));
    // For all threads that there are.
    REQUIRE(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &given) == 0, "seccomp: %s", strerror(errno));
}

#endif
