# SPDX-License-Identifier: Apache-2.0
"""Right answers in unusual orders of calls: contexts that are re-keyed, streams that are asked things in their middle."""

import difflib

import pytest

from harness import run


def test_rekeying_without_an_iv(here, compiled):
    run([compiled("rekeyed")], here.uacce()).good()
    run([compiled("rekeyed")], here.uacce(UACCE_MIN_OFFLOAD="0")).good()


def test_unusual_orders_of_ccm(here, compiled):
    run([compiled("ccm_orders")], here.uacce()).good()
    run([compiled("ccm_orders")], here.uacce(UACCE_MIN_OFFLOAD="0")).good()


@pytest.mark.parametrize("faults", ["descriptor@1x*", "descriptor@2", "stuck@2", "busy"])
def test_fallback_in_place(here, compiled, faults):
    """Whatever fails, the CPU takes over, also where input and output are the same memory."""
    settings = {"UACCE_MIN_OFFLOAD": "0", "UACCE_FAULTS": faults, "UACCE_TIMEOUT": "100"}
    run([compiled("in_place")], here.uacce(**settings)).good()


@pytest.mark.parametrize("faults", ["descriptor@1x*", "stuck@2"])
def test_fallback_in_place_on_device_nodes(here, compiled, faults):
    """The same where the device is driven as hardware is."""
    settings = {"UACCE_MIN_OFFLOAD": "0", "UACCE_BACKEND": "kernel", "UACCE_TIMEOUT": "100"}
    run([here.tool, "run", "--faults", faults, "--", compiled("in_place")], here.uacce(**settings)).good()


TLS = """
import hashlib, os, socket, ssl, sys, threading
folder, version = sys.argv[1], getattr(ssl.TLSVersion, sys.argv[2])
data = os.urandom(1 << 20) * 4
server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); server.load_cert_chain(folder + '/certificate', folder + '/key')
client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT); client.load_verify_locations(folder + '/certificate')
client.minimum_version = client.maximum_version = version
if len(sys.argv) > 3: client.set_ciphers(sys.argv[3])
for connection in range(8):
    here, there = socket.socketpair()
    here.settimeout(30); there.settimeout(30)
    def serve():
        with server.wrap_socket(here, server_side=True) as stream:
            stream.sendall(data)
            stream.recv(1)
    thread = threading.Thread(target=serve); thread.start()
    with client.wrap_socket(there, server_hostname='localhost') as stream:
        got = b''
        while len(got) < len(data):
            piece = stream.recv(1 << 16)
            assert piece, 'the connection ended early'
            got += piece
        assert got == data, 'wrong bytes'
        stream.send(b'x')
    thread.join()
print(stream is not None)
"""


@pytest.mark.parametrize("cipher", [["TLSv1_3"], ["TLSv1_2", "ECDHE-RSA-AES128-GCM-SHA256"], ["TLSv1_2", "ECDHE-RSA-AES256-SHA384"]],
                         ids=["1.3", "1.2 GCM", "1.2 CBC"])
def test_connections_on_device_nodes_that_fail(here, place, cipher):
    """TLS works in place; some descriptors fail, then a queue is stuck, and no connection breaks."""
    run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2", "-keyout",
         place / "key", "-out", place / "certificate", "-addext", "subjectAltName=DNS:localhost"], here.default()).good()
    settings = {"UACCE_MIN_OFFLOAD": "0", "UACCE_BACKEND": "kernel", "UACCE_TIMEOUT": "100"}
    command = [here.tool, "run", "--faults", "descriptor@100x40,stuck@900", "--", "/usr/bin/python3", "-c", TLS, place, *cipher]
    run(["/usr/bin/python3", "-c", TLS, place, *cipher], here.default()).good()
    run(command, here.uacce(**settings)).good()


def test_the_systems_other_modules_are_there(here):
    """The staged configuration names the module, so no variable has to hide the folder of OpenSSL's own ones."""
    assert [line for line in here.sample.splitlines() if line.startswith("module = ") and line.endswith("/uacce.so")]
    told = run(["openssl", "dgst", "-md4", "-provider", "legacy", "-provider", "default", "/dev/null"], here.default())
    if told.status != 0:
        pytest.skip("the module legacy.so is not installed")
    command = ["openssl", "dgst", "-md4", "-provider", "legacy", "/dev/null"]
    assert run(command, here.uacce()).good().output == told.output


def test_calls_at_any_place_of_a_stream(here, compiled, place):
    """The transcript of the library is that of the system's zlib."""
    run([compiled("inflate_places"), place, "make"], here.default()).good()
    right = run([compiled("inflate_places"), place], here.default()).good().output.splitlines()
    actual = run([compiled("inflate_places"), place], here.preloaded()).good().output.splitlines()
    assert len(right) > 200
    different = [line for line in difflib.unified_diff(right, actual, "zlib", "libuacce-z", "", "", 0, "") if line[0] in "+-"]
    assert not different, "\n".join(different[:40])


@pytest.mark.parametrize("program", ["damaged_stream", "deflate_dictionary", "failed_copy"])
def test_streams(here, compiled, program):
    run([compiled(program)], here.default()).good()
    run([compiled(program)], here.preloaded()).good()


def test_copied_and_inherited_decompressors_of_python(here):
    """Streams of tens of megabytes, copied and taken over by a child in their middle."""
    script = """
import os, random, zlib
random.seed(3)
data = bytes(random.choices(b'etaoin shrdlu cmf', k=8 << 20))
compressed = zlib.compress(data, 6)
for place in (60000, 800000, 2000000, 4000000):
    stream, parts, at, got = zlib.decompressobj(), [], 0, 0
    while got < place:
        parts.append(stream.decompress(compressed[at:at + 16384])); at += 16384; got += len(parts[-1])
    other = stream.copy()
    assert b''.join(parts) + other.decompress(compressed[at:]) + other.flush() == data
    child = os.fork()
    if child == 0:
        os._exit(0 if b''.join(parts) + stream.decompress(compressed[at:]) + stream.flush() == data else 1)
    assert os.waitpid(child, 0)[1] == 0, place
    assert b''.join(parts) + stream.decompress(compressed[at:]) + stream.flush() == data
"""
    run(["/usr/bin/python3", "-c", script], here.preloaded()).good()
