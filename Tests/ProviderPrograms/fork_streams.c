// SPDX-License-Identifier: Apache-2.0
//
// fork_streams FOLDER quiet|busy
//
// Forks in the middle of digests and cipher streams, three generations deep; every process takes the same streams to
// another end. With "busy", other threads use the provider all the while.

#include "streams.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

static struct algorithms algorithms;
static atomic_bool stop;

static void *work(void *seed)
{
    for (uint64_t round = (uintptr_t)seed; !atomic_load(&stop); round += 1000) {
        struct streams streams;
        begin_streams(&streams, &algorithms, round);
        continue_streams(&streams, 333 + round % 5000, round);
        continue_streams(&streams, 77, round + 1);
        end_streams(&streams);
    }
    return NULL;
}

static void await_child(pid_t child)
{
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) die("child %d ended with status %#x", (int)child, status);
}

// Continues the streams in this process and, with other data, in a child, which does the same once more.
static void branch(struct streams *streams, int generations, uint64_t seed)
{
    continue_streams(streams, 1000 + seed % 37, seed);
    if (generations > 0) {
        pid_t child = fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            // A child that hangs must not hang the test.
            alarm(20);
            continue_streams(streams, 5, seed + 10);
            // New streams in the child, while old ones are still open.
            struct streams fresh;
            begin_streams(&fresh, &algorithms, seed + 20);
            continue_streams(&fresh, 2222, seed + 30);
            branch(streams, generations - 1, seed + 40);
            end_streams(&fresh);
            _exit(0);
        }
        continue_streams(streams, 4096, seed + 50);
        // The parent goes on while the child is at work, and afterwards.
        await_child(child);
        continue_streams(streams, 20000, seed + 60);
    }
    end_streams(streams);
}

int main(int count, char **arguments)
{
    REQUIRE(count == 3);
    alarm(50);
    int is_busy = strcmp(arguments[2], "busy") == 0;
    struct providers providers = load_providers(arguments[1]);
    fetch_algorithms(&algorithms, providers.library);

    pthread_t threads[3];
    for (size_t index = 0; is_busy && index < 3; index++)
        REQUIRE(pthread_create(&threads[index], NULL, work, (void *)(index + 1)) == 0);
    for (uint64_t round = 0; round < (is_busy ? 20 : 10); round++) {
        struct streams streams;
        begin_streams(&streams, &algorithms, round);
        continue_streams(&streams, 100 + round * 13, round);
        branch(&streams, is_busy ? 1 : 3, round);
    }
    atomic_store(&stop, 1);
    for (size_t index = 0; is_busy && index < 3; index++) REQUIRE(pthread_join(threads[index], NULL) == 0);

    // A child in which nothing was in progress, that unloads everything; and then the parent.
    fflush(NULL);
    pid_t child = fork();
    REQUIRE(child >= 0);
    struct streams streams;
    begin_streams(&streams, &algorithms, 99);
    continue_streams(&streams, 3000, 98);
    end_streams(&streams);
    free_algorithms(&algorithms);
    unload_providers(&providers);
    if (child == 0) exit(0);
    await_child(child);
    return 0;
}
