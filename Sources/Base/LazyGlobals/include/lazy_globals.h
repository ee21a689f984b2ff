// SPDX-License-Identifier: Apache-2.0
//
// How the globals of a library that ships are made when they are first used: see once.c. Nothing here is called by name;
// the compiler does that.

#ifndef LAZY_GLOBALS_H
#define LAZY_GLOBALS_H

#include <stdint.h>

/// What the compiler keeps for each such global: 0 in the beginning, negative once the global is made.
typedef int64_t swift_once_token;

#endif
