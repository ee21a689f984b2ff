# SPDX-License-Identifier: Apache-2.0
"""What README, Docs/compression.md, manual pages and the heads of the files in Examples/ show is done as it is printed.

Each example runs in a folder of its own, with the staged module and tool as if they were installed. A mark before it
says what is done; an example without a mark is a failure:

    try                 run as a script of bash, which has to succeed
    try device          the same, and the device must have counted requests
    try configuration   made openssl.cnf; a digest with it must come from the device, and the default provider be there
    try settings        added to the provider's section of the sample configuration; then as before
    not tried: WHY      left alone

A mark is a comment: `<!-- try -->` in Markdown, `.\\" try` in manual pages. In Examples/ the lines after "To run it:"
are tried as `try device`.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness import PROJECT, TELLING, Counters, Running, run, stop_all_in

# What is in a folder of its own below Examples has tests of its own, such as test_warpdrive.py.
PROGRAMS = sorted(path for path in (PROJECT / "Examples").iterdir() if path.is_file())
PAGES = sorted((PROJECT / "Docs/man").iterdir())
DOCUMENTS = [PROJECT / "README.md", PROJECT / "Docs/compression.md", *PAGES, *PROGRAMS]
SAMPLE = PROJECT / "conf/uacce.cnf"
ROFF = {"\\e": "\\", "\\-": "-", "\\(aq": "'", "\\(dq": '"', "\\&": ""}


# ---- Finding examples: the line that one begins at, its mark, its text ----


def examples_of_markdown(lines):
    """Indented blocks after an empty line."""
    mark, found, previous = "", None, ""
    for number, line in enumerate(lines, 1):
        comment = re.match(r"<!-- ((?:try|not tried).*?) *-->", line)
        if comment:
            mark = comment.group(1)
            continue
        if line.startswith("    ") and (previous == "" or found):
            if not found:
                found, mark = (number, mark, []), ""
                yield found
            found[2].append(line[4:])
        elif line == "" and found:
            found[2].append("")
        elif line:
            found, mark = None, mark if line.startswith(" ") else ""
        previous = line


def examples_of_page(lines):
    """Literal displays."""
    mark, found = "", None
    for number, line in enumerate(lines, 1):
        comment = re.match(r'\.\\" ((?:try|not tried).*)', line)
        if comment:
            mark = comment.group(1)
        elif line.startswith(".Bd -literal"):
            found, mark = (number, mark, []), ""
            yield found
        elif line.startswith(".Ed"):
            found = None
        elif found:
            found[2].append(re.sub(r"\\(?:\(aq|\(dq|[e&-])", lambda match: ROFF[match.group()], line))
        elif not line.startswith("."):
            mark = ""


def examples_of_program(lines):
    """Comments begin with "// ", "# " or " * "; commands stand four columns further in."""
    found = None
    for number, line in enumerate(lines, 1):
        if re.match(r"(//|#| \*) To run it:", line):
            found = (number, "try device", [])
            yield found
        elif found and re.match(r"(//|#| \*)     ", line):
            found[2].append(re.sub(r"^(//|#| \*)     ", "", line))
        elif not re.fullmatch(r"(//|#| \*)", line):
            found = None


def finder(document):
    if document.suffix == ".md":
        return examples_of_markdown
    return examples_of_page if document.parent.name == "man" else examples_of_program


def examples():
    for document in DOCUMENTS:
        for line, mark, lines in list(finder(document)(document.read_text().splitlines())):
            # Documents that are read from a checkout have paths of one; what a manual page shows is installed.
            example = SimpleNamespace(mark=mark, text="\n".join(lines) + "\n", is_installed=document.suffix != ".md")
            reason = mark.removeprefix("not tried: ")
            skip = [pytest.mark.skip(reason=reason)] if reason != mark else []
            yield pytest.param(example, id=f"{document.relative_to(PROJECT)}:{line}", marks=skip)


# ---- Trying them ----


@pytest.fixture
def reader(here, place):
    """A folder as a reader has it: a git repository with FILE to work on, what the project built, the examples, and an
    /etc/ssl of its own; and the environment of its shell."""
    directory = place / "reader"
    shutil.copytree(PROJECT / "Examples", directory)
    (directory / "etc").mkdir()
    subprocess.run(["git", "init", "--quiet", directory], check=True, timeout=20)
    (directory / "dist").symlink_to(here.dist)
    # Beside the examples, as in the project.
    for name in ("Sources", "include"):
        (place / name).symlink_to(PROJECT / name)
    (directory / "FILE").write_text("".join(f"{number}\n" for number in range(1, 200001)))
    shutil.copy(SAMPLE, directory / "etc/uacce.cnf")
    told = run(["openssl", "version", "-d"], here.base).good().output
    shutil.copy(Path(re.search('OPENSSLDIR: "(.*)"', told).group(1), "openssl.cnf"), directory / "etc/openssl.cnf")
    caller = {name: value for name, value in os.environ.items() if not TELLING.match(name)}
    shell = {**caller, "PATH": f"{here.dist}/bin:{os.environ['PATH']}:/usr/sbin"}
    yield SimpleNamespace(directory=directory, environment=shell, counters=Counters(place / "statistics"))
    stop_all_in(directory)


def try_script(here, reader, example):
    """Runs an example as lines of bash."""
    text = example.text.replace("/etc/ssl/", f"{reader.directory}/etc/")
    (reader.directory / ".script").write_text(text.replace("/usr/lib/uacce/", f"{here.libraries}/"))
    settings = {"OPENSSL_MODULES": here.module.parent} if example.is_installed else {}
    if example.mark == "try device":
        settings["UACCE_STATS"] = reader.counters.path
    command = ["bash", "-eu", "-o", "pipefail", ".script"]
    environment = {**reader.environment, **settings}
    with Running(command, environment, reader.directory / ".told", cwd=reader.directory) as script:
        script.ended(60).good()
    # An example may have the counters written elsewhere itself.
    for own in reader.directory.rglob("counters"):
        reader.counters.path.write_text(reader.counters.text() + own.read_text())


def try_configuration(here, reader, example):
    """Makes an example openssl.cnf, or adds it to the provider's section, and has a digest computed."""
    before = SAMPLE.read_text() if example.mark == "try settings" else ""
    (reader.directory / "openssl.cnf").write_text(before + example.text)
    settings = {"OPENSSL_CONF": "openssl.cnf", "OPENSSL_MODULES": here.module.parent}

    def openssl(*words, **more):
        return run(["openssl", *words], {**reader.environment, **settings, **more}, cwd=reader.directory).good().output

    listed = openssl("list", "-providers").splitlines()
    assert "  default" in listed and "  uacce" in listed, listed
    openssl("dgst", "-sha256", "FILE", UACCE_STATS=reader.counters.path)


TRIES = {
    "try": try_script, "try device": try_script,
    "try configuration": try_configuration, "try settings": try_configuration,
}


@pytest.mark.parametrize("example", examples())
def test_example(here, reader, example):
    assert example.mark in TRIES, f"no mark says whether it can be tried, or none that exists: {example.mark!r}"
    TRIES[example.mark](here, reader, example)
    assert example.mark == "try" or reader.counters.total("requests") > 0, "the device had no request"


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.name)
def test_program_says_how_to_run_it(program):
    text = program.read_text()
    assert list(examples_of_program(text.splitlines())) or "Used by" in text
