// SPDX-License-Identifier: Apache-2.0
//
// Swift has no constructors of libraries.

#include "library_load.h"

__attribute__((constructor)) static void load(void)
{
    if (uacce_library_begin != 0)
        uacce_library_begin();
}
