// SPDX-License-Identifier: Apache-2.0
//
// Where the counters of a library begin, and the ELF note that tells other processes so. See CounterLayout.swift for what
// the head leads to.

#ifndef UACCE_COUNTER_HEAD_H
#define UACCE_COUNTER_HEAD_H

#include <stdint.h>

#define COUNTER_HEAD_MAGIC 0x4445486563636175ull // "uacceHED" in memory
#define COUNTER_LAYOUT_VERSION 2u
#define COUNTER_WORD_COUNT 8

/// In the library's data, private to the process. The list grows at its front and never shrinks.
struct counter_head {
    uint64_t magic;
    uint32_t version;
    uint32_t byte_count;
    uint64_t first; // address of the first group, 0: there is none; atomically
};

/// Description of the note: owner "uacce", type COUNTER_NOTE_TYPE.
struct counter_note {
    int32_t head_offset; // from this field to the head
    uint32_t version;
};
#define COUNTER_NOTE_TYPE 1u

/// `first` in the head of the library that this code is linked into.
uint64_t *counter_list(void);

/// COUNTER_WORD_COUNT words that count what has no counters of its own, because memory is out. Shared, and not shown.
uint64_t *counter_spare_words(void);

/// The kernel's id of the calling thread, without a system call. 0: the C library does not tell.
int32_t counter_thread_id(void);

#endif
