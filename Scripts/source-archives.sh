# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Sourced by what fetches the source of a package of the system.
#
# A plain `apt-get source NAME` would do on many machines. But a stock container has no source archives configured,
# and some mirrors answer 404 for the packaging files while the upstream tarball is there. So this asks for the tarball
# alone, with private copies of apt's lists: nothing under /etc/apt nor apt's own lists change, and apt still checks
# the tarball's checksum against the signed index.

# Reads the indexes of the archives' sources, and sets `apt`, the options with which apt-get and apt-cache know them, and
# `scratch`, a folder that goes with the script, with a file `log` in it.
open_source_archives() {
    local list
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    mkdir -p "$scratch/parts" "$scratch/lists/partial" "$scratch/cache/archives/partial"
    # The configured archives, turned into archives of sources; both formats that apt has.
    for list in /etc/apt/sources.list.d/*.sources; do
        [ ! -e "$list" ] || sed -E 's/^Types:.*/Types: deb-src/' "$list" > "$scratch/parts/$(basename "$list")"
    done
    for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ ! -e "$list" ] || sed -nE 's/^[[:space:]]*deb(-src)?([[:space:]])/deb-src\2/p' "$list" | sort -u \
            > "$scratch/parts/$(basename "$list" .list).list"
    done
    # shellcheck disable=SC2034 # used by the scripts that source this file
    apt=(-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$scratch/parts" -o Dir::State::Lists="$scratch/lists"
        -o Dir::Cache="$scratch/cache" -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=3 -q)
    apt-get "${apt[@]}" update > "$scratch/log" 2>&1 || cat "$scratch/log" >&2
}
