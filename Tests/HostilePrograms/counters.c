// SPDX-License-Identifier: Apache-2.0
//
// counters LIBUACCE_Z UACCECTL: who may read what a program counts, and what is left of programs that end without a word.
//
// LIBUACCE_Z is libuacce-z.so, which this program opens and compresses with; UACCECTL the command, whose `stats --json` is
// the reader. To be run by root (it becomes the user 65534 and makes a set-group-id copy of itself in a folder that everybody
// may enter, TMPDIR or /tmp). Where kernel.yama.ptrace_scope is not 0, what that user may read of his own programs is left
// out. Checks that
//   * a program's counters are read by root and by its own user, while it runs;
//   * an undumpable program (prctl(2), PR_SET_DUMPABLE) and a set-group-id one are read by root, and not by their own user;
//   * a thousand children that compress and leave by _exit or are killed leave no file in /dev/shm and XDG_RUNTIME_DIR;
//   * a set-group-id program writes no statistics to the file that its caller's UACCE_STATS names;
//   * with RLIMIT_FSIZE at 0, compressing works, with UACCE_STATS naming a file, too, and nothing ends the program.
// Exits 0 when all is well, 1 with a line on standard error for each thing that is not.

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534, OTHER_GROUP = 65533, TEXT = 1 << 18 };
static const char *library, *command;
static int failures;

static void expect(int is_so, const char *what)
{
    if (is_so) return;
    fprintf(stderr, "counters: not so: %s\n", what);
    failures++;
}

static int compress_some(void)
{
    static unsigned char text[TEXT], packed[2 * TEXT];
    static int (*compress)(unsigned char *, unsigned long *, const unsigned char *, unsigned long);
    if (compress == NULL) {
        void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
        if (handle == NULL) return 0;
        *(void **)&compress = dlsym(handle, "compress");
        if (compress == NULL) return 0;
    }
    for (int i = 0; i < TEXT; i++) text[i] = (unsigned char)(i * 7 % 251);
    unsigned long size = sizeof packed;
    return compress(packed, &size, text, TEXT) == 0;
}

// What the program does as a watched one: tells its parent when it has counters, and waits.
static int be_watched(int is_dumpable)
{
    if (!is_dumpable) prctl(PR_SET_DUMPABLE, 0);
    char answer = compress_some() ? 'y' : 'n';
    if (write(1, &answer, 1) != 1) return 1;
    for (;;) pause();
}

static void become_nobody(void)
{
    if (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0) _exit(120);
}

// Starts `program` as nobody and waits for its counters. Returns its process id.
static pid_t start_watched(const char *program, const char *how)
{
    int ends[2];
    if (pipe(ends) != 0) exit(1);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        dup2(ends[1], 1);
        become_nobody();
        execl(program, program, library, command, how, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    char answer = '-';
    if (read(ends[0], &answer, 1) != 1 || answer != 'y') {
        fprintf(stderr, "counters: %s %s has not compressed anything\n", program, how);
        failures++;
    }
    close(ends[0]);
    return child;
}

// Whether `uaccectl stats` shows counters of `process`, run by root or by nobody.
static int shows(pid_t process, int by_root)
{
    int ends[2];
    if (pipe(ends) != 0) exit(1);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        dup2(ends[1], 1);
        char number[16];
        snprintf(number, sizeof number, "%d", (int)process);
        if (!by_root) become_nobody();
        execl(command, command, "stats", "--json", "--pid", number, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    static char said[1 << 16];
    size_t length = 0;
    ssize_t count;
    while (length < sizeof said - 1 && (count = read(ends[0], said + length, sizeof said - 1 - length)) > 0)
        length += (size_t)count;
    said[length] = '\0';
    close(ends[0]);
    int status;
    waitpid(child, &status, 0);
    expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "uaccectl stats --json ends well");
    return strstr(said, "hisi_zip") != NULL;
}

static void stop(pid_t process)
{
    kill(process, SIGKILL);
    waitpid(process, NULL, 0);
}

static int yama_allows(void)
{
    FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "r");
    int scope = 0;
    if (file != NULL && fscanf(file, "%d", &scope) != 1) scope = 0;
    if (file != NULL) fclose(file);
    return scope == 0;
}

