// SPDX-License-Identifier: Apache-2.0
//
// What becomes of an instance of a class whose initialiser returns nil before all of it is set. Embedded Swift's own
// function destroys what superclasses have and never gives the memory back (swift_deallocPartialClassInstance in
// EmbeddedRuntime.swift, Swift 6.3), so every failure of that kind, for lack of memory mostly, would lose some. It is a weak
// symbol, so this one is taken. Of the classes here that can fail, none has a superclass.

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#ifdef UACCE_EMBEDDED

struct instance {
    const void *metadata;
    // Negative: it lies on a stack, or is a constant.
    intptr_t reference_count;
};

void swift_deallocPartialClassInstance(struct instance *instance, const void *metadata, size_t length, size_t alignment);

void swift_deallocPartialClassInstance(struct instance *instance, const void *metadata, size_t length, size_t alignment)
{
    (void)length, (void)alignment;
    if (instance->metadata == metadata && instance->reference_count >= 0)
        free(instance);
}

#endif
