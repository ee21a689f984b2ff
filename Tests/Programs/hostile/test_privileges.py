# SPDX-License-Identifier: Apache-2.0
"""Programs that have more rights than their user, and uaccectl among files of others."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from harness import run, start, stop
from namespaces import NOBODY, as_root, as_user, in_namespace, system_wide, with_mounts

KINDS = ["set-user-id", "set-group-id", "capability"]


@pytest.fixture
def privileged(compiled, place):
    """Makes a copy of the program with rights of its own."""

    def make(kind):
        path = place / kind
        shutil.copy(compiled("privileged"), path)
        os.chown(path, 0, 60)
        path.chmod({"set-user-id": 0o4755, "set-group-id": 0o2755, "capability": 0o755}[kind])
        if kind == "capability":
            setcap = shutil.which("setcap", path="/usr/sbin:/sbin:/usr/bin")
            if setcap is None or subprocess.run([setcap, "cap_net_bind_service+ep", path], capture_output=True).returncode:
                pytest.skip("files cannot be given capabilities here")
        return path

    return make


def told(outcome, word):
    return [line.split(" ", 1)[1] for line in outcome.output.splitlines() if line.startswith(word + " ")]


@with_mounts
@pytest.mark.parametrize("kind", KINDS)
def test_variables_of_the_user_are_not_believed(here, privileged, place, kind):
    """Settings that would make it fail, files to write, libraries to load: all left alone."""
    home = place / "home"
    home.mkdir(mode=0o777)
    home.chmod(0o777)
    shutil.copy("/bin/true", home / "libuacce-z.so")
    variables = {
        "UACCE_BACKEND": "nonsense", "UACCE_LOG": home / "log", "UACCE_STATS": home / "stats", "UACCE_FAULTS": "descriptor@1x*",
        "UACCE_FALLBACK": "off", "UACCE_UNIT_PLAN": home / "plan", "UACCE_COMPRESSION_LIBRARY": home / "libuacce-z.so",
        "XDG_RUNTIME_DIR": home, "LD_PRELOAD": here.zlib, "LD_LIBRARY_PATH": home, "UACCE_MIN_OFFLOAD": "0",
    }
    mounts = [system_wide(here.configuration), "mount -t tmpfs -o mode=1777 tmpfs /dev/shm"]
    outcome = run(in_namespace(mounts, as_user(NOBODY, ["env", "-i", *(f"{k}={v}" for k, v in variables.items()),
                                                        str(privileged(kind))])), here.base).good()
    assert told(outcome, "privileged") == ["1"], "the program has no privileges, so this shows nothing"
    assert outcome.errors == "" and sorted(path.name for path in home.iterdir()) == ["libuacce-z.so"]


@with_mounts
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_shared_with_the_user(here, privileged, kind):
    """No file that the user may write is mapped or open, and nothing of it can be read."""
    mounts = [system_wide(here.configuration), "mount -t tmpfs -o mode=1777 tmpfs /dev/shm"]
    outcome = run(in_namespace(mounts, as_user(NOBODY, [str(privileged(kind))])), here.base).good()
    assert told(outcome, "privileged") == ["1"]
    files = [line for line in told(outcome, "mapping") if "/dev/shm" in line or "/run/" in line]
    assert files == [] and not any("shm" in line or "uacce" in line for line in told(outcome, "file"))


@with_mounts
@pytest.mark.parametrize("kind", KINDS)
def test_counters_stay_closed(here, privileged, kind):
    """uaccectl of the same user does not see it, and root's does."""
    mounts = [system_wide(here.configuration), "mount -t tmpfs -o mode=1777 tmpfs /dev/shm"]
    path = privileged(kind)
    script = (
        f'mkfifo {path}.in; ( {" ".join(as_user(NOBODY, [str(path)]))} < {path}.in > {path}.out ) & exec 3> {path}.in\n'
        f"for i in $(seq 100); do grep -q ready {path}.out && break; sleep 0.05; done\n"
        f"pid=$(sed -n 's/^ready //p' {path}.out)\n"
        f'{" ".join(as_user(NOBODY, [str(here.tool), "stats", "--json"]))} > {path}.user; '
        f"{here.tool} stats --json > {path}.root\n"
        f'echo "user $(grep -c "\\"pid\\":$pid" {path}.user) root $(grep -c "\\"pid\\":$pid" {path}.root)"\n'
        "exec 3>&-; wait\n"
    )
    outcome = run(in_namespace(mounts, ["sh", "-c", script]), here.base)
    assert outcome.output.strip() == "user 0 root 1", str(outcome)


@as_root
def test_who_may_read_counters(here, compiled, place):
    """Dumpable, undumpable and set-group-id programs; what a thousand children leave; no file that may grow."""
    run([compiled("counters"), here.zlib, here.tool], {**here.base, "TMPDIR": place}, seconds=300).good()


# ---- uaccectl as root among files of others ----


@as_root
def test_decompressing_makes_no_privileged_program(here, place):
    """A user's own set-user-id file does not become one of root's."""
    shutil.copy("/usr/bin/id", place / "evil")
    subprocess.run(["gzip", "-n", "evil"], cwd=place, check=True)
    os.chown(place / "evil.gz", NOBODY, NOBODY)
    (place / "evil.gz").chmod(0o6755)
    outcome = run([here.tool, "decompress", "evil.gz"], here.base, cwd=place)
    if (place / "evil").exists():
        assert (place / "evil").stat().st_mode & 0o7000 == 0, str(outcome)
    run([here.tool, "decompress", "-f", "-k", "evil.gz"], here.base, cwd=place)
    if (place / "evil").exists():
        assert (place / "evil").stat().st_mode & 0o7000 == 0


