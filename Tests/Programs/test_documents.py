# SPDX-License-Identifier: Apache-2.0
"""The documents are true as far as a program can tell.

Samples, documents and manual pages show the settings that the source has, with the same defaults; manual pages are
well-formed, and packages have all of them; uaccectl(1) tells of every command and option of the program; files that a
document names are there; the index of the measurements names all of them; the drawings are of today's modules.
"""

import os
import re
import shutil
import subprocess

import pytest

from harness import PROJECT, run

PAGES = sorted((PROJECT / "Docs/man").iterdir())
DOCUMENTS = [path for folder in ("", "Docs", "Docs/measurements") for path in sorted((PROJECT / folder).glob("*.md"))]


def text(path):
    return (PROJECT / path).read_text()


def named(path):
    return str(path.relative_to(PROJECT))


def source(name):
    """A file of Sources, wherever it lies there."""
    return next((PROJECT / "Sources").rglob(name)).read_text()


# ---- Settings ----


def settings_in_source(name):
    """Key and default of every row, in the order of the table. Defaults that have a name are looked up under it."""
    thresholds = source("OffloadThresholds.swift")
    measured = re.findall(r'^ *public static let (measured\w*) = "(.*)"$', thresholds, re.MULTILINE)
    values = {f"OffloadThresholds.{name}": value for name, value in measured}
    rows = re.findall(r'name: "([a-z_]+)", defaultValue: (?:"([^"]*)"|(OffloadThresholds\.\w+))', source(name))
    return [(key, value or values.get(constant, "")) for key, value, constant in rows]


def settings_in_sample(path):
    section = text(path)[text(path).rindex("\n[uacce") :]
    rows = re.findall(r"^# ([a-z_]+) =(?: (.*))?$", section, re.MULTILINE)
    return [row for row in rows if row[0] != "module"]


def settings_in_document(path):
    return re.findall(r"^\| `([a-z_]+)` \|[^|]*\| (?:`([^`]*)`|none) \|", text(path), re.MULTILINE)


def settings_in_page(path):
    return re.findall(r"^\.It Cm ([a-z_]+) No =(?: Li (.*))?$", text(path), re.MULTILINE)


@pytest.mark.parametrize("table, path, shown", [
    ("ConfigurationTable.swift", "conf/uacce.cnf", settings_in_sample),
    ("ConfigurationTable.swift", "Docs/configuration.md", settings_in_document),
    ("ConfigurationTable.swift", "Docs/man/uacce.cnf.5", settings_in_page),
    ("ZlibPolicy.swift", "conf/uacce-z.cnf", settings_in_sample),
    ("ZlibPolicy.swift", "Docs/zlib.md", settings_in_document),
    ("ZlibPolicy.swift", "Docs/man/libuacce-z.7", settings_in_page),
])
def test_settings(table, path, shown):
    expected = settings_in_source(table)
    assert expected
    assert [(key, value.rstrip()) for key, value in shown(path)] == [(key, value.rstrip()) for key, value in expected]


# ---- Manual pages ----


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_page_is_well_formed(page):
    told = subprocess.run(["mandoc", "-T", "lint", "-W", "style", page], capture_output=True, text=True, timeout=60)
    # Which other pages this machine has is nothing to this one.
    ignored = re.compile("referenced manual not found|outdated mandoc.db")
    assert [line for line in (told.stdout + told.stderr).splitlines() if not ignored.search(line)] == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_page_is_in_a_package(page):
    lists = PROJECT.glob("Packaging/*.manpages")
    assert any(named(page) in each.read_text().splitlines() for each in lists)


def test_page_tells_of_commands_and_options(here):
    """The program tells its commands in two columns, and the options of each after "--"."""

    def help_of(*command):
        return run([here.tool, "help", *command], here.base).good().output

    page, missing = text("Docs/man/uaccectl.1"), []
    commands = re.findall(r"^  ([a-z]+) ", help_of().split("\nSUBCOMMANDS:\n")[1].split("\n\n")[0], re.MULTILINE)
    assert commands
    for command in commands:
        if not re.search(rf"^\.It Cm {command}( |$)", page, re.MULTILINE):
            missing.append(command)
        for option in re.findall(r"^  (?:-[a-z], )?--([a-z-]+)", help_of(command), re.MULTILINE):
            if not re.search(rf"^\.It.* Fl -{option}( |$)", page, re.MULTILINE):
                missing.append(f"{command} --{option}")
    assert missing == []


# ---- Files, index, drawings ----


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_files_that_are_named_are_there(document):
    """`Sources/...` and the like, and the targets of links. A backquoted name is a path when it begins as one."""
    content = document.read_text()
    folders = "Sources|provider|Tests|Scripts|Docs|Examples|Packaging|Benchmarks|conf"
    paths = [PROJECT / path for path in re.findall(rf"`((?:{folders})/[\w./-]+)`", content)]
    paths += [document.parent / path for path in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", content)]
    assert [str(path) for path in paths if not path.exists()] == []


def test_index_of_measurements():
    index = text("Docs/measurements/README.md")
    files = [path.name for path in PROJECT.glob("Docs/measurements/[0-9]*.md")]
    assert files and [name for name in files if f"({name})" not in index] == []


@pytest.mark.parametrize("script", ["draw-architecture", "draw-blocks"])
def test_drawing(script):
    if shutil.which("swift") is None:
        pytest.skip("there is no Swift toolchain to ask about the package")
    run([PROJECT / "Scripts" / script, "--check"], dict(os.environ), cwd=PROJECT).good()
