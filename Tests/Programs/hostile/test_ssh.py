# SPDX-License-Identifier: Apache-2.0
"""OpenSSH as the distribution has it, unmodified, with the provider in the system's openssl.cnf.

The server is the system's, where there is one, and otherwise that of the distribution's package, unpacked into a folder.
It runs in a mount namespace of its own with the configuration in the system's place, and so does the client.
"""

import itertools
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from harness import run, start, stop
from namespaces import NOBODY, as_user, in_namespace, system_wide, with_mounts

pytestmark = with_mounts
CONFIGURATIONS = {"defaults": {}, "all-to-device": {"min_offload": "0"}}


def unpacked(package, root, libraries):
    """Unpacks a package of the distribution, and those that hold the libraries its programs lack, or skips."""
    packages = root.parent / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    for name in (package, *libraries):
        told = subprocess.run(["apt-get", "-q", "download", name], cwd=packages, capture_output=True, text=True, timeout=120)
        if told.returncode != 0:
            pytest.skip(f"there is no {package} here, and apt-get cannot fetch it: {told.stderr.strip()[-200:]}")
    for file in packages.glob("*.deb"):
        subprocess.run(["dpkg-deb", "--extract", file, root], check=True, timeout=60)


class OpenSSH:
    def __init__(self, cache, folder):
        if shutil.which("ssh") is None:
            pytest.skip("there is no ssh here")
        self.server, libraries = Path("/usr/sbin/sshd"), ""
        if not self.server.exists():
            root = Path(cache) / "openssh"
            self.server = root / "usr" / "sbin" / "sshd"
            if not self.server.exists():
                unpacked("openssh-server", root, ["libwrap0"])
            libraries = ":".join(str(path) for path in root.glob("**/lib/*-linux-gnu"))
        self.libraries = {"LD_LIBRARY_PATH": libraries} if libraries else {}
        # Whatever the archive's package expects of a system: its user, and /run/sshd.
        self.folder = folder
        accounts = Path("/etc/passwd").read_text()
        if "\nsshd:" not in accounts:
            accounts += "sshd:x:61111:65534::/run/sshd:/usr/sbin/nologin\n"
        (folder / "passwd").write_text(accounts)
        (folder / "shadow").write_text("root:*:19000:0:99999:7:::\nsshd:*:19000:0:99999:7:::\n")
        self.mounts = [
            f"mount --bind {folder}/passwd /etc/passwd", f"mount --bind {folder}/shadow /etc/shadow",
            "mount -t tmpfs -o mode=755 tmpfs /run", "mkdir -m 755 /run/sshd",
        ]
        for name, words in {"rsa": ["-b", "3072"], "ecdsa": [], "ed25519": []}.items():
            subprocess.run(["ssh-keygen", "-q", "-t", name, *words, "-N", "", "-f", folder / f"host-{name}"], check=True)
        subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "3072", "-N", "", "-f", folder / "user"], check=True)

    def offered(self, kind):
        told = subprocess.run(["ssh", "-Q", kind], capture_output=True, text=True, check=True, timeout=20)
        return [name for name in told.stdout.split() if "gss" not in name]

    def start(self, here, configuration, environment):
        """A server with this system-wide configuration, and its port."""
        with socket.create_server(("127.0.0.1", 0)) as each:
            port = each.getsockname()[1]
        settings = [
            f"Port {port}", "ListenAddress 127.0.0.1", "UsePAM no", "StrictModes no", "PermitRootLogin yes", "PidFile none",
            f"AuthorizedKeysFile {self.folder}/user.pub", "MaxStartups 100", "KexAlgorithms " + ",".join(self.offered("kex")),
            "Ciphers " + ",".join(self.offered("cipher")), "MACs " + ",".join(self.offered("mac")),
            *(f"HostKey {self.folder}/host-{name}" for name in ("rsa", "ecdsa", "ed25519")),
        ]
        path = self.folder / f"sshd_config-{port}"
        path.write_text("\n".join(settings) + "\n")
        log = open(self.folder / f"log-{port}", "w+b")
        command = in_namespace([system_wide(configuration), *self.mounts], [str(self.server), "-D", "-e", "-f", str(path)])
        server = start(command, {**environment, **self.libraries}, stdin=-3, stdout=-3, stderr=log)
        for _ in range(200):
            with socket.socket() as each:
                if each.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if server.poll() is not None:
                break
            time.sleep(0.05)
        else:
            stop(server)
        if server.poll() is not None:
            pytest.fail("the server does not start: " + Path(log.name).read_text()[-2000:])
        return Server(self, server, port, configuration, Path(log.name))


class Server:
    def __init__(self, openssh, process, port, configuration, log):
        self.openssh, self.process, self.port, self.configuration, self.log = openssh, process, port, configuration, log

    def login(self, environment, command, *options, given=b"", seconds=20):
        words = ["ssh", "-F", "none", "-i", self.openssh.folder / "user", "-p", self.port, "-o", "LogLevel=ERROR"]
        words += ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes"]
        for option in options:
            words += ["-o", option]
        words = [str(word) for word in [*words, "root@127.0.0.1", command]]
        outcome = run(in_namespace([system_wide(self.configuration)], words), environment, seconds, given)
        if outcome.status != 0:
            outcome.errors += "\nthe server: " + self.log.read_text()[-1500:]
        return outcome