@as_root
@pytest.mark.parametrize("command, given, made", [("compress", "text", "text.gz"), ("decompress", "text.gz", "text")])
def test_a_link_is_not_written_through(here, place, command, given, made):
    precious = place / "precious"
    precious.write_text("root's own")
    precious.chmod(0o600)
    shared = place / "shared"
    shared.mkdir()
    (shared / "text").write_text("hello\n" * 100)
    if command == "decompress":
        subprocess.run(["gzip", "text"], cwd=shared, check=True)
    (shared / made).symlink_to("../precious")
    shared.chmod(0o1777)
    outcome = run([here.tool, command, "-k", "-f", given], here.base, cwd=shared)
    assert precious.read_bytes() == b"root's own" and precious.stat().st_mode & 0o777 == 0o600, str(outcome)


@as_root
def test_run_deletes_nothing_of_others(here, place):
    """A folder in /dev/shm that looks like one of a process that is gone, but is another user's, with links in it."""
    precious = place / "precious"
    precious.mkdir()
    (precious / "shadow").write_text("root's own")
    script = (
        "import os, sys\n"
        "d = '/dev/shm/uacce-devices-0-evil'; os.mkdir(d); open(d + '/set', 'w').close()\n"
        "os.symlink(sys.argv[1], d + '/big'); os.mkdir(d + '/own'); open(d + '/own/file', 'w').close()\n"
    )
    subprocess.run(as_user(NOBODY, ["/usr/bin/python3", "-c", script, str(precious)]), check=True)
    try:
        run([here.tool, "run", "--", "/bin/true"], here.base).good()
        assert (precious / "shadow").read_text() == "root's own"
        assert Path("/dev/shm/uacce-devices-0-evil/own/file").exists(), "it deletes what is another user's"
    finally:
        shutil.rmtree("/dev/shm/uacce-devices-0-evil", ignore_errors=True)


@as_root
def test_a_race_for_the_folder_of_devices(here, place):
    """A user swaps a folder for a link while root's uaccectl run clears it away."""
    precious = place / "precious"
    precious.mkdir()
    names = ["shadow", "passwd"]
    for name in names:
        (precious / name).write_text("root's own")
    script = """
import os, sys, time
target, files = sys.argv[1], sys.argv[2:]
d = "/dev/shm/uacce-devices-0-evil"
os.makedirs(d + "/big"); open(d + "/set", "w").close()
for name in files: open(f"{d}/big/{name}", "w").close()     # tmpfs lists first what is newest
for i in range(20000): open(f"{d}/big/f{i:05}", "w").close()
first = next(os.scandir(d + "/big")).name
print("ready", flush=True)
end = time.time() + 10
while os.path.lexists(f"{d}/big/{first}") and time.time() < end: pass
os.rename(d + "/big", d + "/gone"); os.symlink(target, d + "/big")
"""
    attacker = start(
        as_user(NOBODY, ["/usr/bin/python3", "-c", script, str(precious), *names]), here.base, stdin=-3, stdout=-1, stderr=-3
    )
    try:
        assert attacker.stdout.readline() == b"ready\n"
        run([here.tool, "run", "--", "/bin/true"], here.base).good()
    finally:
        stop(attacker)
        shutil.rmtree("/dev/shm/uacce-devices-0-evil", ignore_errors=True)
    assert sorted(path.name for path in precious.iterdir()) == sorted(names)


@as_root
def test_the_runtime_folder_of_another_user(here, place):
    """Root with somebody's XDG_RUNTIME_DIR, as after su or sudo -E, makes nothing in it."""
    runtime = place / "runtime"
    runtime.mkdir(mode=0o700)
    os.chown(runtime, NOBODY, NOBODY)
    settings = {"XDG_RUNTIME_DIR": runtime}
    run(["openssl", "dgst", "-sha256", "/usr/bin/openssl"], here.uacce(**settings)).good()
    run([here.tool, "stats"], here.uacce(**settings))  # 1 where no program shows counters
    run([here.tool, "run", "--", "/bin/true"], here.uacce(**settings)).good()
    assert list(runtime.iterdir()) == []


def test_names_of_other_programs_are_shown_as_text(here):
    """Neither control characters nor such as change the direction of text reach the terminal."""
    name = "\\x1b[31m\\xc2\\x9b2Jx"
    script = (
        f'import ctypes, hashlib, time; ctypes.CDLL(None).prctl(15, b"{name}", 0, 0, 0)\n'
        "h = hashlib.new('sha512_256')\n"
        "h.update(bytes(9999)); print('up', flush=True); time.sleep(60)\n"
    )
    process = start(["/usr/bin/python3", "-c", script], here.uacce(), stdin=-3, stdout=-1, stderr=-3)
    try:
        assert process.stdout.readline() == b"up\n"
        for words in (["stats"], ["top", "--once"], ["stats", "--json"]):
            outcome = run([here.tool, *words], here.uacce()).good()
            assert str(process.pid) in outcome.output, "the program is not shown"
            bad = [hex(ord(c)) for c in outcome.output if (ord(c) < 32 and c != "\n") or 0x7F <= ord(c) < 0xA0 or ord(c) in
                   (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))]
            assert bad == [], f"uaccectl {' '.join(words)} prints {bad}"
    finally:
        stop(process)