// 1: `program`, started by nobody, writes to the file that UACCE_STATS names; 0: it does not; -1: it fails.
static int writes_statistics(const char *program)
{
    char folder[] = "/tmp/counters-folder-XXXXXX", file[64];
    if (mkdtemp(folder) == NULL || chmod(folder, 0777) != 0) exit(1);
    snprintf(file, sizeof file, "%s/statistics", folder);
    pid_t child = fork();
    if (child == 0) {
        become_nobody();
        setenv("UACCE_STATS", file, 1);
        execl(program, program, library, command, "once", (char *)NULL);
        _exit(127);
    }
    int status;
    waitpid(child, &status, 0);
    int is_written = access(file, F_OK) == 0;
    unlink(file);
    rmdir(folder);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? is_written : -1;
}

static void check_readers(const char *self)
{
    pid_t open = start_watched(self, "dumpable"), closed = start_watched(self, "undumpable");
    expect(shows(open, 1), "root reads a user's program");
    if (yama_allows()) expect(shows(open, 0), "a user reads his own program");
    expect(shows(closed, 1), "root reads an undumpable program");
    expect(!shows(closed, 0), "a user does not read his undumpable program");
    stop(open);
    stop(closed);

    char copy[4096], line[3 * 4096];
    const char *place = getenv("TMPDIR");
    snprintf(copy, sizeof copy, "%s/counters-set-group-id-%d", place ? place : "/tmp", (int)getpid());
    snprintf(line, sizeof line, "cp '%s' '%s'", self, copy);
    if (system(line) != 0 || chown(copy, 0, OTHER_GROUP) != 0 || chmod(copy, 02755) != 0) {
        expect(0, "a set-group-id copy can be made");
        return;
    }
    pid_t privileged = start_watched(copy, "dumpable");
    expect(shows(privileged, 1), "root reads a set-group-id program");
    expect(!shows(privileged, 0), "a user does not read a set-group-id program that he has started");
    stop(privileged);
    expect(writes_statistics(self) == 1, "a program writes the statistics that its user wants");
    expect(writes_statistics(copy) == 0, "a set-group-id program writes none");
    unlink(copy);
}

static int count_names(const char *place)
{
    DIR *directory = opendir(place);
    int count = 0;
    for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;)
        if (strstr(entry->d_name, "uacce") != NULL) count++;
    if (directory != NULL) closedir(directory);
    return count;
}

static void check_leftovers(void)
{
    char runtime[] = "/tmp/counters-runtime-XXXXXX";
    if (mkdtemp(runtime) == NULL) exit(1);
    setenv("XDG_RUNTIME_DIR", runtime, 1);
    int before = count_names("/dev/shm"), good = 0;
    for (int i = 0; i < 1000; i++) {
        pid_t child = fork();
        if (child == 0) {
            int is_good = compress_some();
            if (i % 2 == 0) _exit(is_good ? 0 : 1);
            if (is_good) kill(getpid(), SIGKILL);
            _exit(1);
        }
        int status;
        waitpid(child, &status, 0);
        good += i % 2 == 0 ? WIFEXITED(status) && WEXITSTATUS(status) == 0
                           : WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    }
    expect(good == 1000, "children compress");
    expect(count_names("/dev/shm") == before, "nothing is left in /dev/shm");
    expect(count_names(runtime) == 0 && rmdir(runtime) == 0, "nothing is left in XDG_RUNTIME_DIR");
}

static void check_file_limit(const char *self)
{
    char statistics[] = "/tmp/counters-statistics-XXXXXX";
    int file = mkstemp(statistics);
    if (file < 0) exit(1);
    close(file);
    pid_t child = fork();
    if (child == 0) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_FSIZE, &none);
        signal(SIGXFSZ, SIG_DFL);
        setenv("UACCE_STATS", statistics, 1);
        execl(self, self, library, command, "once", (char *)NULL);
        _exit(127);
    }
    int status;
    waitpid(child, &status, 0);
    expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a program that may write no file compresses and ends well");
    unlink(statistics);
}

int main(int count, char **arguments)
{
    if (count < 3) {
        fprintf(stderr, "usage: counters LIBUACCE_Z UACCECTL\n");
        return 2;
    }
    library = arguments[1];
    command = arguments[2];
    if (count > 3) {
        if (strcmp(arguments[3], "once") == 0) return compress_some() ? 0 : 1;
        return be_watched(strcmp(arguments[3], "dumpable") == 0);
    }
    if (getuid() != 0) {
        fprintf(stderr, "counters: only root can become other users\n");
        return 1;
    }
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0) return 1;
    self[length] = '\0';
    alarm(300);
    check_readers(self);
    check_leftovers();
    check_file_limit(self);
    return failures == 0 ? 0 : 1;
}
