# SPDX-License-Identifier: Apache-2.0
"""nginx with curl and Python: transfers both ways, resumption, client certificates, reload and shutdown under load.

Two worker processes fork from a master that has loaded the provider already. As in test_s_server.py, all data has to
arrive, and devices have to count it: those of clients after each transfer, those of nginx when it has shut down.
"""

import filecmp
import hashlib
import json
import shutil
import signal
import tempfile
from pathlib import Path

import pytest

from harness import PYTHON, Running, run, wait_until
from nginx import complaints, start_nginx
from sides import Sides

if not shutil.which("nginx", path="/usr/sbin:/usr/bin") or not shutil.which("curl"):
    pytest.skip("nginx or curl is not installed", allow_module_level=True)

MEGABYTE = 1 << 20
CONFIGURATION = """
root {files.folder};
client_max_body_size 200m;
ssl_certificate {files.rsa};
ssl_certificate_key {files.rsa};
ssl_certificate {files.ec};
ssl_certificate_key {files.ec};
ssl_protocols TLSv1.2 TLSv1.3;
ssl_ciphers ALL;
ssl_session_cache shared:sessions:1m;
server {{
    listen 127.0.0.1:{port} ssl;
    location /upload/ {{ alias {folder}/upload/; dav_methods PUT; create_full_put_path on; }}
}}
server {{
    listen 127.0.0.1:{strict_port} ssl;
    ssl_client_certificate {files.authority};
    ssl_verify_client on;
}}
"""


class Nginx(Sides):
    """A running nginx with two ports, of which the second asks for certificates, and its clients."""

    def __init__(self, users, here, folder, files, port, strict_port):
        super().__init__(here, users, folder)
        self.files, self.port, self.strict_port = files, port, strict_port
        self.uploads, self.transferred, self.generations = folder / "upload", 0, 1
        self.uploads.mkdir()
        http = CONFIGURATION.format(folder=folder, files=files, port=port, strict_port=strict_port)
        self.running = start_nginx(folder, self.environment("server"), http, port, strict_port)

    def workers(self):
        pid = self.running.process.pid
        return set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())

    def curl(self, path, *options, port=None):
        """The command line of a transfer."""
        port = port or self.port
        command = ["curl", "--silent", "--show-error", "--fail", "--max-time", 30, "--cacert", self.files.authority]
        return [*command, "--resolve", f"localhost:{port}:127.0.0.1", *options, f"https://localhost:{port}/{path}"]

    def transfer(self, command, least):
        """How a client ended, whose device, where it has one, saw that many bytes."""
        Path(self.place / "client.statistics").unlink(missing_ok=True)
        outcome = run(command, self.environment("client")).good()
        if "client" in self.users:
            self.check(least, "client")
        self.transferred += least
        return outcome

    def slow_transfer(self, place):
        """A client that takes two seconds for its file, half a second after its start."""
        command = self.curl("small", "--limit-rate", "600k", "--output", place / "slow")
        running = Running(command, self.environment("client"), place / "curl")
        wait_until(lambda: (place / "slow").exists() and (place / "slow").stat().st_size > 0)
        return running


@pytest.fixture(scope="module")
def nginx(users, here, folder, files, free_port):
    path = Path(tempfile.mkdtemp(prefix="nginx-", dir=folder))
    nginx = Nginx(users, here, path, files, free_port(), free_port())
    with nginx.running:
        yield nginx


# File, direction, suite, and whether the client shows a certificate.
CURL = [
    ("large", "down", "ECDHE-RSA-AES128-GCM-SHA256", False), ("large", "down", "TLS_AES_256_GCM_SHA384", False),
    ("large", "up", "TLS_AES_256_GCM_SHA384", False), ("small", "up", "ECDHE-ECDSA-AES256-GCM-SHA384", False),
    ("small", "up", "ECDHE-RSA-AES256-SHA384", False), ("small", "up", "ECDHE-ECDSA-AES128-SHA", False),
    ("small", "down", "ECDHE-RSA-CHACHA20-POLY1305", False), ("small", "down", "TLS_AES_256_GCM_SHA384", True),
]


