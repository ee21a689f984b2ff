# SPDX-License-Identifier: Apache-2.0
"""What the tests of the hostile suite share: the staged libraries, small programs in C, and surroundings to run them in.

Everything that runs has a time limit, no core file, and an environment of its own.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PROGRAMS = PROJECT / "Tests" / "HostilePrograms"
NOBODY = 65534


def pytest_addoption(parser):
    parser.addoption("--dist", default=str(PROJECT / "dist"), help="what Scripts/build staged")
    parser.addoption("--fetched", default=str(PROJECT / ".build-hostile"), help="where packages are kept that were fetched")
    parser.addoption("--quick", action="store_true", help="fewer repetitions where something is repeated to meet a race")


def pytest_configure(config):
    os.umask(0o022)


def pytest_unconfigure(config):
    """The last line, which Scripts/test reads."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or config.option.collectonly:
        return
    count = {name: len(reporter.stats.get(name, [])) for name in ("passed", "failed", "error", "skipped")}
    print(
        f"==> hostile: {count['passed']} passed, {count['failed'] + count['error']} failed, "
        f"{count['skipped']} left out"
    )


class Outcome:
    """How a program ended."""

    def __init__(self, status, output, errors):
        self.status, self.output, self.errors = status, output, errors

    def __str__(self):
        return f"status {self.status}\n{self.output[-3000:]}\n{self.errors[-3000:]}"

    def good(self):
        """This outcome, of a program that exited with 0."""
        assert self.status == 0, str(self)
        return self


def before_start():
    """In the child, before the program: no core files, and signals as a shell leaves them."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)


def start(command, environment, **options):
    return subprocess.Popen(
        [str(word) for word in command],
        env={name: str(value) for name, value in environment.items()},
        start_new_session=True,
        preexec_fn=before_start,
        **options,
    )


def stop(process):
    """Ends a process and whatever it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def run(command, environment, seconds=60, given=b"", **options):
    """Runs a program to its end; one that takes longer than `seconds` is ended, and has failed."""
    process = start(
        command, environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    )
    try:
        output, errors = process.communicate(given, timeout=seconds)
        status = process.returncode
    except subprocess.TimeoutExpired:
        stop(process)
        output, errors = process.communicate()
        status, errors = "timeout", errors + f"\nnot done after {seconds} s".encode()
    return Outcome(status, output.decode(errors="replace"), errors.decode(errors="replace"))


class Surroundings:
    """The staged libraries in a folder that every user may enter, and environments that use them or do not."""

    def __init__(self, dist, folder):
        self.folder = folder
        self.dist = folder / "dist"
        shutil.copytree(dist, self.dist, ignore=shutil.ignore_patterns("packages"))
        for path in [folder, *self.dist.rglob("*")]:
            path.chmod(0o755)
        self.module = self.dist / "lib" / "ossl-modules" / "uacce.so"
        self.zlib = self.dist / "lib" / "libuacce-z.so"
        self.tool = self.dist / "bin" / "uaccectl"
        self.sample = (self.dist / "etc" / "uacce.cnf").read_text()
        self.configuration = self.configured("uacce.cnf")
        self.base = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/", "LC_ALL": "C.UTF-8"}

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

    def preloaded(self, **more):
        """libuacce-z in zlib's place."""
        return {**self.base, "LD_PRELOAD": self.zlib, "OPENSSL_CONF": "/dev/null", **more}


@pytest.fixture(scope="session")
def folder():
    """A folder that every user may enter, unlike those of pytest."""
    path = Path(tempfile.mkdtemp(prefix="uacce-hostile-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def here(request, folder):
    dist = Path(request.config.getoption("--dist"))
    if not (dist / "lib" / "ossl-modules" / "uacce.so").exists():
        pytest.exit(f"there is no module in {dist}: run Scripts/build", returncode=2)
    return Surroundings(dist, folder)


@pytest.fixture
def place(folder, request):
    """An empty folder of a test's own, which every user may enter."""
    path = Path(tempfile.mkdtemp(prefix="test-", dir=folder))
    path.chmod(0o755)
    return path


@pytest.fixture(scope="session")
def compiled(folder, here):
    """Compiles a program of Tests/HostilePrograms, once."""
    made = {}

    def compile_once(name, *libraries, source=PROGRAMS):
        if name not in made:
            path = folder / name
            subprocess.run(
                ["cc", "-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function"]
                + ["-Wno-deprecated-declarations", f"-I{PROJECT}/include", f"-I{PROJECT}/Sources/Boundary/CUacce/include"]
                + ["-o", str(path), str(source / f"{name}.c"), f"-L{here.dist}/lib", f"-Wl,-rpath,{here.dist}/lib"]
                + [f"-l{library}" for library in (*libraries, "ssl", "crypto", "z", "pthread")],
                check=True,
                timeout=60,
            )
            path.chmod(0o755)
            made[name] = path
        return made[name]

    return compile_once


# ---- Surroundings that only root can make ----

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
