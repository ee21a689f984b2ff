// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc

/// `uaccectl disable`: takes away what `uaccectl enable` wrote.
struct Disable: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take away from openssl.cnf what 'enable' wrote.",
        discussion: """
            What else was changed in the file since stays. Settings that were added to the lines of 'enable' are kept \
            beside the file, with '.uacce-settings' behind its name.
            """)

    @OptionGroup var place: ConfigurationPlace

    func run() throws {
        let file = try place.open()
        try explaining(file.path) { () throws in
            let path = printable(file.path)
            guard let range = try EnablingBlock.find(in: file.bytes) else {
                print("\(path) has nothing of 'uaccectl enable'; nothing was changed.")
                return
            }
            let block = Array(file.bytes[range])
            let restored = Array(file.bytes[..<range.lowerBound] + file.bytes[range.upperBound...])
            var kept: String?
            if !EnablingBlock.isUnchanged(block, after: Array(file.bytes[..<range.lowerBound])) {
                kept = try file.keep(block, suffix: "uacce-settings")
            }
            try file.replace(with: restored)
            let backup = ".\(ConfigurationPlace.backupSuffix)"
            if let before = file.content(besides: backup) {
                if before == restored {
                    file.remove(besides: backup)
                    print("\(path) is as it was before 'uaccectl enable', to the byte.")
                } else {
                    print("\(path) no longer has uacce; it was changed in other ways since \(path)\(backup).")
                }
            } else {
                print("\(path) no longer has uacce.")
            }
            if let kept { print("The lines that were removed had been changed; they are kept in \(path)\(kept).") }
        }
    }
}
