// SPDX-License-Identifier: Apache-2.0
//
// processes [COUNT]: fork, and, with device nodes, two processes that share the COUNT queues of one device until they are
// taken; a process that is killed gives back what it had.

#include "warpdrive_program.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST 1024
static struct wd_queue queues[MOST];

static int take_all(void)
{
    int count = 0, error = 0;
    while (count < MOST && (error = request_queue(&queues[count], "cipher", 0)) == 0)
        CHECK_EQUAL(encrypts_the_example(&queues[count++]), 0);
    CHECK_EQUAL(error, -EBUSY);
    return count;
}

// A child uses nothing of its parent's, and has queues of its own.
static void forking(void)
{
    struct wd_queue queue;
    CHECK_EQUAL(request_queue(&queue, "cipher", 0), 0);
    CHECK_EQUAL(encrypts_the_example(&queue), 0);
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(20);
        void *done;
        CHECK_EQUAL(encrypts_the_example(&queue), -EPERM);
        CHECK_EQUAL(wd_recv(&queue, &done), -EPERM);
        CHECK_EQUAL(wd_mem_share(&queue, &done, sizeof(done), 0), -EPERM);
        wd_release_queue(&queue);
        struct wd_queue own;
        CHECK_EQUAL(request_queue(&own, "cipher", 0), 0);
        CHECK_EQUAL(encrypts_the_example(&own), 0);
        wd_release_queue(&own);
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_EQUAL(status, 0);
    // The child's release was the child's.
    CHECK_EQUAL(encrypts_the_example(&queue), 0);
    wd_release_queue(&queue);
}

static void two_processes(int all, const char *program)
{
    int mine = all / 2;
    for (int i = 0; i < mine; i++)
        CHECK_EQUAL(request_queue(&queues[i], "cipher", 0), 0);
    int pipes[2];
    CHECK(pipe(pipes) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK(dup2(pipes[1], 1) == 1);
        execl(program, program, "take", (char *)NULL);
        _exit(127);
    }
    close(pipes[1]);
    int theirs = 0;
    CHECK_EQUAL(read(pipes[0], &theirs, sizeof(theirs)), sizeof(theirs));
    CHECK_EQUAL(theirs, all - mine);
    struct wd_queue another;
    CHECK_EQUAL(request_queue(&another, "cipher", 0), -EBUSY);
    // This process's own still work while the other has the rest.
    for (int i = 0; i < mine; i++)
        CHECK_EQUAL(encrypts_the_example(&queues[i]), 0);

    CHECK(kill(child, SIGKILL) == 0);
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    // The kernel gives a dead process's queues back as it closes its files, which may be a moment later.
    int back = 0;
    for (int attempt = 0; attempt < 200 && back < theirs; attempt++) {
        while (back < theirs && request_queue(&queues[mine + back], "cipher", 0) == 0)
            back++;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    CHECK_EQUAL(back, theirs);
    for (int i = 0; i < all; i++) {
        CHECK_EQUAL(encrypts_the_example(&queues[i]), 0);
        wd_release_queue(&queues[i]);
    }
}

int main(int count, char **arguments)
{
    if (count == 2 && strcmp(arguments[1], "take") == 0) {
        int taken = take_all();
        CHECK_EQUAL(write(1, &taken, sizeof(taken)), sizeof(taken));
        alarm(60);
        for (;;)
            pause();
    }
    forking();
    if (count == 2) {
        two_processes(atoi(arguments[1]), arguments[0]);
        printf("two processes shared %s queues\n", arguments[1]);
    } else {
        printf("a child leaves its parent's queues alone\n");
    }
    return 0;
}
