# SPDX-License-Identifier: Apache-2.0
"""libuacce-z against the system's zlib, call by call, on devices that work and on devices that do not.

The programs are those of Tests/ZlibPrograms; most compare random cases with both libraries, and counters show that
devices had streams.
"""

import os

import pytest

from harness import PYTHON, TESTS, run

SMALLEST = {"UACCE_Z_MIN_DEFLATE": "1", "UACCE_Z_MIN_INFLATE": "1"}


def exported(path):
    """The names that a library exports, with their versions, and its soname."""

    def rows(option):
        told = run(["readelf", option, "--wide", path], {"PATH": os.environ["PATH"]}).good()
        return [line.split() for line in told.output.splitlines()]

    symbols = [row for row in rows("--dyn-syms") if len(row) > 7 and row[4] == "GLOBAL"]
    names = sorted(row[7] for row in symbols if row[6] not in ("UND", "ABS"))
    return names, [row[-1] for row in rows("--dynamic") if "(SONAME)" in row]


def test_names_versions_and_soname(library):
    assert exported(library.path) == exported(library.system)


@pytest.mark.parametrize("setting", [
    "UACCE_Z_LEVELS=0", "UACCE_Z_NOTHING=1", "UACCE_BACKEND=none", "UACCE_Z_CONF=/nowhere/uacce-z.cnf"
])
def test_a_setting_that_is_invalid_leaves_all_to_zlib(library, setting):
    name, value = setting.split("=")
    program = "import zlib; zlib.decompress(zlib.compress(bytes(99999)))"
    outcome = run([PYTHON, "-c", program], {**library.preloaded, name: value})
    assert any(line.startswith("uacce-z: not used: ") for line in outcome.good().errors.splitlines()), str(outcome)
    assert library.counters.streams("deflate") == 0


def test_a_file_of_settings(library, place):
    (place / "settings.cnf").write_text("[uacce-z]\nlevels = 6\ninflate = off\n")
    program = "import zlib\nfor level in 1, 6, 9: zlib.decompress(zlib.compress(bytes(99999), level))"
    run([PYTHON, "-c", program], {**library.preloaded, "UACCE_Z_CONF": place / "settings.cnf"}).good()
    assert [library.counters.streams(direction) for direction in ("deflate", "inflate")] == [1, 0]


@pytest.fixture
def random_cases(build, library, long):
    """Runs random cases: how many, how large at most, from which seed on."""

    def try_cases(program, cases, largest, seed, **settings):
        path = build(TESTS / "ZlibPrograms" / f"{program}.c", "-ldl")
        command = [path, library.system, library.path, cases, largest, seed]
        return run(command, {**library.opened, **settings}, seconds=1800 if long else 120).good()

    return try_cases


# Cases, size of the largest, first seed, settings: of an ordinary run and of a long one.
STREAMS = [(2000, 200000, 1, {}), (2000, 30000, 1, SMALLEST), (40, 3000000, 1000000, {})]
MORE_STREAMS = [
    (20000, 300000, 1, {}), (20000, 50000, 1, SMALLEST), (1200, 5000000, 1000000, {}), (60, 1 << 26, 2000000, {})
]
SEQUENCES, MORE_SEQUENCES = (
    [(count, 200000, 1, {}), (count, 20000, 1000000, SMALLEST)] for count in (400, 30400)
)
CALLS, MORE_CALLS = (
    [(1000, 200000, 1, {}), (15, 5000000, 1000000, {})], [(20000, 300000, 1, {}), (500, 8000000, 1000000, {})]
)
# Those, and the directions in which devices then have streams.
RANDOM = {
    "random_streams": (STREAMS, MORE_STREAMS, ["deflate", "inflate"]),
    "random_buffers": (STREAMS, MORE_STREAMS, ["deflate", "inflate"]),
    "deflate_sequences": (SEQUENCES, MORE_SEQUENCES, ["deflate"]),
    "inflate_calls": (CALLS, MORE_CALLS, ["inflate"]),
}


@pytest.mark.parametrize("program", RANDOM)
def test_random(random_cases, library, long, program):
    ordinary, more, directions = RANDOM[program]
    for cases, largest, seed, settings in more if long else ordinary:
        random_cases(program, cases, largest, seed, **settings)
    library.counters.wants(1, directions)


# Settings, and at least how many requests devices then fail, which zlib takes over.
DEVICES = {
    "UACCE_API=v2": 0, "UACCE_ENGINE_THREADS=2": 0, "UACCE_STRICT_ADDRESSES=on": 0, "UACCE_FAULTS=busy": 0,
    "UACCE_FAULTS=descriptor@3x5,descriptor@50x100,descriptor@900x40": 100, "UACCE_FAULTS=remove@100": 1,
    "UACCE_FAULTS=stuck@50x2": 2, "UACCE_BACKEND=kernel": 0,
}


@pytest.mark.parametrize("setting", DEVICES)
def test_random_streams_on_devices_that(random_cases, library, long, setting):
    """... fail, get stuck, vanish, are busy, are not there, or have the other version. Nothing is too small here."""
    name, value = setting.split("=", 1)
    random_cases("random_streams", 3000 if long else 300, 100000, 5000, **SMALLEST, UACCE_TIMEOUT="50", **{name: value})
    assert library.counters.total("device") >= DEVICES[setting], f"too few faults: {library.counters.text()}"
    if setting not in ("UACCE_FAULTS=busy", "UACCE_BACKEND=kernel"):
        library.counters.wants()


@pytest.mark.parametrize("program", ["states", "processes"])
def test_program(build, library, program):
    """Odd states and parameters; threads, forks, exit handlers, streams that nobody ends."""
    path = build(TESTS / "ZlibPrograms" / f"{program}.c", "-ldl")
    run([path, library.system, library.path], library.opened).good()
    library.counters.wants(1 if program == "processes" else 0)