@pytest.fixture(scope="module")
def openssh(request, folder):
    path = folder / "openssh"
    path.mkdir(mode=0o755)
    return OpenSSH(request.config.getoption("--fetched"), path)


@pytest.fixture(scope="module")
def control(openssh, here):
    """A server with the default provider lets people in: what fails afterwards is not this harness's."""
    empty = here.folder / "empty.cnf"
    empty.write_text("")
    server = openssh.start(here, empty, here.base)
    try:
        outcome = server.login(here.base, "echo logged in")
    finally:
        stop(server.process)
    if outcome.output != "logged in\n":
        pytest.skip(f"a login does not work here without the provider, either: {outcome}")


@pytest.fixture(scope="module", params=CONFIGURATIONS, ids=list(CONFIGURATIONS))
def server(request, openssh, control, here):
    configuration = here.configured(f"system-{request.param}.cnf", **CONFIGURATIONS[request.param])
    server = openssh.start(here, configuration, here.base)
    yield server
    stop(server.process)


def test_the_server_has_the_provider(server):
    assert "uacce.so" in Path(f"/proc/{server.process.pid}/maps").read_text()


def test_logins_with_every_algorithm(here, server):
    """Each key exchange, cipher, MAC and kind of host key, in as many logins as the longest list has."""
    lists = {
        "KexAlgorithms": server.openssh.offered("kex"),
        "Ciphers": server.openssh.offered("cipher"),
        "MACs": server.openssh.offered("mac"),
        "HostKeyAlgorithms": ["rsa-sha2-256", "rsa-sha2-512", "ecdsa-sha2-nistp256", "ssh-ed25519"],
    }
    most = max(len(names) for names in lists.values())
    assert len(lists["KexAlgorithms"]) > 5 and len(lists["Ciphers"]) > 5
    failed = []
    for row in itertools.islice(zip(*(itertools.cycle(names) for names in lists.values())), most):
        options = [f"{option}={name}" for option, name in zip(lists, row)]
        outcome = server.login(here.base, "echo logged in", *options)
        if outcome.output != "logged in\n":
            failed.append(f"{' '.join(options)}: {outcome}")
    assert not failed, f"{len(failed)} of {most} logins failed\n" + "\n".join(failed[:3])


@pytest.mark.parametrize("cipher", ["aes128-gcm@openssh.com", "aes256-ctr", "aes128-cbc"])
def test_megabytes_with_new_keys(here, server, cipher):
    data = os.urandom(6 << 20)
    outcome = server.login(
        here.base, "sha256sum", f"Ciphers={cipher}", "RekeyLimit=1M", "MACs=hmac-sha2-256-etm@openssh.com", given=data
    )
    import hashlib

    assert outcome.good().output.split()[0] == hashlib.sha256(data).hexdigest()


def test_agent_with_a_group_of_its_own(here, place, folder):
    """ssh-agent is set-group-id, so that no other program of its user may look into it. It signs, and stays closed."""
    if shutil.which("ssh-agent") is None:
        pytest.skip("there is no ssh-agent here")
    agent = place / "ssh-agent"
    shutil.copy(shutil.which("ssh-agent"), agent)
    os.chown(agent, 0, 60)
    agent.chmod(0o2755)
    home = place / "home"
    home.mkdir(mode=0o700)
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "3072", "-N", "", "-f", home / "key"], check=True)
    for path in [home, *home.iterdir()]:
        os.chown(path, NOBODY, NOBODY)
    configuration = here.configured("agent.cnf", min_offload="0")
    script = f"""
cd {home}; export SSH_AUTH_SOCK={home}/socket XDG_RUNTIME_DIR={home}
{agent} -d -a $SSH_AUTH_SOCK > /dev/null 2>&1 & agent=$!
for i in $(seq 50); do [ -S socket ] && break; sleep 0.1; done
ssh-add -q key; echo text > text
for i in 1 2 3; do rm -f text.sig; ssh-keygen -q -Y sign -f key.pub -n test text && echo signed; done
head -c 1 /proc/$agent/mem 2>/dev/null && echo readable
{here.tool} stats 2>/dev/null | grep -c "ssh-agent"
find /dev/shm {home} -newer key -type f ! -name 'text*' ! -name key.pub
kill $agent; wait $agent; echo ended $?
"""
    command = in_namespace(
        [system_wide(configuration), "mount -t tmpfs -o mode=1777 tmpfs /dev/shm"], as_user(NOBODY, ["sh", "-c", script])
    )
    outcome = run(command, here.base)
    # 130 or 143: by the signal that ended it; 2: it says so itself.
    lines = outcome.output.split("\n")
    assert lines[:3] == ["signed"] * 3, str(outcome)
    assert lines[3] == "0", f"uaccectl sees into it: {outcome}"
    assert lines[4].startswith("ended"), f"it left a file, or can be read: {outcome}"
