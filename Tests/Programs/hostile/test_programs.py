# SPDX-License-Identifier: Apache-2.0
"""Programs of Tests/HostilePrograms that are a whole suite each: random sequences of calls, every allocation failing once.

A row says in which surroundings a program runs and with which arguments. A program without a row runs without arguments,
with the provider. Whatever lies in the folder is run: by a row, by such a default, or by name in another file.
"""

import re
from pathlib import Path

import pytest

from harness import run
from namespaces import PROGRAMS

DEVICE = {"UACCE_MIN_OFFLOAD": "0"}
NODES = {**DEVICE, "UACCE_BACKEND": "kernel", "UACCE_TIMEOUT": "200"}


class Row:
    def __init__(self, program, *arguments, kind="module", settings=None, nodes=None, seconds=120):
        self.program, self.arguments, self.kind = program, arguments, kind
        self.settings, self.nodes, self.seconds = settings or {}, nodes, seconds

    def __str__(self):
        words = [self.program, *(word for word in self.arguments if "{" not in word), *self.settings.values()]
        return " ".join(words + ([self.nodes] if self.nodes else []))


# kind: "module", OPENSSL_MODULES alone, for programs that load providers themselves; "provider", the sample configuration;
# "zlib", preloaded. "{modules}" stands for the folder of the staged one; `nodes`: on device nodes with these faults.
ROWS = [
    Row("evp_sequences", "{modules}", "1", "4000"),
    Row("evp_sequences", "{modules}", "2", "4000", settings=DEVICE),
    Row("no_memory", "{modules}"),
    Row("no_memory", "{modules}", settings=DEVICE),
    Row("queue_no_memory", "AES-128-CBC", kind="provider", settings=DEVICE),
    Row("fallback_in_place", "300", "1", settings=NODES, nodes="overwrite@3x2,overwrite@20x500"),
    Row("fallback_in_place", "300", "2", settings=NODES, nodes="descriptor@3x2,descriptor@20x500"),
    Row("fallback_in_place", "60", "3", settings=NODES, nodes="stuck@30x3"),
    Row("half_sent_streams", kind="zlib"),
    Row("zlib_no_memory", kind="zlib", seconds=200),
    Row("zlib_threads", kind="zlib", seconds=200),
    Row("zlib_sandbox", kind="zlib"),
    Row("zlib_exact_room", kind="zlib"),
    Row("zlib_exact_room", kind="zlib", settings={"UACCE_Z_MIN_INFLATE": "1"}),
]


def named_elsewhere():
    """Programs that other files of this folder run."""
    texts = [path.read_text() for path in Path(__file__).parent.glob("test_*.py") if path != Path(__file__)]
    names = set(re.findall(r'compiled\("(\w+)"', "".join(texts)))
    return names | {"damaged_stream", "deflate_dictionary", "failed_copy"}


def rows():
    there = {path.stem for path in PROGRAMS.glob("*.c")}
    known = {row.program for row in ROWS} | named_elsewhere()
    zlibs = [Row(name, kind="zlib") for name in sorted(there - known) if name.startswith("zlib_")]
    others = [Row(name, kind="provider") for name in sorted(there - known) if not name.startswith("zlib_")]
    return [row for row in ROWS if row.program in there] + zlibs + others


@pytest.mark.parametrize("row", rows(), ids=str)
def test_program(here, compiled, row):
    places = {"modules": here.module.parent}
    command = [compiled(row.program), *(word.format(**places) for word in row.arguments)]
    if row.nodes:
        command = [here.tool, "run", "--faults", row.nodes, "--", *command]
    surroundings = {
        "module": {**here.base, "OPENSSL_CONF": "/dev/null", "OPENSSL_MODULES": here.module.parent},
        "provider": here.uacce(),
        "zlib": here.preloaded(),
    }
    run(command, {**surroundings[row.kind], **row.settings, "TMPDIR": "/tmp"}, row.seconds).good()
