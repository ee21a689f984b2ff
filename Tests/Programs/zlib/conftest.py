# SPDX-License-Identifier: Apache-2.0
"""libuacce-z in zlib's place, the system's zlib beside it, and data for both."""

import os
import re
import shutil
import subprocess

import pytest

from harness import PROJECT, SETTINGS_OF_THE_CALLER, Counters, run


class Library:
    """The two libraries, and how a program is given ours."""

    def __init__(self, here, place, folder):
        self.path, self.counters = here.zlib, Counters(place / "statistics")
        told = run(["ldconfig", "-p"], here.base).good().output
        self.system = re.search(r"^\s*libz\.so\.1 .*=> (.*)", told, re.MULTILINE).group(1)
        self.plain = {**here.base, "HOME": folder}
        ours = {**self.plain, "UACCE_BACKEND": "emulator", **SETTINGS_OF_THE_CALLER, "UACCE_STATS": self.counters.path}
        self.preloaded = {**ours, "LD_PRELOAD": here.zlib}
        as_libz = folder / "as-libz"
        as_libz.mkdir(exist_ok=True)
        if not (as_libz / "libz.so.1").exists():
            (as_libz / "libz.so.1").symlink_to(here.zlib)
        self.in_place = {**ours, "LD_LIBRARY_PATH": as_libz}
        self.opened = ours


@pytest.fixture
def library(here, place, folder):
    return Library(here, place, folder)


@pytest.fixture(scope="session")
def data(folder):
    """A folder with text that a repository has, with what does not shrink, and with both, mixed."""
    path = folder / "zlib-data"
    path.mkdir()
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True).stdout.split(b"\0")
    files = [PROJECT / os.fsdecode(name) for name in listed if name] or sorted(PROJECT.glob("Sources/**/*.swift"))
    text, noise = b"".join(each.read_bytes() for each in files if each.is_file()), os.urandom(1000000)
    for name, content in {"text": text, "random": noise, "mixed": text + noise + text}.items():
        (path / name).write_bytes(content)
    return path


@pytest.fixture
def needs():
    """Skips a test of programs that are not here."""

    def need(*programs):
        for name in programs:
            if shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin") is None:
                pytest.skip(f"{name} is not installed")

    return need
