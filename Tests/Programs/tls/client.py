# SPDX-License-Identifier: Apache-2.0
"""A TLS client on Python's ssl module, which is OpenSSL's libssl: client.py SETTINGS, an object of JSON.

It fetches a path over HTTP/1.0 a number of times, each time over a connection of its own that resumes the session of
the one before, and prints version, cipher suite, a word for each connection, and the digest of what came.
"""

import hashlib
import json
import socket
import ssl
import sys

given = json.loads(sys.argv[1])
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.load_verify_locations(given["authority"])
context.minimum_version = context.maximum_version = ssl.TLSVersion[given["version"]]
if "ciphers" in given:
    context.set_ciphers(given["ciphers"])
if "certificate" in given:
    context.load_cert_chain(given["certificate"])

session, resumed, digests = None, [], set()
for _ in range(given["connections"]):
    with socket.create_connection(("127.0.0.1", given["port"]), timeout=20) as plain:
        with context.wrap_socket(plain, server_hostname="localhost", session=session) as connection:
            connection.sendall(f"GET {given['path']} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
            head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
            digests.add(hashlib.sha256(body).hexdigest() if b" 200 " in head.splitlines()[0] else head)
            # Session tickets of TLS 1.3 come after the handshake; by now they are here.
            session = connection.session
            resumed.append("resumed" if connection.session_reused else "new")
            description = connection.version(), connection.cipher()[0]
print(*description, *resumed, *digests)
