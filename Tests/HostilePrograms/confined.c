// SPDX-License-Identifier: Apache-2.0
//
// Runs a program as systemd runs a confined service, where there is no systemd: without calls outside of
// SystemCallFilter=@system-service, without memory that is both written and executed (MemoryDenyWriteExecute, where the
// kernel has PR_SET_MDWE), with LimitFSIZE=0, no new privileges, and as a user of its own (DynamicUser).
//
// Arguments: UID PROGRAM [ARGUMENT...]. Exits as the program does; 125 where it cannot be confined in this way.

#include "filters.h"
#include <grp.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#endif

int main(int count, char **arguments)
{
    REQUIRE(count > 2, "usage: confined UID PROGRAM [ARGUMENT...]");
    uid_t user = (uid_t)atoi(arguments[1]);
    if (chdir("/") != 0 || setgroups(0, NULL) != 0 || setgid(user) != 0 || setuid(user) != 0) {
        complain("cannot become user %d", (int)user);
        return 125;
    }
    if (prctl(PR_SET_MDWE, 1, 0, 0, 0) != 0)
        complain("note: this kernel has no PR_SET_MDWE");
    set_limit(RLIMIT_CORE, 0);
    set_limit(RLIMIT_FSIZE, 0);
    enter_filter("service", 0);
    execvp(arguments[2], arguments + 2);
    complain("%s: %s", arguments[2], strerror(errno));
    return 125;
}
