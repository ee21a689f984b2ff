# SPDX-License-Identifier: Apache-2.0
"""Programs that use libuacce-z for zlib, and what the system's zlib makes of their output, and they of its.

A test passes when the results are right and the counters show streams that a device worked on, in both directions where
the program uses both in a way that devices can do.
"""

import gzip
import os
import shutil
import signal
import zlib
import zipfile

import pytest

from harness import PROJECT, PYTHON, TESTS, Running, bash, run
from nginx import complaints, start_nginx


@pytest.fixture(scope="module")
def zlibs_own(folder):
    """zlib's example, minigzip and infcover, compiled for the system's zlib."""
    path = folder / "zlibs-own"
    path.mkdir()
    # infcover calls a function that zlib does not export, and looks into zlib's state where inflateBack has one.
    script = """
    source=$(Scripts/fetch-zlib)
    for program in example minigzip; do cc -O1 -w -I"$source" -o "$1/$program" "$source/test/$program.c" -lz; done
    cc -O1 -w -I"$source" -o "$1/infcover" "$source/test/infcover.c" "$source/inftrees.c" -lz
    """
    bash(script, dict(os.environ), path, cwd=PROJECT, seconds=300).good()
    return path


@pytest.fixture(params=["preloaded", "in_place"])
def way(request, library):
    """How a program gets the library."""
    return getattr(library, request.param)


def test_zlibs_example(zlibs_own, place, way):
    run([zlibs_own / "example", place / "example.gz"], way, cwd=place).good()


def test_zlibs_infcover(zlibs_own, place, way):
    """It writes into zlib's states, so it must meet zlib's."""
    run([zlibs_own / "infcover"], {**way, "UACCE_Z_INFLATE": "off"}, cwd=place).good()


def test_zlibs_minigzip(zlibs_own, data, library, way):
    def minigzip(given, *options):
        return run([zlibs_own / "minigzip", *options], way, given=given).good().data

    mixed, text = (data / "mixed").read_bytes(), (data / "text").read_bytes()
    packed = minigzip(mixed)
    assert gzip.decompress(packed) == mixed
    assert minigzip(packed, "-d") == mixed
    assert gzip.decompress(minigzip(text, "-9")) == text
    assert minigzip(gzip.compress(mixed, 1), "-d") == mixed
    library.counters.wants()


