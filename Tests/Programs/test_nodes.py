# SPDX-License-Identifier: Apache-2.0
"""Device nodes held to the kernel's contract (Docs/devices.md), on device versions v3 and v2.

Small C programs (Tests/NodePrograms), which know nothing of this project, use them with system calls and stores alone.
Then the provider drives them as it would drive hardware (backend = kernel), and nothing may come from the CPU.
"""

import contextlib
import fcntl
import os
import re
import time
from pathlib import Path

import pytest

from harness import PROJECT, TESTS, Counters, run

# Name: program, seconds it may take, what `uaccectl run` gets, its arguments; {long} is the time of a long measurement.
PROGRAMS = {
    "contract": ("contract", 30, "", ""),
    "a ZIP device beside a SEC device": ("compression", 30, "--devices sec2:1,zip:1", ""),
    "store instructions, and other faults": ("stores", 30, "", ""),
    "memory that is not there": ("faults", 60, "", ""),
    "two processes and 32 threads": ("sharing", 60, "--queues 40", ""),
    "removal": ("removal", 30, "--faults remove@5", ""),
    "doorbells, one engine thread": ("doorbells", 120, "", "{long}"),
    "doorbells, three engine threads": ("doorbells", 120, "--engine-threads 3", "3"),
}
KEY = "000102030405060708090a0b0c0d0e0f"

pytestmark = pytest.mark.usefixtures("nothing_is_left")


@pytest.fixture(params=["v3", "v2"])
def version(request):
    return request.param


@pytest.fixture(scope="module")
def nothing_is_left():
    """Fails when a set of devices is left behind. Those of programs that still run, of other tests, are locked."""
    begin = time.time()
    yield
    left = []
    for path in Path("/dev/shm").glob(f"uacce-devices-{os.getuid()}-*"):
        with contextlib.suppress(OSError), contextlib.ExitStack() as ends:
            directory = os.open(path, os.O_RDONLY)
            ends.callback(os.close, directory)
            fcntl.flock(directory, fcntl.LOCK_SH | fcntl.LOCK_NB)
            left += [path] if path.stat().st_mtime >= begin else []
    assert not left, f"left behind: {left}"


@pytest.fixture
def counted(checks):
    """Adds up what a program counted in its last line, and fails when something failed."""

    def count(outcome):
        told = re.findall(r"^(\d+) passed, (\d+) failed$", outcome.good().output, re.MULTILINE)
        assert told and int(told[-1][0]) > 0 and told[-1][1] == "0", str(outcome)
        checks(told[-1][0])
        print(outcome.output)

    return count


def node_program(build, name):
    decoders = sorted(PROJECT.glob("Sources/**/DeviceInterposer/store_*.c")) if name == "decoder" else []
    return build(TESTS / "NodePrograms" / f"{name}.c", "-O2", "-std=gnu17", *decoders)


def test_store_instructions_are_decoded(build, here, counted):
    """The decoders of both architectures, on either."""
    counted(run([node_program(build, "decoder")], here.base, seconds=10))


@pytest.mark.parametrize("name", PROGRAMS)
def test_program(build, here, counted, long, version, name):
    program, seconds, options, arguments = PROGRAMS[name]
    command = [here.tool, "run", "--api", version, *options.split(), "--", node_program(build, program)]
    counted(run([*command, *arguments.format(long=60 if long else 5).split()], here.base, seconds))


# ---- The provider on nodes ----


@pytest.fixture(scope="module")
def data(folder):
    path = folder / "data of nodes"
    path.write_bytes(os.urandom(3000001))
    return path


@pytest.fixture
def on_nodes(here, version, place):
    """Runs a command with the provider on nodes, without the CPU."""

    def run_on_nodes(*command, options=()):
        settings = here.all_to_device(UACCE_BACKEND="kernel", UACCE_STATS=place / "statistics")
        return run([here.tool, "run", "--api", version, *options, "--", *command], settings)

    return run_on_nodes


def test_digests(here, on_nodes, data, place):
    for name in ("sha256", "sm3", "md5", "sha512"):
        command = ["openssl", "dgst", "-r", f"-{name}", data]
        assert on_nodes(*command).good().output == run(command, here.default()).good().output
    assert Counters(place / "statistics").total("requests") > 1000


@pytest.mark.parametrize("cipher", ["aes-128-cbc", "sm4-cbc"])
def test_ciphers(here, on_nodes, data, place, cipher):
    command = ["openssl", "enc", f"-{cipher}", "-K", KEY, "-iv", KEY, "-in"]
    encrypted = on_nodes(*command, data).good().data
    assert encrypted == run([*command, data], here.default()).good().data
    (place / "encrypted").write_bytes(encrypted)
    assert on_nodes(*command, place / "encrypted", "-d").good().data == data.read_bytes()


def test_no_queue_is_free(on_nodes, data):
    """Without a queue there is no result, and no hang."""
    outcome = on_nodes("openssl", "dgst", "-sha256", data, options=["--faults", "busy"])
    assert outcome.status not in (0, "timeout") and "no free queue" in outcome.output + outcome.errors, str(outcome)


def test_a_device_is_removed_in_use(on_nodes, data):
    """A program that touches its memory then gets a SIGBUS, as from the kernel; one that looks at its status first, an
    error. None gets a digest."""
    outcome = on_nodes("openssl", "dgst", "-sha256", data, options=["--faults", "remove@300"])
    failed = outcome.status == 1 and "the device failed" in outcome.output + outcome.errors
    assert outcome.status == 135 or failed, str(outcome)


def test_selftest(here, on_nodes):
    assert " 0 failed" in on_nodes(here.tool, "selftest", "--backend", "kernel").good().output


def test_openssls_vectors_on_nodes(long, here):
    """OpenSSL's EVP vectors by openssl-suite/evp -n."""
    if not long:
        pytest.skip("only with --long")
    run([PROJECT / "Scripts/openssl-suite/evp", "-n"], dict(os.environ), seconds=1200).good()
