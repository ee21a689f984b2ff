# SPDX-License-Identifier: Apache-2.0
"""Filters of system calls, missing file systems, and what service managers forbid."""

import os

import pytest

from harness import PROJECT, run
from namespaces import as_root, as_user, in_namespace, system_wide, with_mounts

SETTINGS = [{}, {"UACCE_MIN_OFFLOAD": "0"}, {"UACCE_MIN_OFFLOAD": "0", "UACCE_FALLBACK": "off"}]


@pytest.mark.parametrize("sandbox", ["sshd", "strict"])
def test_first_request_with_the_default_provider(here, compiled, sandbox):
    """The control: the program and its filters are right."""
    run([compiled("filtered_first_request"), sandbox], here.default()).good()


@pytest.mark.parametrize("sandbox", ["sshd", "strict"])
@pytest.mark.parametrize("settings", SETTINGS, ids=["defaults", "all-to-device", "no-fallback"])
def test_first_request_inside_a_filter(here, compiled, sandbox, settings):
    run([compiled("filtered_first_request"), sandbox], here.uacce(**settings)).good()


@pytest.mark.parametrize("units", ["libcrypto", "ipsec-mb", "vector"])
def test_first_request_of_each_unit_inside_a_filter(here, compiled, units):
    run([compiled("filtered_first_request"), "sshd"], here.uacce(UACCE_MIN_OFFLOAD="0", UACCE_UNITS=units)).good()


@pytest.mark.parametrize("sandbox", ["sshd", "strict"])
@pytest.mark.parametrize("settings", SETTINGS[:2], ids=["defaults", "all-to-device"])
def test_first_requests_of_many_threads(here, compiled, sandbox, settings):
    """More threads than processors: their requests are done together, in units that a lone request does not take."""
    run([compiled("filtered_threads"), sandbox], here.default()).good()
    run([compiled("filtered_threads"), sandbox], here.uacce(**settings)).good()


@pytest.mark.parametrize("sandbox", ["sshd", "strict"])
def test_first_stream_of_the_systems_zlib(here, compiled, sandbox):
    run([compiled("filtered_first_stream"), sandbox], here.default()).good()


@pytest.mark.parametrize("sandbox", ["sshd", "strict"])
def test_first_stream_inside_a_filter(here, compiled, sandbox):
    run([compiled("filtered_first_stream"), sandbox], here.preloaded()).good()


@pytest.mark.parametrize("sandbox", ["sshd", "strict"])
def test_compressing_chain_inside_a_filter(here, compiled, sandbox):
    run([compiled("filtered_chain", "uacce-bio"), "none"], here.default(LD_LIBRARY_PATH=here.dist / "lib")).good()
    run([compiled("filtered_chain", "uacce-bio"), sandbox], here.default(LD_LIBRARY_PATH=here.dist / "lib")).good()


# ---- Openssl and Python where things are missing ----

MISSING = {
    "proc": ["mount -t tmpfs tmpfs /proc"],
    "sys": ["mount -t tmpfs tmpfs /sys"],
    "shm": ["mount -t tmpfs -o ro tmpfs /dev/shm"],
    "proc, sys and shm": [
        "mount -t tmpfs tmpfs /proc", "mount -t tmpfs tmpfs /sys", "mount -t tmpfs -o ro tmpfs /dev/shm"
    ],
}
DIGEST = ["openssl", "dgst", "-sha256", "/usr/bin/openssl"]
ENCRYPT = ["openssl", "enc", "-aes-256-ctr", "-K", "00" * 32, "-iv", "00" * 16, "-in", "/usr/bin/openssl"]
COMPRESS = ["/usr/bin/python3", "-c", "import zlib; d = bytes(range(256)) * 4000; assert zlib.decompress(zlib.compress(d)) == d"]


@with_mounts
@pytest.mark.parametrize("missing", MISSING)
@pytest.mark.parametrize("user", [0, 65534], ids=["root", "nobody"])
def test_without_file_systems(here, missing, user):
    for command in (DIGEST, ENCRYPT):
        right = run(command, here.default()).good()
        words = command if user == 0 else as_user(user, command)
        actual = run(in_namespace(MISSING[missing], words), here.uacce(UACCE_MIN_OFFLOAD="0")).good()
        assert actual.output == right.output and actual.errors == ""
    run(in_namespace(MISSING[missing], COMPRESS), here.preloaded()).good()


@as_root
def test_entering_a_root_without_anything(here, compiled):
    """A process that has loaded the library enters an empty root, as servers do, and makes its first request there."""
    script = (
        "import ctypes, hashlib, os, tempfile, zlib\n"
        "h = hashlib.new('sha256')\n"
        "os.chroot(tempfile.mkdtemp()); os.chdir('/'); os.setgid(65534); os.setuid(65534)\n"
        "h.update(bytes(100000)); c = zlib.compress(bytes(100000)); assert len(zlib.decompress(c)) == 100000\n"
        "print(h.hexdigest())\n"
    )
    right = run(["/usr/bin/python3", "-c", script], here.default()).good()
    actual = run(["/usr/bin/python3", "-c", script], here.uacce(LD_PRELOAD=here.zlib)).good()
    assert actual.output == right.output and actual.errors == ""


# ---- Services ----


@with_mounts
@pytest.mark.parametrize("settings", [{}, {"min_offload": "0"}], ids=["defaults", "all-to-device"])
def test_confined_service(here, compiled, settings):
    """What systemd's SystemCallFilter=@system-service, MemoryDenyWriteExecute, LimitFSIZE=0 and DynamicUser do."""
    configuration = here.configured("service.cnf", **settings)
    confined = [compiled("confined"), "61234"]
    for command in (DIGEST, ENCRYPT):
        right = run([*confined, *command], here.default()).good()
        actual = run(in_namespace([system_wide(configuration)], [*confined, *command]), here.base).good()
        assert actual.output == right.output
    run([*confined, *COMPRESS], here.preloaded()).good()


@with_mounts
def test_service_of_systemd(here, place):
    """The same by systemd itself, where it runs."""
    if not os.path.isdir("/run/systemd/system"):
        pytest.skip("systemd is not the init process here; see test_confined_service")
    unit = ["systemd-run", "--wait", "--pipe", "--quiet", "-p", "SystemCallFilter=@system-service", "-p", "DynamicUser=yes",
            "-p", "MemoryDenyWriteExecute=yes", "-p", "LimitFSIZE=0", "-p", f"BindReadOnlyPaths={here.folder}",
            "-p", f"Environment=OPENSSL_CONF={here.configuration}"]
    right = run(DIGEST, here.default()).good()
    assert run([*unit, *DIGEST], here.base).good().output == right.output


# ---- WarpDrive ----

QUEUES = PROJECT / "Tests" / "WarpDrivePrograms"


@with_mounts
@pytest.mark.parametrize("missing", ["proc, sys and shm"])
@pytest.mark.parametrize("program", ["messages", "raw_driver", "processes"])
def test_warpdrive_without_file_systems(here, compiled, missing, program):
    path = compiled(program, "uacce-wd", source=QUEUES)
    run(in_namespace(MISSING[missing], as_user(65534, [str(path)])), here.default()).good()


@as_root
@pytest.mark.parametrize("program", ["messages", "raw_driver", "processes"])
def test_warpdrive_in_a_confined_service(here, compiled, program):
    run([compiled("confined"), "61234", compiled(program, "uacce-wd", source=QUEUES)], here.default()).good()
