# SPDX-License-Identifier: Apache-2.0
"""Limits of resources: files, memory, descriptors, stacks, thread keys."""

import shutil

import pytest

from harness import run

LIMITS = ["descriptors", "file-size", "address"]


@pytest.mark.parametrize("limit", LIMITS)
def test_control(here, compiled, limit):
    run([compiled("limits"), limit], here.default()).good()
    run([compiled("limits"), limit, "zlib"], here.default()).good()


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("settings", [{}, {"UACCE_MIN_OFFLOAD": "0"}], ids=["defaults", "all-to-device"])
def test_requests(here, compiled, limit, settings):
    run([compiled("limits"), limit], here.uacce(**settings)).good()


@pytest.mark.parametrize("limit", LIMITS)
def test_streams(here, compiled, limit):
    run([compiled("limits"), limit, "zlib"], here.preloaded()).good()


# A file that is written at a limit is not: the program goes on all the same.
PLACES = [{}, {"UACCE_STATS": "statistics"}, {"UACCE_LOG": "log", "UACCE_FAULTS": "descriptor@1x*"}]


@pytest.mark.parametrize("more", PLACES, ids=["nothing", "stats", "log"])
@pytest.mark.parametrize("room", [0, 1], ids=["no-file", "half-a-block"])
def test_openssl_where_no_file_may_grow(here, place, more, room):
    command = ["sh", "-c", f"ulimit -f {room}; exec openssl dgst -sha256 /usr/bin/openssl"]
    right = run(command, here.default()).good()
    if room:  # a file that is at the limit already
        for name in more.values():
            (place / name).write_bytes(b"x" * 1000)
    assert run(command, here.uacce(**more), cwd=place).good().output == right.output


def test_pigz_where_no_file_may_grow(here, place):
    if shutil.which("pigz") is None:
        pytest.skip("pigz is not installed")
    pigz = ["sh", "-c", "ulimit -f 0; exec pigz -c /usr/bin/openssl"]
    run(pigz, here.preloaded(UACCE_STATS="statistics"), cwd=place).good()
    run([*pigz[:2], pigz[2] + " | wc -c"], here.preloaded()).good()


def test_smallest_stacks(here, compiled):
    run([compiled("small_stack")], here.default()).good()
    run([compiled("small_stack")], here.preloaded()).good()


def test_thousands_of_library_contexts(here, compiled):
    modules = {"OPENSSL_MODULES": here.module.parent, "OPENSSL_CONF": "/dev/null"}
    count = 5000
    control = run([compiled("library_contexts"), count, "default"], {**here.base, **modules})
    if control.status == 77:
        # What libcrypto has without a provider of ours, and 50 fewer, so that the program's own keys find room.
        count = int(control.output) - 50
        control = run([compiled("library_contexts"), count, "default"], {**here.base, **modules})
    control.good()
    run([compiled("library_contexts"), count, "uacce"], {**here.base, **modules}).good()


@pytest.mark.parametrize("direction", ["inflate", "deflate"])
@pytest.mark.parametrize("size", [3000, 100000, 1000000], ids=["3 KB", "100 KB", "1 MB"])
def test_half_sent_streams(here, compiled, direction, size):
    """A server with hundreds of streams that clients keep half sent takes at most twice what zlib takes for them."""
    count = {("deflate", 1000000): 60, ("inflate", 1000000): 200, ("deflate", 100000): 200}.get((direction, size), 500)
    command = [compiled("half_sent"), direction, count, size]
    each, left = (float(word) for word in run(command, here.default()).good().output.split())
    own_each, own_left = (float(word) for word in run(command, here.preloaded()).good().output.split())
    assert own_each <= 2 * each + 4, f"{own_each} KiB a stream, zlib has {each}"
    # Queues, tables and what is kept for the next streams stay; it does not grow with the number of streams.
    assert own_left <= left + 12288, f"{own_left} KiB stay when all have ended, with zlib {left}"


def test_associated_data_without_memory(here, compiled):
    run([compiled("ccm_no_memory")], here.default()).good()
    run([compiled("ccm_no_memory")], here.uacce()).good()
