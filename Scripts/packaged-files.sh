# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Sourced, not run: what Packaging/files says, for packages, the tarball and Scripts/install.

# The version of it all.
version() {
    local file=Sources/Base/Host/Version.swift version
    version=$(sed -nE 's/^public let uacceVersion: StaticString = "(.*)"$/\1/p' "$file")
    [ -n "$version" ] || die "found no version in $file"
    echo "$version"
}

# Its rows: package, mode, file, directory.
rows() { sed '/^#/d; /^ *$/d' Packaging/files; }

# Builds everything when something of it is not there.
build_what_is_missing() {
    local file
    while read -r _ _ file _; do
        case $file in dist/*) [ -e "$file" ] || { Scripts/build; return; } ;; esac
    done < <(rows)
}

# A row's directory with its placeholders filled in by $prefix, $modules, $libraries and $configuration.
filled_in() { # directory
    local directory=${1//@prefix@/$prefix}
    directory=${directory//@modules@/$modules}
    directory=${directory//@libraries@/$libraries}
    echo "${directory//@configuration@/$configuration}"
}

# What a row makes of its file: a link where the row says, a compressed manual page where its section says, or the file.
target_of() { # mode, file, directory
    local name=${2##*/}
    case $1:$2 in
        link:*) echo "$3" ;;
        *:Docs/man/*) echo "$3/man${name##*.}/$name.gz" ;;
        *) echo "$3/$name" ;;
    esac
}

# Puts one row's file below a root. What is there is replaced as a whole: running programs keep the old one.
put() { # root, mode, file, directory
    local target
    target=$1/$(target_of "$2" "$3" "$4")
    mkdir -p "${target%/*}"
    case $2:$3 in
        link:*) ln -sfn "$3" "$target.new" ;;
        *:Docs/man/*)
            gzip -9 --no-name < "$3" > "$target.new"
            chmod 644 "$target.new"
            ;;
        *) install -m "$2" "$3" "$target.new" ;;
    esac
    mv -fT "$target.new" "$target"
}
