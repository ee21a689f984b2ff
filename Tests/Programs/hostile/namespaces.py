# SPDX-License-Identifier: Apache-2.0
"""Surroundings that only root can make: mounts of a program's own, and users without rights."""

import os
import subprocess
from pathlib import Path

import pytest

from harness import TESTS

PROGRAMS = TESTS / "HostilePrograms"
NOBODY = 65534

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

def can_mount():
    return os.geteuid() == 0 and subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True
    ).returncode == 0


with_mounts = pytest.mark.skipif(not can_mount(), reason="needs root, and mount namespaces")


def system_configuration():
    """The file that OpenSSL reads where no variable names another one."""
    told = subprocess.run(["openssl", "version", "-d"], capture_output=True, text=True, check=True, timeout=20).stdout
    return Path(told.split('"')[1], "openssl.cnf").resolve()


def in_namespace(mounts, command):
    """A command line that makes mounts of its own, as lines of a shell, and runs a command there."""
    script = "set -e\n" + "\n".join(mounts) + '\nexec "$@"'
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", *command]


def system_wide(configuration):
    """The mount that puts a configuration in the system's place."""
    return f"mount --bind {configuration} {system_configuration()}"


def as_user(user, command, group=None):
    """A command line that drops root's rights."""
    return ["setpriv", f"--reuid={user}", f"--regid={group or user}", "--clear-groups", *command]
