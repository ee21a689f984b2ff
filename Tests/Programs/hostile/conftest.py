# SPDX-License-Identifier: Apache-2.0
"""How the programs of Tests/HostilePrograms are compiled."""

import pytest

from namespaces import PROGRAMS
from harness import PROJECT


@pytest.fixture(scope="session")
def compiled(build, here):
    """Compiles a program of that folder, once."""

    def compile_once(name, *libraries, source=PROGRAMS):
        headers = [PROJECT / "include", next(PROJECT.glob("Sources/**/CUacce/include"))]
        return build(
            source / f"{name}.c", "-std=gnu11", "-Wno-unused-function", "-Wno-deprecated-declarations",
            *(f"-I{path}" for path in headers), f"-L{here.libraries}", f"-Wl,-rpath,{here.libraries}",
            *(f"-l{library}" for library in (*libraries, "ssl", "crypto", "z")),
        )

    return compile_once
