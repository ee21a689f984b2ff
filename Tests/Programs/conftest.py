# SPDX-License-Identifier: Apache-2.0
"""What all tests share: the staged libraries and environments that use them, folders, ports, programs to compile."""

import os
import resource
import shutil
import socket
import tempfile
from pathlib import Path

import pytest

from harness import PROJECT, SETTINGS_OF_THE_CALLER, run


def pytest_addoption(parser):
    parser.addoption("--dist", default=str(PROJECT / "dist"), help="what Scripts/build staged")
    parser.addoption("--fetched", default=str(PROJECT / ".build-hostile"), help="where fetched packages are kept")
    for name, what in {
        "quick": "fewer repetitions where something is repeated to meet a race",
        "long": "many more random cases, and much larger ones",
        "keep": "leave the folder that everything was done in",
    }.items():
        parser.addoption(f"--{name}", action="store_true", help=what)


def pytest_configure(config):
    os.umask(0o022)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    config.checks = 0


def pytest_unconfigure(config):
    """The last line, which Scripts/test reads."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or config.option.collectonly:
        return
    count = {name: len(reporter.stats.get(name, [])) for name in ("passed", "failed", "error", "skipped")}
    parts = " ".join(Path(each.split("::")[0]).stem.removeprefix("test_") for each in config.args)
    more = f" ({config.checks} checks inside of programs)" if config.checks else ""
    failed = count["failed"] + count["error"]
    print(f"==> {parts.lower()}: {count['passed']} passed, {failed} failed, {count['skipped']} skipped{more}")


class Surroundings:
    """The staged libraries in a folder that every user may enter, and environments that use them or do not."""

    def __init__(self, dist, folder):
        self.folder = folder
        self.dist = folder / "dist"
        shutil.copytree(dist, self.dist, ignore=shutil.ignore_patterns("packages"))
        for path in [folder, *self.dist.rglob("*")]:
            path.chmod(0o755)
        self.libraries = self.dist / "lib"
        self.module = self.libraries / "ossl-modules" / "uacce.so"
        self.zlib = self.libraries / "libuacce-z.so"
        self.tool = self.dist / "bin" / "uaccectl"
        self.sample = (self.dist / "etc" / "uacce.cnf").read_text()
        self.configuration = self.configured("uacce.cnf")
        shutil.copy(self.configuration, self.dist / "etc" / "uacce.cnf")
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        self.base = {"PATH": path, "HOME": "/", "LC_ALL": "C.UTF-8"}

    def configured(self, name, **settings):
        """The sample configuration with the module's place and these settings."""
        path = self.folder / name
        lines = "".join(f"{key} = {value}\n" for key, value in {"module": self.module, **settings}.items())
        # A staged file may say where the module is already.
        text = "".join(line for line in self.sample.splitlines(True) if not line.startswith("module ="))
        assert text.rstrip().splitlines() and "[uacce_settings]" in text
        path.write_text(text.replace("[uacce_settings]\n", "[uacce_settings]\n" + lines))
        path.chmod(0o644)
        return path

    def default(self, **more):
        """OpenSSL's default provider, the system's zlib."""
        return {**self.base, "OPENSSL_CONF": "/dev/null", "EXPECTED_PROVIDER": "default", **more}

    def uacce(self, **more):
        """The provider, as the sample configuration has it; `UACCE_*` words are settings."""
        return {**self.base, "OPENSSL_CONF": self.configuration, "EXPECTED_PROVIDER": "uacce", **more}

    def all_to_device(self, **more):
        """The provider, with every request on the device, and none that may fall back to the CPU."""
        to_device = {"UACCE_BACKEND": "emulator", "UACCE_MIN_OFFLOAD": "0", "UACCE_FALLBACK": "off"}
        return self.uacce(**{**SETTINGS_OF_THE_CALLER, **to_device, **more})

    def preloaded(self, **more):
        """libuacce-z in zlib's place."""
        return {**self.base, "LD_PRELOAD": self.zlib, "OPENSSL_CONF": "/dev/null", **more}


@pytest.fixture(scope="session")
def folder(request):
    """A folder that every user may enter, unlike those of pytest."""
    path = Path(tempfile.mkdtemp(prefix="uacce-tests-"))
    path.chmod(0o755)
    yield path
    if request.config.getoption("--keep"):
        print(f"\nkept {path}")
    else:
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def here(request, folder):
    dist = Path(request.config.getoption("--dist"))
    if not (dist / "lib" / "ossl-modules" / "uacce.so").exists():
        pytest.exit(f"there is no module in {dist}: run Scripts/build", returncode=2)
    return Surroundings(dist, folder)


@pytest.fixture
def place(folder):
    """An empty folder of a test's own, which every user may enter."""
    path = Path(tempfile.mkdtemp(prefix="test-", dir=folder))
    path.chmod(0o755)
    return path


@pytest.fixture(scope="session")
def long(request):
    return request.config.getoption("--long")


@pytest.fixture(scope="session")
def free_port():
    """Ports of 127.0.0.1 that no other program gets before the tests have ended.

    The kernel gives a port that is bound to no program that asks for any; a server that names it can still listen
    there, because both allow the address to be used again.
    """
    held = []

    def reserve():
        held.append(socket.socket())
        held[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held[-1].bind(("127.0.0.1", 0))
        return held[-1].getsockname()[1]

    yield reserve
    for each in held:
        each.close()


@pytest.fixture(scope="session")
def build(folder):
    """Compiles a program of Tests/ or Examples/, once. A warning is an error."""
    made = set()

    def build_once(source, *options):
        source = Path(source)
        path = folder / source.parent.name / source.stem
        if path not in made:
            path.parent.mkdir(exist_ok=True)
            compiler = "g++" if source.suffix == ".cc" else "cc"
            words = [compiler, "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-pthread", "-o", path, source, *options]
            run(words, {**os.environ, "LC_ALL": "C.UTF-8"}).good()
            path.chmod(0o755)
            made.add(path)
        return path

    return build_once


@pytest.fixture
def checks(request):
    """Adds the checks that a program counts itself to the last line."""

    def count(number):
        request.config.checks += int(number)

    return count
