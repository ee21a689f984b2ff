// SPDX-License-Identifier: Apache-2.0
//
// What a library has once for the whole process: the answers of the system that are asked for while it is loaded, the
// lock of everything that is rare, and the thread key. All of it is set up by a constructor, because the first request
// may come inside a filter of system calls that ends the process for asking, or in the child of a fork that interrupted
// another thread's set-up.

#ifndef UACCE_PROCESS_STATE_H
#define UACCE_PROCESS_STATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/// Lies on a page that the kernel zeroes in every child (MADV_WIPEONFORK, Linux 4.14), or, where it cannot, a fork handler
/// does. A child of vfork shares its parent's memory, and sees the parent's page.
struct process_page {
    /// 0 in a child that has not taken the lock yet.
    uint64_t generation;
    /// Held while a child sets up what follows; zeros are an unlocked mutex.
    pthread_mutex_t adoption;
    pthread_mutex_t lock;
};

extern struct process_page *process_page;
extern pthread_key_t process_thread_key;

/// Tells a process from its parent for the price of two loads and no system call: 1 to 2^20 - 1, another one in each
/// generation; 0 in a child of fork that has not taken the lock yet.
static inline uint64_t process_generation(void)
{
    // Acquire: pairs with the release that ends an adoption.
    return __atomic_load_n(&process_page->generation, __ATOMIC_ACQUIRE);
}

/// The same, but never 0: settles the process first. For who notes whose something is.
uint64_t process_own_generation(void);

/// Takes the lock of the process, which inherits priorities, and keeps pthread_cancel(3) from taking effect until it is
/// given back. In a child the lock is a fresh one, whoever held it in the parent. Not recursive.
///
/// Returns what `process_unlock` must be given.
int process_lock(void);
void process_unlock(int cancellation);

/// Keeps pthread_cancel(3) from taking effect on this thread; returns what `process_allow_cancellation` must be given.
int process_forbid_cancellation(void);
void process_allow_cancellation(int cancellation);

/// Whether there is a thread key: a process has 1024, and all may have been taken when the library was loaded.
bool process_has_thread_key(void);
/// What this thread has under the key, or NULL.
static inline void *process_thread_value(void) { return pthread_getspecific(process_thread_key); }
/// False where the C library has no memory for it, which can only be the first time on a thread.
bool process_set_thread_value(void *value);
/// Says what is called with a thread's value when the thread ends; the first call counts.
void process_at_thread_end(void (*handler)(void *value));

/// Processors that the process might run on when the library was loaded; at least 1.
int process_processor_count(void);

/// Makes a mutex that inherits priorities; NULL where there is no memory.
pthread_mutex_t *process_mutex_new(void);
void process_mutex_free(pthread_mutex_t *mutex);
/// The same in memory of the caller's.
void process_mutex_init(pthread_mutex_t *mutex);

/// Sleeps until the word is woken or no longer has `value`, at most `microseconds`. May return early. No point of
/// cancellation.
void process_wait(const uint32_t *word, uint32_t value, unsigned microseconds);
/// Wakes who waits for the word.
void process_wake(const uint32_t *word);
/// Sleeps for so long, in place of yielding the processor: it lets threads of lower priority run, too.
void process_rest(unsigned microseconds);

#pragma GCC visibility pop

#endif
