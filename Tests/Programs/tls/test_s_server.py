# SPDX-License-Identifier: Apache-2.0
"""openssl s_server with openssl s_client, with the provider on the server's side, on the client's, and on both.

A connection passes when all data arrived unchanged and the counters of the device, on each side that uses the provider,
show as many bytes as the cipher suite must bring there. With a suite that the provider has no part in (ChaCha20, and
AES-CBC with HMAC where OpenSSL has one cipher for the two) the handshake is all that the device sees.
"""

import filecmp
import platform
import re
from contextlib import ExitStack
from subprocess import PIPE

import pytest

from harness import Running, run, wait_until
from sides import Sides

MEGABYTE = 1 << 20
# Takes the combined ciphers away from OpenSSL by hiding AES-NI.
MASKED = {"OPENSSL_ia32cap": "~0x200000200000000"}


def suites():
    """Rows of options of both programs, how many megabytes the device has of the two that are sent and received (0 when
    the suite is none of the provider's), and settings of both."""
    for name in (
        "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-ECDSA-AES128-CCM",
    ):
        options = ["-tls1_3", "-ciphersuites", name] if name.startswith("TLS") else ["-tls1_2", "-cipher", name]
        yield pytest.param(options, 0 if "CHACHA20" in name else 2, {}, id=name)
    # With the MAC over the encryption, MAC and cipher both see everything. With the MAC under it, the MAC of what was
    # received is computed on the CPU, in a time that does not tell how long the padding was.
    for name, is_combined in {
        "ECDHE-RSA-AES128-SHA": True, "ECDHE-ECDSA-AES256-SHA": True, "ECDHE-RSA-AES128-SHA256": True,
        "ECDHE-RSA-AES256-SHA384": False,
    }.items():
        options = ["-tls1_2", "-cipher", name]
        yield pytest.param(options, 4, {}, id=f"{name}, MAC over")
        yield pytest.param([*options, "-no_etm"], 0 if is_combined else 3, {}, id=f"{name}, MAC under")
        if is_combined:
            skip = pytest.mark.skipif(platform.machine() != "x86_64", reason="AES-NI is x86-64's")
            yield pytest.param([*options, "-no_etm"], 3, MASKED, id=f"{name}, MAC under, masked", marks=skip)


class Pair(Sides):
    """s_server on one side, s_client on the other."""

    def __init__(self, users, here, place, files, port, **settings):
        super().__init__(here, users, place, **settings)
        self.files, self.port = files, port

    def server(self, connections, *options, **more):
        """A server that listens."""
        command = ["openssl", "s_server", "-naccept", connections, "-accept", f"127.0.0.1:{self.port}"]
        command += ["-cert", self.files.rsa, *options]
        return Running(command, self.environment("server"), self.place / "server", **more).listens(self.port)

    def connecting(self, *options):
        """The command line of a client."""
        return ["openssl", "s_client", "-CAfile", self.files.authority, "-connect", f"127.0.0.1:{self.port}", *options]

    def file_server(self, connections, *options):
        """A server that answers requests for files."""
        return self.server(connections, "-HTTP", "-CAfile", self.files.authority, *options, cwd=self.files.folder)

    def fetch(self, *options):
        """How a client ended that asked for a file."""
        command = self.connecting("-ign_eof", "-verify_return_error", *options)
        return run(command, self.environment("client"), given=b"GET /small HTTP/1.0\r\n\r\n", seconds=30)


@pytest.fixture
def pair(here, place, files, free_port):
    return lambda users, **settings: Pair(users, here, place, files, free_port(), **settings)


@pytest.fixture(scope="session")
def offered(here):
    return run(["openssl", "list", "-cipher-algorithms"], here.all_to_device()).good().output


