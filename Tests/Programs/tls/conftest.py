# SPDX-License-Identifier: Apache-2.0
"""Certificates, and what is sent over connections."""

import os
from types import SimpleNamespace

import pytest

from harness import bash

CERTIFICATES = """
certificate() { # name, common name, options of `openssl req`
    openssl req -new -nodes -subj "/CN=$2" -keyout $1.key -out $1.csr "${@:3}"
    openssl x509 -req -in $1.csr -CA authority.crt -CAkey authority.key -days 2 -extfile alternatives -out $1.crt
    cat $1.crt $1.key > $1.pem
}
echo 'subjectAltName = DNS:localhost, IP:127.0.0.1' > alternatives
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=authority -days 2 -keyout authority.key -out authority.crt
certificate rsa localhost -newkey rsa:2048
certificate ec localhost -newkey ec -pkeyopt ec_paramgen_curve:P-256
certificate client client -newkey ec -pkeyopt ec_paramgen_curve:P-256
"""


@pytest.fixture(scope="session")
def files(folder, here):
    """The folder that servers serve, with a file of 1 MiB and one of 100 MiB, and the certificates beside it."""
    path = folder / "tls"
    served = path / "files"
    served.mkdir(parents=True)
    bash(CERTIFICATES, here.default(), cwd=path).good()
    large = os.urandom(100 << 20)
    (served / "large").write_bytes(large)
    (served / "small").write_bytes(large[: 1 << 20])
    return SimpleNamespace(
        folder=served, small=served / "small", large=served / "large", authority=path / "authority.crt",
        rsa=path / "rsa.pem", ec=path / "ec.pem", client=path / "client.pem",
    )


@pytest.fixture(scope="module", params=["server", "client", "both"])
def users(request):
    """Who uses the provider."""
    return request.param