def test_git(library, data, place, needs):
    """Clone, repack, gc and fsck of a repository, without hard links or shortcuts: every object goes through a pack."""
    needs("git")
    trusting = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
    author = {f"GIT_{role}_{what}": "test" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    settings = {**library.plain, **trusting, **author}

    def git(*words, with_library=True, given=b""):
        variables = {**library.preloaded, **settings} if with_library else settings
        return run(["git", *words], variables, given=given).good().data

    origin, clone = PROJECT, place / "clone.git"
    if run(["git", "-C", origin, "log", "-1"], settings).status != 0:
        origin = place / "origin"
        for name in ("Sources", "Docs", "Scripts"):
            shutil.copytree(PROJECT / name, origin / name)
        git("init", "-q", origin, with_library=False)
        git("-C", origin, "add", ".", with_library=False)
        git("-C", origin, "commit", "-qm", "test", with_library=False)
    git("clone", "-q", "--bare", f"file://{origin}", clone)
    git("-C", clone, "fsck", "--full", "--strict")
    git("-C", clone, "-c", "pack.threads=2", "repack", "-adfq", "--depth=20")
    git("-C", clone, "gc", "-q", "--prune=now")
    git("-C", clone, "fsck", "--full", with_library=False)
    for words in (["rev-parse", "HEAD"], ["rev-list", "--objects", "HEAD"]):
        ours, theirs = (git("-C", each, *words, with_library=False) for each in (clone, origin))
        assert sorted(ours.splitlines()) == sorted(theirs.splitlines())
    # Loose objects, written by one and read by the other.
    for content, writer in (((data / "mixed").read_bytes(), True), ((data / "text").read_bytes(), False)):
        name = git("-C", clone, "hash-object", "-w", "--stdin", with_library=writer, given=content).decode().strip()
        assert git("-C", clone, "cat-file", "blob", name, with_library=not writer) == content
    library.counters.wants()


def test_pythons_own_tests(library, place, long):
    if run([PYTHON, "-c", "import test.test_zlib, test.test_gzip"], library.plain).status != 0:
        pytest.skip("Python's test suite is not installed")
    tests = ["test_zlib", "test_gzip", *(["test_zipfile", "test_tarfile"] if long else [])]
    # test_pair wants the same bytes from one call as from two: a device makes a request of each.
    command = [PYTHON, "-m", "test", "-i", "test.test_zlib.CompressObjectTestCase.test_pair", *tests]
    run(command, library.preloaded, cwd=place, seconds=600 if long else 120).good()
    library.counters.wants()


def test_python(library, data, place):
    script = """
import gzip, sys, zlib
data = open(sys.argv[1], "rb").read()
for level in range(10):
    assert zlib.decompress(zlib.compress(data, level)) == data
open("python.gz", "wb").write(gzip.compress(data))
"""
    run([PYTHON, "-c", script, data / "mixed"], library.preloaded, cwd=place).good()
    assert gzip.decompress((place / "python.gz").read_bytes()) == (data / "mixed").read_bytes()
    library.counters.wants()


NGINX = """
default_type text/plain; gzip on; gzip_types *; gzip_min_length 100;
server {{
    listen 127.0.0.1:{port}; root {site};
    location /1/ {{ alias {site}/; gzip_comp_level 1; }}
    location /6/ {{ alias {site}/; gzip_comp_level 6; }}
    location /9/ {{ alias {site}/; gzip_comp_level 9; }}
    location /small/ {{ alias {site}/; gzip_window 4k; gzip_hash 4k; }}
    location /unpacked/ {{ alias {site}/; gzip off; gunzip on; gzip_static always; }}
    location /slow/ {{ alias {site}/; gzip_comp_level 6; limit_rate 300k; }}
}}
"""


def test_nginx(library, data, place, needs, free_port):
    """gzip on, read by curl with the library and by the system's zlib; the error log has to be empty."""
    needs("nginx", "curl")
    site, port, text = place / "site", free_port(), (data / "text").read_bytes()
    site.mkdir()
    files = {"text.txt": text, "short.txt": text[:3000], "large.txt": text * 8}
    for name, content in files.items():
        (site / name).write_bytes(content)
        (site / f"{name}.gz").write_bytes(gzip.compress(content))

    def fetched(path, *options, environment=library.plain):
        return run(["curl", "-sS", *options, f"http://127.0.0.1:{port}/{path}"], environment).good().data

    variables = "env UACCE_STATS; env UACCE_BACKEND; env LD_PRELOAD;"
    with start_nginx(place, library.preloaded, NGINX.format(site=site, port=port), port, main=variables) as nginx:
        for where in ("1", "6", "9", "small"):
            for name, content in files.items():
                assert fetched(f"{where}/{name}", "--compressed", environment=library.preloaded) == content
                assert gzip.decompress(fetched(f"{where}/{name}", "-H", "Accept-Encoding: gzip")) == content
        # Files that are packed already, for a client that cannot read that. (curl asks inflate to stop between blocks.)
        for name in ("text.txt", "large.txt"):
            assert fetched(f"unpacked/{name}") == files[name]
        # Clients that go away in the middle: nginx then forgets the stream without a word to zlib.
        leaving = ["curl", "-sS", "--max-time", "0.1", "-o", "/dev/null", "-H", "Accept-Encoding: gzip"]
        for _ in range(20):
            run([*leaving, f"http://127.0.0.1:{port}/slow/large.txt"], library.plain)
        assert fetched("6/large.txt", "--compressed", environment=library.preloaded) == files["large.txt"]
        nginx.process.send_signal(signal.SIGQUIT)
        nginx.ended()
    assert complaints(place) == []
    library.counters.wants()


def test_pigz(library, data, needs):
    needs("pigz")
    mixed, text = (data / "mixed").read_bytes(), (data / "text").read_bytes()

    def pigz(given, *options):
        return run(["pigz", *options], library.preloaded, given=given).good().data

    for level in ("-1", "-6", "-9"):
        packed = pigz(mixed, level, "-p", "2")
        assert gzip.decompress(packed) == mixed
        assert pigz(packed, "-d") == mixed
    assert zlib.decompress(pigz(text, "-z", "-i", "-p", "4")) == text
    assert pigz(gzip.compress(text), "-dc") == text
    # It reads with inflateBack, which is zlib's.
    library.counters.wants(1, ["deflate"])


def test_rsync(library, data, place, needs, free_port):
    """A transfer with compression, from a daemon with the library, to a client with it and to one without."""
    needs("rsync")
    port, source, target = free_port(), place / "from", place / "to"
    shutil.copytree(data, source)
    # As itself, so that it may write its counters.
    configuration, user = place / "rsync.conf", f"uid = {os.geteuid()}\ngid = {os.getegid()}\n"
    configuration.write_text(f"use chroot = no\n{user}log file = {place}/log\n[files]\npath = {source}\n")
    # Without --no-detach it would go on after this test.
    command = ["rsync", "--daemon", "--no-detach", "--address=127.0.0.1", f"--port={port}", f"--config={configuration}"]
    text, noise, mixed = ((data / name).read_bytes() for name in ("text", "random", "mixed"))
    with Running(command, library.preloaded, place / "rsync").listens(port):
        for choice in ("zlibx", "zlib"):
            options = ["--archive", "--compress", f"--compress-choice={choice}"]
            transfer = ["rsync", *options, f"rsync://127.0.0.1:{port}/files/", f"{target}/"]
            shutil.rmtree(target, ignore_errors=True)
            run(transfer, library.preloaded).good()
            assert (target / "mixed").read_bytes() == mixed
            # With data that the other side has in part: tokens go through the compressor's dictionary.
            (source / "text").write_bytes(text + b"changed\n" + noise)
            run(transfer, library.plain).good()
            assert (target / "text").read_bytes() == text + b"changed\n" + noise
    library.counters.wants(1, ["deflate"])


def test_java(library, data, place, needs):
    """java.util.zip: levels, dictionaries, gzip and zip files."""
    needs("java")
    if "jdk.compiler" not in run(["java", "--list-modules"], library.plain).output:
        pytest.skip("this Java cannot run a source file")
    program = TESTS / "ZlibPrograms" / "Streams.java"
    command = ["java", "-Xshare:auto", program, data / "mixed", place / "java.gz", place / "java.zip"]
    run(command, library.preloaded, seconds=300).good()
    mixed = (data / "mixed").read_bytes()
    assert gzip.decompress((place / "java.gz").read_bytes()) == mixed
    assert zipfile.ZipFile(place / "java.zip").read("mixed") == mixed
    library.counters.wants()
