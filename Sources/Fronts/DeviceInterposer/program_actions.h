// SPDX-License-Identifier: Apache-2.0
//
// What the program has asked for SIGSEGV and SIGBUS, while those come to this library. doorbell.c has faults come here and
// passes on those of the program; signals.c answers the program's calls.

#ifndef UACCE_PROGRAM_ACTIONS_H
#define UACCE_PROGRAM_ACTIONS_H

#include "interposed.h"

#include <signal.h>

/// Whether the actions are kept here, because the two signals come to this library.
bool program_actions_are_kept(void);
void program_actions_keep(bool keeps);

/// Reads and sets the action for SIGSEGV or SIGBUS in one step; either may be NULL. Safe in signal handlers.
void program_action_exchange(int number, const struct sigaction *new, struct sigaction *old);
void program_action_get(int number, struct sigaction *action);
void program_action_set(int number, const struct sigaction *action);

/// Does with a fault that is neither a doorbell nor a device's what the program asked for.
void program_action_take(int number, siginfo_t *information, void *context);

#endif
