// SPDX-License-Identifier: Apache-2.0

import CLinux
import PlainText

/// Where notable events go: a line each, with the process id. Never on the path of a request that goes well.
public struct Log: Sendable {
    /// File name, `stderr`, or empty for none.
    let target: String

    public init(target: String) {
        self.target = target
    }

    public func write(_ message: @autoclosure () -> String) {
        if target.isEmpty || linux_is_privileged() != 0 { return }
        let line = "uacce[\(getpid())]: " + message() + "\n"
        if target == "stderr" {
            withoutCancellation { append(line, to: 2) }
        } else {
            appendLines(line, toFile: target)
        }
    }
}

/// Appends `text` to a file with one write, so that lines of several processes do not mix. Errors are not reported: a
/// full disk must not fail a cipher.
///
/// A program with more privileges than its caller writes nothing: a name may be relative, or lead through a directory of the
/// caller's.
public func appendLines(_ text: String, toFile name: String) {
    if linux_is_privileged() != 0 { return }
    withoutCancellation { append(text, toFile: name) }
}

private func append(_ text: String, toFile name: String) {
    let descriptor = linux_create(name, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    guard descriptor >= 0 else { return }
    append(text, to: descriptor)
    close(descriptor)
}

private func append(_ text: String, to descriptor: Int32) {
    var text = text
    text.withUTF8 { bytes in
        _ = linux_write_quietly(descriptor, bytes.baseAddress, bytes.count)
    }
}
