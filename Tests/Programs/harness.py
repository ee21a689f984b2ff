# SPDX-License-Identifier: Apache-2.0
"""How tests run programs: each in an environment of its own, with a time limit, and none outlives its test."""

import contextlib
import os
import re
import shlex
import signal
import subprocess
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
TESTS = PROJECT / "Tests"
# Debian's own, which has Debian's own modules.
PYTHON = "/usr/bin/python3"
# UACCE_API=v2 Scripts/test tls
SETTINGS_OF_THE_CALLER = {name: value for name, value in os.environ.items() if name.startswith("UACCE_")}
# What changes what a program does, of its environment.
TELLING = re.compile("UACCE_|LIBUACCE_|OPENSSL_|LD_")


class Outcome:
    """How a program ended. As text, all that a failing test has to show."""

    def __init__(self, command, environment, status, data, errors):
        self.command, self.environment, self.status, self.data = command, environment, status, data or b""
        self.output, self.errors = self.data.decode(errors="replace"), (errors or b"").decode(errors="replace")

    def __str__(self):
        words = [f"{name}={value}" for name, value in self.environment.items() if TELLING.match(name)] + [*self.command]
        return f"{shlex.join(map(str, words))}\nstatus {self.status}\n{self.output[-3000:]}\n{self.errors[-3000:]}"

    def good(self):
        """This outcome, of a program that exited with 0."""
        __tracebackhide__ = True
        assert self.status == 0, str(self)
        return self


def start(command, environment, **options):
    words, variables = [str(word) for word in command], {name: str(value) for name, value in environment.items()}
    return subprocess.Popen(words, env=variables, start_new_session=True, **options)


def stop(process):
    """Ends a process and whatever it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def stop_all_in(folder):
    """Ends all processes that are in a folder, such as servers that left their process group."""
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if Path(os.readlink(link)).is_relative_to(folder):
                os.kill(int(link.parent.name), signal.SIGKILL)


def run(command, environment, seconds=120, given=b"", **options):
    """Runs a program to its end; one that takes longer than `seconds` is ended, and has failed."""
    pipes = {name: subprocess.PIPE for name in ("stdin", "stdout", "stderr")}
    process = start(command, environment, **{**pipes, **options})
    try:
        output, errors = process.communicate(given if process.stdin else None, timeout=seconds)
        status = process.returncode
    except subprocess.TimeoutExpired:
        # A Python that was told to then tells where it is.
        process.send_signal(signal.SIGABRT)
        time.sleep(0.2)
        stop(process)
        output, errors = process.communicate(timeout=5)
        status, errors = "timeout", (errors or b"") + f"\nnot done after {seconds} s".encode()
    finally:
        stop(process)
    return Outcome(command, environment, status, output, errors)


def bash(script, environment, *arguments, **options):
    """Runs lines of bash that stop at the first error; `$1` and so on are the arguments."""
    return run(["/bin/bash", "-eu", "-o", "pipefail", "-c", script, "bash", *arguments], environment, **options)


class Running:
    """A program that goes on while its test does something else, until the end of the `with` block at the latest.

    It writes into files, which can be read meanwhile: `place` names them, with ".output" and ".errors" behind.
    """

    def __init__(self, command, environment, place, **options):
        self.command, self.environment = command, environment
        self.output, self.errors = Path(f"{place}.output"), Path(f"{place}.errors")
        with open(self.output, "wb") as output, open(self.errors, "wb") as errors:
            files = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": errors}
            self.process = start(command, environment, **{**files, **options})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stop(self.process)

    def has_ended(self):
        return self.process.poll() is not None

    def told(self):
        """All that it has written so far."""
        return (self.output.read_bytes() + self.errors.read_bytes()).decode(errors="replace")

    def say(self, *lines, pause=0.1):
        """Gives it lines to read, one at a time: programs that obey commands look for them where a read begins."""
        for line in lines:
            try:
                self.process.stdin.write(f"{line}\n".encode())
                self.process.stdin.flush()
            except BrokenPipeError:
                return  # it has ended; what it told shows why
            time.sleep(pause)

    def listens(self, *ports):
        """This program, once it listens. A connection made to find out would count as one with some servers."""
        entries = [f":{port:04X} 00000000:0000 0A" for port in ports]
        listening = lambda: all(each in Path("/proc/net/tcp").read_text() for each in entries)  # noqa: E731
        wait_until(lambda: self.has_ended() or listening())
        assert not self.has_ended() and listening(), f"does not listen: {self.ended(0)}"
        return self

    def ended(self, seconds=30):
        """How it ended, by itself or because its time was over."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            status = "timeout"
            stop(self.process)
        return Outcome(self.command, self.environment, status, self.output.read_bytes(), self.errors.read_bytes())


def wait_until(condition, seconds=10):
    """Whether a condition came true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


class Counters:
    """What devices counted: the file that UACCE_STATS names, with a line of JSON for each device of each process."""

    def __init__(self, path):
        self.path = Path(path)

    def text(self):
        return self.path.read_text() if self.path.exists() else ""

    def total(self, name):
        return sum(map(int, re.findall(rf'"{name}":(\d+)', self.text())))

    def streams(self, direction):
        """Streams of one direction, deflate or inflate, that a device worked on."""
        return sum(map(int, re.findall(rf'"{direction}":{{"streams_device":(\d+)', self.text())))

    def wants(self, least=1, directions=("deflate", "inflate")):
        """Fails when devices had fewer streams than that, in one of the directions."""
        __tracebackhide__ = True
        for direction in directions:
            assert self.streams(direction) >= least, f"devices had {self.streams(direction)} streams to {direction}"
