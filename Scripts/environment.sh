# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Sourced by every script: where the project is, where the built pieces are, and how a script speaks and stops.
# JOBS=N limits the builds to N parallel jobs (all cores without it).

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
dist=$project/dist
# shellcheck disable=SC2034 # used by the scripts that source this file
module=$dist/lib/ossl-modules/uacce.so
caller=$PWD
cd "$project" || exit

# The absolute form of a path that the caller gave, who may stand elsewhere.
from_caller() { (cd "$caller" && realpath --canonicalize-missing "$1"); }

# Scripts call one another from the project's folder, so what the caller named for one of them is made absolute here.
if [ -n "${OPENSSL_SOURCE:-}" ]; then
    OPENSSL_SOURCE=$(from_caller "$OPENSSL_SOURCE")
    export OPENSSL_SOURCE
fi

say() { printf '==> %s\n' "$*"; }

die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# Prints the header comment of the running script, from its third line on, as its help.
usage() { sed -n '3,/^[^#]/{/^#/!d; s/^# \{0,1\}//; p}' "$0"; }

# The version of it all.
version() {
    local file=Sources/Base/Host/Version.swift version
    version=$(sed -nE 's/^public let uacceVersion: StaticString = "(.*)"$/\1/p' "$file")
    [ -n "$version" ] || die "found no version in $file"
    echo "$version"
}

# Builds everything when something is not there that is to be installed.
build_what_is_missing() {
    local file
    while read -r file _; do
        [ -e "$file" ] || { Scripts/build; return; }
    done < <(grep -h '^dist/' Packaging/*.install)
}

# `swift build` with the job limit.
swift_build() { swift build ${JOBS:+--jobs "$JOBS"} "$@"; }

# Where the Swift toolchain keeps its libraries, as the compiler itself tells it.
toolchain_information() { # key of `swift -print-target-info`
    swiftc -print-target-info | sed -nE "s/^ *\"$1\": \"(.*)\",?\$/\1/p" | head -n 1
}

# Runs a command with the staged module preferred and the default provider behind it, whatever OpenSSL's own
# configuration says. UACCE_* variables of the caller reach the module.
with_uacce() { OPENSSL_CONF=$dist/etc/uacce.cnf OPENSSL_MODULES=$dist/lib/ossl-modules "$@"; }

# Runs a command with OpenSSL's built-in default provider and nothing else.
with_default() { OPENSSL_CONF=/dev/null "$@"; }

# Adds up one counter over the JSON lines that UACCE_STATS left, one line per device. No file counts as 0.
statistic() { # file, name of the counter
    { grep -o "\"$2\":[0-9]*" "$1" 2>/dev/null || true; } | awk -F: '{ sum += $2 } END { printf "%.0f\n", sum }'
}