@pytest.mark.parametrize("name, direction, suite, is_certified", CURL)
def test_curl(nginx, place, name, direction, suite, is_certified):
    original, copy = nginx.files.folder / name, (place if direction == "down" else nginx.uploads) / name
    options = ["--tls-max", "1.2", "--ciphers", suite]
    if suite.startswith("TLS_"):
        options = ["--tlsv1.3", "--tls13-ciphers", suite]
    if is_certified:
        options += ["--cert", nginx.files.client]
    if direction == "down":
        path, options = name, [*options, "--output", copy]
    else:
        path, options = f"upload/{name}", [*options, "--upload-file", original]
    command = nginx.curl(path, *options, port=nginx.strict_port if is_certified else nginx.port)
    nginx.transfer(command, 1 if "CHACHA20" in suite else original.stat().st_size)
    assert filecmp.cmp(original, copy, shallow=False), "what arrived is not what was sent"
    copy.unlink()


# Version, suite, connections, and whether the client shows a certificate.
PYTHON_CLIENTS = [
    ("1.3", "TLS_AES_256_GCM_SHA384", 3, False), ("1.2", "ECDHE-RSA-AES128-GCM-SHA256", 3, False),
    ("1.2", "ECDHE-RSA-AES256-SHA384", 1, True),
]


@pytest.mark.parametrize("version, suite, connections, is_certified", PYTHON_CLIENTS)
def test_python(nginx, version, suite, connections, is_certified):
    """Connections after the first resume its session."""
    settings = {
        "port": nginx.strict_port if is_certified else nginx.port, "path": "/small", "connections": connections,
        "authority": str(nginx.files.authority), "version": f"TLSv{version.replace('.', '_')}",
        **({"ciphers": suite} if version == "1.2" else {}),
        **({"certificate": str(nginx.files.client)} if is_certified else {}),
    }
    command = [PYTHON, Path(__file__).parent / "client.py", json.dumps(settings)]
    outcome = nginx.transfer(command, connections * MEGABYTE)
    digest = hashlib.sha256(nginx.files.small.read_bytes()).hexdigest()
    assert outcome.output.split() == [f"TLSv{version}", suite, *["new", "resumed", "resumed"][:connections], digest]


def test_reload_during_a_transfer(nginx, place):
    """Workers are replaced while one of them is in the middle of a transfer, which ends well."""
    before = nginx.workers()
    with nginx.slow_transfer(place) as transfer:
        nginx.running.process.send_signal(signal.SIGHUP)
        assert wait_until(lambda: len(nginx.workers() - before) == 2), "there are no new workers"
        transfer.ended().good()
    nginx.generations += 1
    assert filecmp.cmp(nginx.files.small, place / "slow", shallow=False)
    assert wait_until(lambda: not nginx.workers() & before), "the old workers do not end"


def test_graceful_shutdown_during_a_transfer(nginx, place):
    """The transfer ends well; then master and workers are gone, nothing in the error log is worse than a notice, and
    the counters of all processes that served are there."""
    with nginx.slow_transfer(place) as transfer:
        nginx.running.process.send_signal(signal.SIGQUIT)
        transfer.ended().good()
    assert filecmp.cmp(nginx.files.small, place / "slow", shallow=False)
    nginx.running.ended().good()
    assert complaints(nginx.place) == []
    if "server" in nginx.users:
        nginx.check(nginx.transferred, "server")
        # Each generation has two workers; not each of them had to do something.
        statistics = (nginx.place / "server.statistics").read_text()
        served = [line for line in statistics.splitlines() if '"requests":0,' not in line]
        assert len(served) >= nginx.generations, f"only {len(served)} processes of nginx had requests: {statistics}"
