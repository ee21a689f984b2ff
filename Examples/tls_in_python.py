# SPDX-License-Identifier: Apache-2.0
#
# A Python program needs no change: hashlib and ssl use OpenSSL, and OpenSSL reads the configuration that the environment
# names. A service of systemd gets it by a line Environment=OPENSSL_CONF=/etc/ssl/uacce.cnf. The program sees a difference
# only in how long things take. This one digests 8 MiB and sends as much through a TLS connection with itself.
#
# To run it:
#     openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -days 1 -keyout key.pem -out certificate.pem
#     OPENSSL_CONF=/etc/ssl/uacce.cnf UACCE_STATS=counters python3 tls_in_python.py
#     cat counters
#     test "$(sed 's/.*"bytes":\([0-9]*\).*/\1/' counters)" -gt 25000000
#     OPENSSL_CONF=/etc/ssl/uacce.cnf python3 -c 'import hashlib; print(hashlib.sha256(b"abc").hexdigest())'
import hashlib
import ssl

data = bytes(range(256)) * (8 << 20 >> 8)
print("SHA-256:", hashlib.sha256(data).hexdigest())

server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
server_context.load_cert_chain("certificate.pem", "key.pem")
client_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
client_context.load_verify_locations("certificate.pem")

# Two pipes in memory in place of a network.
to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
server = server_context.wrap_bio(to_server, to_client, server_side=True)
client = client_context.wrap_bio(to_client, to_server, server_hostname="localhost")

finished = set()
while len(finished) < 2:
    for side in (client, server):
        try:
            side.do_handshake()
            finished.add(side)
        except ssl.SSLWantReadError:
            pass
print("TLS:", client.version(), client.cipher()[0])

received = hashlib.sha256()
for start in range(0, len(data), 1 << 16):
    client.write(data[start:start + (1 << 16)])
    count = 0
    while count < 1 << 16:
        piece = server.read(1 << 16)
        received.update(piece)
        count += len(piece)
assert received.digest() == hashlib.sha256(data).digest()
print("8 MiB arrived as they were sent")
