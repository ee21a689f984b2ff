# SPDX-License-Identifier: Apache-2.0
"""The provider's compression operation and the BIO filters, on an emulated device.

The programs of Tests/CompressionPrograms compare what they make with Python's zlib and gzip: random streams of every
format, setting, flush and buffer size both ways; damage, truncation, dictionaries, copies, threads, fork, mistakes;
chains of BIOs over memory, and over pairs that do not block and hold a few bytes. Each is a file of unit tests in a
process of its own, because libraries read their settings when they are loaded.
"""

import re

import pytest

from harness import PYTHON, SETTINGS_OF_THE_CALLER, TESTS, Counters, run

PROGRAMS = TESTS / "CompressionPrograms"
SMALLEST = {"UACCE_Z_MIN_DEFLATE": "1", "UACCE_Z_MIN_INFLATE": "1", "UACCE_TIMEOUT": "50"}


@pytest.fixture
def counters(place):
    return Counters(place / "statistics")


@pytest.fixture
def settings(here, place, counters):
    return {
        **here.base, "UACCE_BACKEND": "emulator", **SETTINGS_OF_THE_CALLER, "UACCE_STATS": counters.path,
        "OPENSSL_CONF": "/dev/null", "OPENSSL_MODULES": here.module.parent, "PYTHONDONTWRITEBYTECODE": "1",
    }


@pytest.fixture(scope="session")
def bridge(build, here):
    """The operation as a library that Python can call."""
    return build(PROGRAMS / "operation.c", "-shared", "-fPIC", f"-I{here.dist}/include", "-lcrypto")


@pytest.fixture(scope="session")
def filters(build, here):
    """Compiles a program of that folder with the BIO filters."""
    options = [f"-I{here.dist}/include", f"-L{here.libraries}", f"-Wl,--as-needed,-rpath,{here.libraries}"]
    return lambda name: build(PROGRAMS / f"{name}.c", *options, "-luacce-bio", "-lcrypto")


@pytest.fixture
def unit_tests(here, bridge, settings, long, checks):
    """Runs a file of unit tests, or some of its classes."""

    def run_unit_tests(file, *classes, cases, **more):
        files = {"BRIDGE": bridge, "FILTERS": here.libraries / "libuacce-bio.so", "PYTHONPATH": PROGRAMS}
        amount = {"CASES": cases * 10, "LONG": "1"} if long else {"CASES": cases}
        # One that is aborted tells where it is.
        command = [PYTHON, "-X", "faulthandler", PROGRAMS / f"{file}_tests.py", *classes]
        outcome = run(command, {**settings, **files, **amount, **more}, seconds=1800 if long else 300).good()
        checks(re.search(r"^Ran (\d+) tests? in", outcome.errors, re.MULTILINE).group(1))

    return run_unit_tests


def test_operation(unit_tests, counters):
    unit_tests("operation", cases=300)
    counters.wants(100)
    assert counters.total("requests") > 500


def test_filters(unit_tests, counters):
    unit_tests("filter", cases=300)
    counters.wants(50)


def test_loading(unit_tests):
    """When the library behind both is opened, which one, and what is said where it cannot be."""
    unit_tests("loading", cases=0)


def test_library_that_is_loaded_late(filters, here, settings):
    run([filters("late_zlib"), here.zlib], settings).good()


def test_headers_are_cplusplus(build, here, place):
    (place / "plus.cc").write_text(
        "#include <uacce_bio.h>\n#include <uacce_compress.h>\n"
        'int main() { UACCE_COMPRESS c; return uacce_compress_find(NULL, "GZIP", &c); }\n'
    )
    build(place / "plus.cc", f"-I{here.dist}/include", "-lcrypto")


# Settings, and at least how many requests devices then fail.
DEVICES = {
    "UACCE_API=v2": 0, "UACCE_ENGINE_THREADS=2": 0, "UACCE_STRICT_ADDRESSES=on": 0, "UACCE_FAULTS=busy": 0,
    "UACCE_FAULTS=descriptor@3x5,descriptor@50x100,descriptor@900x40": 50, "UACCE_FAULTS=remove@100": 1,
    "UACCE_FAULTS=stuck@50x2": 2,
}


@pytest.mark.parametrize("setting", DEVICES)
def test_devices_that(unit_tests, counters, setting):
    """... fail, get stuck, vanish, are busy, or have the other version: zlib goes on."""
    name, value = setting.split("=", 1)
    unit_tests("operation", "Random", "Copies", "Company", "Whole", cases=40, **SMALLEST, **{name: value})
    unit_tests("filter", cases=40, **SMALLEST, **{name: value})
    assert counters.total("device") >= DEVICES[setting], f"too few faults: {counters.text()}"
    counters.wants(0 if value == "busy" else 50)


def test_memory(filters, settings, counters):
    """A stream each way through both under valgrind. The engine is the process's and never given back; valgrind sees
    only pointers into the middle of some of it ("possible")."""
    kinds = "definite,indirect"
    command = [
        "valgrind", "--quiet", "--leak-check=full", "--error-exitcode=9", f"--suppressions={PROGRAMS}/valgrind.supp",
        f"--show-leak-kinds={kinds}", f"--errors-for-leak-kinds={kinds}", filters("both_ways"),
    ]
    run(command, settings).good()
    counters.wants(2)
