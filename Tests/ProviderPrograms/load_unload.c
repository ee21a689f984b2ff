// SPDX-License-Identifier: Apache-2.0
//
// load_unload FOLDER ROUNDS
//
// Loads, uses and unloads the module again and again, and prints how much memory, how many descriptors, mappings and
// threads the process has after a few rounds and after all: "heap A B fds A B maps A B threads A B resident A B".
// In each round a second thread uses the provider too and outlives it, so that its exit meets an unloaded module.

#include "streams.h"

#include <dirent.h>
#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>

struct footprint {
    long heap, descriptors, mappings, threads, resident;
};

static long entries(const char *path)
{
    DIR *directory = opendir(path);
    REQUIRE(directory != NULL);
    long count = 0;
    while (readdir(directory) != NULL) count++;
    closedir(directory);
    return count;
}

static struct footprint measure(void)
{
    struct footprint now = {0};
    now.heap = (long)mallinfo2().uordblks;
    now.descriptors = entries("/proc/self/fd");
    now.threads = entries("/proc/self/task");
    FILE *maps = fopen("/proc/self/maps", "r");
    REQUIRE(maps != NULL);
    for (int c; (c = fgetc(maps)) != EOF;) now.mappings += c == '\n';
    fclose(maps);
    FILE *statm = fopen("/proc/self/statm", "r");
    REQUIRE(statm != NULL && fscanf(statm, "%*d %ld", &now.resident) == 1);
    fclose(statm);
    return now;
}

static void use(const struct algorithms *algorithms, uint64_t seed)
{
    struct streams streams;
    begin_streams(&streams, algorithms, seed);
    continue_streams(&streams, 5000, seed + 1);
    end_streams(&streams);
}

struct guest {
    struct algorithms *algorithms;
    sem_t used, unloaded;
};

static void *use_and_outlive(void *argument)
{
    struct guest *guest = argument;
    use(guest->algorithms, 7);
    sem_post(&guest->used);
    sem_wait(&guest->unloaded);
    return NULL;
}

int main(int count, char **arguments)
{
    REQUIRE(count == 3);
    alarm(50);
    int rounds = atoi(arguments[2]);
    // Where one arena serves all, what one thread frees and another takes does not look like growth.
    mallopt(M_ARENA_MAX, 1);
    struct footprint early = {0};
    for (int round = 0; round < rounds; round++) {
        if (round == rounds / 5) early = measure();
        struct providers providers = load_providers(arguments[1]);
        struct algorithms algorithms;
        fetch_algorithms(&algorithms, providers.library);
        use(&algorithms, (uint64_t)round);

        struct guest guest = {.algorithms = &algorithms};
        sem_init(&guest.used, 0, 0);
        sem_init(&guest.unloaded, 0, 0);
        pthread_t thread;
        REQUIRE(pthread_create(&thread, NULL, use_and_outlive, &guest) == 0);
        sem_wait(&guest.used);

        free_algorithms(&algorithms);
        unload_providers(&providers);
        sem_post(&guest.unloaded);
        REQUIRE(pthread_join(thread, NULL) == 0);
    }
    struct footprint late = measure();
    printf("heap %ld %ld fds %ld %ld maps %ld %ld threads %ld %ld resident %ld %ld\n", early.heap, late.heap,
           early.descriptors, late.descriptors, early.mappings, late.mappings, early.threads, late.threads,
           early.resident, late.resident);
    return 0;
}
