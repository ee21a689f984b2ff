# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Sourced by the scripts of this folder: where the suite keeps what it fetched and built, and how OpenSSL's test
# programs are compiled. Nothing of OpenSSL itself is built; the tests run on the system's libcrypto.

# shellcheck source-path=SCRIPTDIR source=../environment.sh
. "$(dirname "${BASH_SOURCE[0]}")/../environment.sh"

suite=$project/.build-openssl-suite
# shellcheck disable=SC2034 # used by the scripts that source this file
tracer=$suite/trace.so

# The compiler flags for programs under test/ of the OpenSSL source in $1. The public headers are the system's: the
# source tree's own include/openssl holds templates that would hide them, so only the internal ones are linked in.
test_program_flags() { # source tree
    mkdir -p "$suite/include"
    ln -sfn "$1/include/internal" "$suite/include/internal"
    ln -sfn "$1/include/crypto" "$suite/include/crypto"
    flags=(-O1 -pthread -w "-I$suite/include" "-I$1" "-I$1/apps/include" "-I$1/test")
}

# Compiles the test framework into an archive. It must be one: two of its objects hold defaults that tests override.
build_test_framework() { # source tree, archive
    local objects file
    objects=$(mktemp -d)
    for file in "$1"/test/testutil/*.c "$1/apps/lib/opt.c"; do
        cc "${flags[@]}" -c -o "$objects/$(basename "$file" .c).o" "$file"
    done
    rm -f "$2"
    ar rcs "$2" "$objects"/*.o
    rm -r "$objects"
}

# Builds evp_test, which runs data files of test vectors, unless it is there already.
evp_test=$suite/evp_test
build_evp_test() { # source tree
    local built_from
    built_from="$1 $(openssl version)"
    if [ -x "$evp_test" ] && [ "$(cat "$evp_test.from" 2>/dev/null)" = "$built_from" ]; then return; fi
    say "building evp_test of $(basename "$1")"
    test_program_flags "$1"
    build_test_framework "$1" "$suite/libtestutil.a"
    cc "${flags[@]}" -o "$evp_test" "$1/test/evp_test.c" "$suite/libtestutil.a" -lcrypto
    echo "$built_from" > "$evp_test.from"
}

# The algorithms that uacce offers under a configuration, all their names in lower case, one a line: "digest sha256".
offered_algorithms() { # configuration
    local operation
    for operation in digest cipher mac; do
        OPENSSL_CONF=$1 openssl list "-$operation-algorithms" 2>/dev/null |
            sed -nE "s/^ *\{? *(.*[^ }]) *\}? @ uacce\$/\1/p" | tr 'A-Z,' 'a-z\n' | sed "s/^ */$operation /"
    done
}

build_tracer() {
    local source=$project/Scripts/openssl-suite/trace.c
    [ "$tracer" -nt "$source" ] || cc -O1 -Wall -Wextra -fPIC -shared -o "$tracer" "$source" -ldl -lcrypto -pthread
}

# The sections that prefer a provider: default (and legacy, for the tests that want it) behind it, and OpenSSL's random
# generator kept off it. A second argument replaces the preference.
preferring_configuration() { # module [default properties]
    cat <<END
openssl_conf = init
config_diagnostics = 1
[init]
providers = providers
alg_section = algorithms
random = random
[providers]
default = default_provider
legacy = legacy_provider
uacce = uacce_provider
[default_provider]
activate = 1
[legacy_provider]
activate = 1
[uacce_provider]
module = $1
activate = 1
[algorithms]
default_properties = ${2:-?provider=uacce}
[random]
properties = provider=default
seed_properties = provider=default
END
}

stock_configuration() {
    cat <<END
openssl_conf = init
[init]
providers = providers
[providers]
default = default_provider
legacy = legacy_provider
[default_provider]
activate = 1
[legacy_provider]
activate = 1
END
}
