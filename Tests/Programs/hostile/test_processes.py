# SPDX-License-Identifier: Apache-2.0
"""Threads that are cancelled, end or have priorities; processes that fork and exit; what they leave behind."""

import os

import pytest

from harness import run, start, stop
from namespaces import in_namespace, with_mounts

KINDS = ["evp", "zlib"]


def surroundings(here, kind, **more):
    return here.uacce(**more) if kind == "evp" else here.preloaded(**more)


@pytest.mark.parametrize("kind", KINDS)
def test_cancelled_thread(here, compiled, kind):
    run([compiled("cancelled_thread"), kind], here.default(), seconds=20).good()
    run([compiled("cancelled_thread"), kind], surroundings(here, kind), seconds=20).good()


@pytest.mark.parametrize("kind", KINDS)
def test_exit_while_threads_end(here, compiled, request, kind):
    processes = 200 if request.config.getoption("--quick") else 800
    run([compiled("leaving_threads"), kind, processes], surroundings(here, kind)).good()


def test_contexts_freed_by_destructors(here, compiled):
    run([compiled("late_free")], here.default()).good()
    run([compiled("late_free")], here.uacce()).good()


@pytest.mark.parametrize("kind", KINDS)
def test_fork_during_first_use(here, compiled, kind):
    run([compiled("first_use_fork"), kind, 400], surroundings(here, kind), seconds=60).good()


@pytest.mark.parametrize("kind", KINDS)
def test_fork_at_any_time(here, compiled, kind):
    run([compiled("fork_while_busy"), kind, 1], here.default()).good()
    run([compiled("fork_while_busy"), kind, 4], surroundings(here, kind)).good()


def test_realtime_thread_beside_ordinary_ones(here, compiled):
    control = run([compiled("realtime_neighbour"), 50], here.default())
    if control.status == 77:
        pytest.skip("SCHED_FIFO is refused here")
    if control.status != 0:
        pytest.skip(f"this machine is too busy for it with the default provider, too: {control.errors.strip()}")
    run([compiled("realtime_neighbour"), 100], here.uacce()).good()


def test_more_streams_than_are_kept_track_of(here, compiled, request):
    seconds = 3 if request.config.getoption("--quick") else 10
    run([compiled("many_streams"), 1], here.default()).good()
    run([compiled("many_streams"), seconds], here.preloaded()).good()


@with_mounts
@pytest.mark.parametrize("kind", KINDS)
def test_children_leave_nothing_behind(here, compiled, place, kind):
    """No file, in neither of the places where programs put such things."""
    runtime = place / "runtime"
    runtime.mkdir(mode=0o700)
    script = 'mount -t tmpfs tmpfs /dev/shm; "$@"; status=$?; ls -AR /dev/shm "$XDG_RUNTIME_DIR" | wc -l; exit $status'
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", compiled("children"), kind]
    few = run([*command, "1"], surroundings(here, kind, XDG_RUNTIME_DIR=runtime)).good().output
    many = run([*command, "500"], surroundings(here, kind, XDG_RUNTIME_DIR=runtime)).good().output
    assert few == many


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_process_leaves_nothing_behind(here, kind, place):
    """While it runs there is no file of it, and none when it was killed."""
    runtime = place / "runtime"
    runtime.mkdir(mode=0o700)
    # hashlib takes OpenSSL's digests only for what it has no code of its own for, so by name.
    script = "import hashlib, time, zlib; hashlib.new('sha512_256', bytes(9999)); zlib.compress(bytes(99999)); print('up', flush=True); time.sleep(60)"
    before = set(os.listdir("/dev/shm"))
    process = start(
        ["/usr/bin/python3", "-c", script], surroundings(here, kind, XDG_RUNTIME_DIR=runtime), stdin=-3, stdout=-1, stderr=-3
    )
    try:
        assert process.stdout.readline() == b"up\n"
        assert not any(str(process.pid) in path for _, _, files in os.walk("/dev/shm") for path in files)
        assert list(runtime.rglob("*")) == []
    finally:
        stop(process)
    assert {name for name in os.listdir("/dev/shm") if name not in before and "devices" not in name} == set()
    assert list(runtime.rglob("*")) == []
