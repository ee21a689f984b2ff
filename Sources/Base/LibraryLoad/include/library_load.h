// SPDX-License-Identifier: Apache-2.0

#ifndef LIBRARY_LOAD_H
#define LIBRARY_LOAD_H

/// What a library does when it is loaded: its own function of this name, or nothing where it has none. It is a constructor
/// of the ordinary priority, and so comes after those with a number (Sources/Base/CProcess), which DT_INIT would not.
void uacce_library_begin(void) __attribute__((weak));

#endif
