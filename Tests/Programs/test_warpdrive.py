# SPDX-License-Identifier: Apache-2.0
"""Programs in C on libuacce-wd: on emulated devices in the same process, of both versions, with and without threads of
the device, and on device nodes.

They are those of Tests/WarpDrivePrograms and Examples/warpdrive, compiled by the library's header and pkg-config file.
A program is a word with its arguments; settings of the library are words without LIBUACCE_WD_.
"""

import json
import os
from pathlib import Path

import pytest

from harness import PROJECT, TESTS, bash, run

FOLDERS = TESTS / "WarpDrivePrograms", PROJECT / "Examples/warpdrive"
FAULTS = "FAULTS=descriptor@3,remove@21"
RUNS = [
    ("messages", "API=v3"), ("messages", "API=v2"), ("messages", "ENGINE_THREADS=2"),
    ("queues 24", "QUEUES=24"), ("queues 40", "QUEUES=40 ENGINE_THREADS=2"), ("processes", ""),
    ("raw_driver", ""), ("raw_driver", "ENGINE_THREADS=1"),
    ("faults", FAULTS), ("faults", f"{FAULTS} ENGINE_THREADS=1"),
]
# With a number, `processes` also has two processes share the device, and kills one.
RUNS_ON_NODES = ["queues 24", "processes 20", "raw_driver"]
# Memory that was not shared, a setting that is none, no hardware.
REFUSED = [("messages", "SVA=off"), ("raw_driver", "API=v9"), ("raw_driver", "BACKEND=kernel")]
# With SVA=off only what shares its memory first may work, and `seal` does when it is told to.
SEALS = [("BACKEND=emulator", {}), *((each, {"SHARE": "first"}) for each in ("API=v3", "ENGINE_THREADS=2", "SVA=off"))]
KEY = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"
IV = "fffffffffffffffffffffffffffffff0"


@pytest.fixture(scope="module")
def pkg_config(here):
    """What the file says; it tells places by its own."""
    settings = {**here.base, "PKG_CONFIG_PATH": here.libraries / "pkgconfig"}
    return run(["pkg-config", "--cflags", "--libs", "uacce-wd"], settings).good().output.split()


@pytest.fixture(scope="module")
def start_of(build, pkg_config, here):
    """Compiles a program, and has its command line and environment."""

    def command_and_environment(program, settings="", nodes=None, **more):
        name, *arguments = program.split()
        source = next(folder / f"{name}.c" for folder in FOLDERS if (folder / f"{name}.c").exists())
        kernels_header = next(PROJECT.glob("Sources/**/CUacce/include"))
        options = ["-std=gnu11", "-Wno-deprecated-declarations", f"-I{kernels_header}", *pkg_config, "-lcrypto"]
        before = [] if nodes is None else [here.tool, "run", *nodes.split(), "--"]
        own = {f"LIBUACCE_WD_{name}": value for name, value in (word.split("=", 1) for word in settings.split())}
        environment = {**here.base, "OPENSSL_CONF": "/dev/null", "LD_LIBRARY_PATH": here.libraries, **own, **more}
        return [*before, build(source, *options), *arguments], environment

    return command_and_environment


def test_header_is_cplusplus(build, pkg_config, place):
    source = place / "plus.cc"
    source.write_text("#include <uacce_wd.h>\nint main() { wd_queue q = {}; return wd_request_queue(&q) > 0; }\n")
    build(source, "-Wno-missing-field-initializers", *pkg_config)


@pytest.mark.parametrize("program, settings", RUNS)
def test_program(start_of, program, settings):
    run(*start_of(program, settings)).good()


@pytest.mark.parametrize("program", RUNS_ON_NODES)
def test_program_on_nodes(start_of, program):
    queues = " ".join(f"--queues {count}" for count in program.split()[1:])
    run(*start_of(program, "BACKEND=kernel", nodes=queues)).good()


@pytest.mark.parametrize("program, settings", REFUSED)
def test_refused(start_of, program, settings):
    if settings == "BACKEND=kernel" and Path("/sys/class/uacce").exists():
        pytest.skip("this machine has hardware")
    outcome = run(*start_of(program, settings))
    assert outcome.status not in (0, "timeout"), str(outcome)


@pytest.fixture(scope="module")
def plain(folder):
    """A few pieces, some that compress and some that do not."""
    path = folder / "plain"
    sources = b"".join(each.read_bytes() for each in sorted(PROJECT.glob("Sources/**/*.swift")))
    path.write_bytes(sources + os.urandom(700000) + bytes(900000))
    return path


@pytest.mark.parametrize("settings, more", SEALS)
def test_seal(start_of, plain, place, settings, more):
    """Compresses and encrypts a file; programs that know nothing of this project take it back."""
    command, environment = start_of("seal", settings, **more)
    run([*command, plain, place / "sealed", KEY, IV], environment).good()
    unseal = f'openssl enc -d -aes-256-ctr -K {KEY} -iv {IV} -in "$1" | gunzip | cmp - "$2"'
    bash(unseal, environment, place / "sealed", plain).good()
    assert (place / "sealed").stat().st_size < plain.stat().st_size


# What uaccectl shows of the program `counted`, which has two queues at work and then releases one of them: for each
# device its requests, bytes, errors and depth, and those of its queues.
ZIP = ("hisi_zip-1", (2, 100000, 1, 0), [(2, 100000, 1, 0)])
SHOWN = [[("hisi_sec2-0", (40, 40960, 0, 1), [(40, 40960, 0, 1)]), ZIP], [("hisi_sec2-0", (41, 41984, 0, 0), []), ZIP]]


@pytest.mark.parametrize("settings, nodes", [("", None), ("ENGINE_THREADS=1", None), ("BACKEND=kernel", "")])
def test_counters(start_of, here, settings, nodes):
    """What others see of queues, among those of whatever else runs."""

    def figures(shown):
        return tuple(shown[name] for name in ("requests", "bytes", "errors", "depth"))

    def shown(more=""):
        """The devices each time that the program has its counters shown, by a child that says whose child it is."""
        command, environment = start_of("counted", f"{settings} {more}", nodes)
        show = ["sh", "-c", 'echo $PPID; exec "$0" stats --json', here.tool]
        lines = iter(run([*command, *show], environment).good().output.splitlines())
        for pid, told in zip(lines, lines):
            devices = [device for each in json.loads(told) if each["pid"] == int(pid) for device in each["devices"]]
            yield [(each["device"], figures(each), [figures(queue) for queue in each["queues"]]) for each in devices]

    assert list(shown()) == SHOWN
    assert list(shown("PUBLISH=off")) == [[], []]