@pytest.mark.parametrize("options, megabytes, settings", suites())
def test_suite(pair, files, place, offered, users, options, megabytes, settings):
    """One connection, a megabyte each way at the same time."""
    if "CCM" in options[2] and not re.search("AES-128-CCM.* @ uacce", offered, re.IGNORECASE):
        pytest.skip("the provider does not offer AES-128-CCM")
    sides = pair(users, **settings)
    # s_server closes the connection at the end of what it reads, so that end has to wait until both sides have all.
    with ExitStack() as ends:
        feed = ends.enter_context(Running(["cat", files.small, "-"], {}, place / "feed", stdin=PIPE, stdout=PIPE))
        server = ends.enter_context(sides.server(1, "-quiet", "-dcert", files.ec, *options, stdin=feed.process.stdout))
        command = sides.connecting("-quiet", "-verify_quiet", "-verify_return_error", *options)
        data = ends.enter_context(open(files.small, "rb"))
        client = ends.enter_context(Running(command, sides.environment("client"), place / "client", stdin=data))
        arrived = [server.output, client.output]
        wait_until(lambda: all(each.stat().st_size >= MEGABYTE for each in arrived) or client.has_ended())
        feed.process.stdin.close()
        client.ended().good()
        server.ended().good()
    for each in arrived:
        assert filecmp.cmp(files.small, each, shallow=False), f"what arrived is not what was sent: {each.name}"
    sides.check(megabytes * MEGABYTE)


RESUMPTIONS = {"1.2, ticket": ["-tls1_2"], "1.2, session ID": ["-tls1_2", "-no_ticket"], "1.3, ticket": ["-tls1_3"]}


@pytest.mark.parametrize("options", RESUMPTIONS.values(), ids=list(RESUMPTIONS))
def test_resumption(pair, place, users, options):
    sides = pair(users)
    with sides.file_server(2, *options) as server:
        first = sides.fetch(*options, "-sess_out", place / "session").good()
        assert re.search("^New, TLSv1", first.output, re.MULTILINE), f"the first session is not a new one: {first}"
        second = sides.fetch(*options, "-sess_in", place / "session").good()
        assert re.search("^Reused, TLSv1", second.output, re.MULTILINE), f"the first session is not resumed: {second}"
        server.ended().good()
    sides.check(2 * MEGABYTE)


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_client_certificate(pair, files, users, version):
    sides = pair(users)
    with sides.file_server(1, version, "-Verify", 2, "-verify_return_error") as server:
        sides.fetch(version, "-cert", files.client).good()
        server.ended().good()
    assert re.search("CN ?= ?client", server.told()), f"the server saw no certificate of the client: {server.told()}"
    sides.check(MEGABYTE)


def test_key_updates(pair, place, users):
    """TLS 1.3: first the client, then the server changes its own key (k), then has the other side change its key as
    well (K), with a line of data after each. A key update that was asked for goes out with the next data: hence the
    empty lines."""
    sides = pair(users)
    with sides.server(1, "-tls1_3", stdin=PIPE) as server:
        command = sides.connecting("-tls1_3", "-msg")
        with Running(command, sides.environment("client"), place / "client", stdin=PIPE) as client:
            client.say("first", "k", "second", "K", "third")
            wait_until(lambda: "\nthird\n" in server.told())
            for line in ("north", "k", "east", "K", "west", "", ""):
                client.say("", pause=0)
                server.say(line)
            server.say("Q")
            server.ended().good()
            client.ended()  # however the connection was closed
    for arrow, side in {">>>": "client", "<<<": "server"}.items():
        updates = re.findall(f"^{arrow} TLS 1.3.*KeyUpdate", client.told(), re.MULTILINE)
        assert len(updates) == 3, f"the {side} did not update three times:\n{client.told()}"
    assert {"first", "second", "third"} <= set(server.told().splitlines()), server.told()
    assert {"north", "east", "west"} <= set(client.told().splitlines()), client.told()
    sides.check(1)


def test_no_connection_with_a_server_whose_device_fails(pair):
    """What passes whatever the device does would prove nothing."""
    sides = pair("server", UACCE_FAULTS="descriptor@1x*")
    with sides.file_server(1):
        outcome = sides.fetch()
    assert outcome.status != 0, f"the connection works with a device that fails every descriptor: {outcome}"
