# SPDX-License-Identifier: Apache-2.0
"""The shipped module under valgrind's memcheck, with every request on the emulated device, of both versions.

What runs is OpenSSL's vectors of the ciphers, AEADs, MACs and short digests that it offers, and TLS connections with
4 MiB of data each way (1 MiB on v2), resumed once, client and server in one process (ProviderPrograms/tls_in_memory.c).
Any invalid access, use of what was never written, and any memory that is lost at the end is a failure; so is a run in
which the device had no request. Scripts/sanitize watches the Swift tests in the same way.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from harness import PROJECT, TESTS, Counters, bash, run

VECTORS = [
    "evpciph_aes_common", "evpciph_aes_cts", "evpciph_aes_ccm_cavs", "evpciph_des3_common", "evpciph_sm4",
    "evpmac_common", "evpmac_cmac_des", "evpmac_sm3", "evpmd_md", "evpmd_sm3",
]
# What the last word does: see tls_in_memory.c.
CONNECTIONS = [
    "1.3 TLS_AES_256_GCM_SHA384", "1.2 ECDHE-ECDSA-AES128-GCM-SHA256", "1.2 ECDHE-ECDSA-AES256-SHA384",
    "1.2 ECDHE-ECDSA-AES256-SHA384 mac-under",
]
MEGABYTES = {"v3": 4, "v2": 1}
KINDS = "definite,indirect,possible"
VALGRIND = [
    "valgrind", "--quiet", "--num-callers=30", "--leak-check=full", f"--show-leak-kinds={KINDS}",
    f"--errors-for-leak-kinds={KINDS}", "--error-exitcode=99",
]
# What Scripts/openssl-suite has for its own use: the program, configurations, and for each version the vectors of what
# is offered there.
PREPARING = """
project=$PWD; . Scripts/openssl-suite/suite.sh
work=$1 module=$2; shift 2
source=$(Scripts/openssl-suite/fetch-source)
build_evp_test "$source"
ln -s "$evp_test" "$work/evp_test"
preferring_configuration "$module" > "$work/preferred.cnf"
preferring_configuration "$module" provider=uacce > "$work/forced.cnf"
for UACCE_API in v3 v2; do
    export UACCE_API
    offered_algorithms "$work/preferred.cnf" > "$work/offered"
    for file; do
        Scripts/openssl-suite/forcible-stanzas "$source/test/recipes/30-test_evp_data/$file.txt" "$work/offered" \
            > "$work/$file.$UACCE_API.txt"
    done
done
"""


@pytest.fixture(scope="module")
def prepared(here, folder, build):
    work = folder / "valgrind"
    work.mkdir()
    bash(PREPARING, dict(os.environ), work, here.module, *VECTORS, cwd=PROJECT, seconds=300).good()
    program = build(TESTS / "ProviderPrograms" / "tls_in_memory.c", "-lssl", "-lcrypto")
    return SimpleNamespace(folder=work, tls_in_memory=program)


def command_of(prepared, version, what):
    """The command line of a run, and OpenSSL's configuration."""
    work = prepared.folder
    if what in VECTORS:
        return [work / "evp_test", "-config", work / "forced.cnf", work / f"{what}.{version}.txt"], "/dev/null"
    tls, suite, *more = what.split()
    return [prepared.tls_in_memory, tls, suite, MEGABYTES[version] << 20, *more], work / "preferred.cnf"


@pytest.fixture(scope="module")
def runs(request, here, prepared):
    """All runs that are wanted, as many at a time as there are processors; each gives an outcome and counters."""

    def watch(version, what):
        command, configuration = command_of(prepared, version, what)
        counters = Counters(prepared.folder / f"{version} {what}.statistics")
        settings = here.all_to_device(OPENSSL_CONF=configuration, UACCE_API=version, UACCE_STATS=counters.path)
        return run([*VALGRIND, *command], settings, seconds=300, cwd=prepared.folder), counters

    wanted = [item.callspec.params for item in request.session.items if item.module is request.module]
    jobs = int(os.environ.get("JOBS", len(os.sched_getaffinity(0))))
    with ThreadPoolExecutor(jobs) as pool:
        yield {(each["version"], each["what"]): pool.submit(watch, each["version"], each["what"]) for each in wanted}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("what", VECTORS + CONNECTIONS)
@pytest.mark.parametrize("version", MEGABYTES)
def test_memory(runs, version, what):
    outcome, counters = runs[version, what].result()
    outcome.good()
    assert counters.total("requests") > 0, f"the device had no request: {outcome}"
