// SPDX-License-Identifier: Apache-2.0

#include "counter_head.h"

#include <pthread.h>

// Both are reached through functions, so that Swift sees no global variable. `head` has a name for the note below.
__attribute__((used, aligned(64))) struct counter_head uacce_counter_head = {
    COUNTER_HEAD_MAGIC, COUNTER_LAYOUT_VERSION, sizeof(struct counter_head), 0};
static __attribute__((aligned(64))) uint64_t spare_words[COUNTER_WORD_COUNT];

// The note (elf(5)): linkers keep notes and what they refer to, and strip leaves what is loaded. The distance to the head
// is known when the library is linked, so nothing is left for the dynamic linker to fill in.
__asm__(".pushsection .note.uacce, \"a\", %note\n"
        ".balign 4\n"
        ".long 6, 8, 1\n" // bytes of the name, bytes of struct counter_note, COUNTER_NOTE_TYPE
        ".asciz \"uacce\"\n"
        ".balign 4\n"
        ".long uacce_counter_head - .\n"
        ".long 2\n" // COUNTER_LAYOUT_VERSION
        ".popsection\n");
_Static_assert(sizeof(struct counter_note) == 8 && COUNTER_NOTE_TYPE == 1 && COUNTER_LAYOUT_VERSION == 2,
               "the note above says otherwise");

uint64_t *counter_list(void)
{
    return &uacce_counter_head.first;
}

uint64_t *counter_spare_words(void)
{
    return spare_words;
}

int32_t counter_thread_id(void)
{
#ifdef __GLIBC__
    // A mutex that checks for errors notes its owner (bits/struct_mutex.h), which the C library knows by heart. Nobody
    // else sees this one, so that taking it never waits.
    pthread_mutex_t mutex = {.__data = {.__kind = PTHREAD_MUTEX_ERRORCHECK_NP}};
    if (pthread_mutex_lock(&mutex) != 0) return 0;
    int32_t owner = mutex.__data.__owner;
    pthread_mutex_unlock(&mutex);
    return owner;
#else
    return 0;
#endif
}
