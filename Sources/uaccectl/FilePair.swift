// SPDX-License-Identifier: Apache-2.0

import CLinux

/// What went wrong with a file, for people.
struct FileProblem: Error {
    let text: String

    init(_ text: String) { self.text = text }

    /// With the reason that errno gives.
    init(_ name: String, _ what: String) {
        text = "\(name): \(what): \(String(cString: strerror(linux_errno())))"
    }
}

/// A file that is read and one that is written; the latter goes away again unless it is kept.
final class FilePair {
    /// As messages call the input.
    let name: String
    /// Bytes of the input; 0: nobody knows.
    let byteCount: Int
    private let input: Int32
    private let output: Int32
    private let outputPath: String?
    private var status = stat()
    private var isKept = false

    /// Standard input and output.
    init() {
        name = "standard input"
        input = 0
        output = 1
        outputPath = nil
        byteCount = 0
    }

    /// - Parameters:
    ///   - outputPath: nil: standard output.
    ///   - overwrites: whether it may exist already.
    init(_ path: String, to outputPath: String?, overwrites: Bool) throws(FileProblem) {
        name = path
        let input = linux_open(path, O_RDONLY)
        guard input >= 0 else { throw FileProblem(path, "cannot be read") }
        guard fstat(input, &status) == 0, status.st_mode & mode_t(S_IFMT) == mode_t(S_IFREG) else {
            close(input)
            throw FileProblem("\(path): is no ordinary file")
        }
        byteCount = Int(status.st_size)
        self.outputPath = outputPath
        guard let outputPath else {
            self.input = input
            output = 1
            return
        }
        // Nobody but its owner sees it before it is whole.
        let output = linux_create(
            outputPath, O_WRONLY | O_CREAT | (overwrites ? O_TRUNC : O_EXCL), 0o600)
        guard output >= 0 else {
            let problem = FileProblem(outputPath, "cannot be written")
            close(input)
            throw problem
        }
        self.input = input
        self.output = output
    }

    deinit {
        if input > 2 { close(input) }
        if output > 2 { close(output) }
        if let outputPath, !isKept { unlink(outputPath) }
    }

    /// Reads until `memory` is full or the input ends. Returns how many bytes.
    func read(into memory: UnsafeMutablePointer<UInt8>, byteCount: Int) throws(FileProblem) -> Int {
        var done = 0
        while done < byteCount {
            let count = CLinux.read(input, memory + done, byteCount - done)
            if count == 0 { break }
            if count < 0 {
                if linux_errno() == EINTR { continue }
                throw FileProblem(name, "cannot be read")
            }
            done += count
        }
        return done
    }

    func write(_ memory: UnsafePointer<UInt8>, byteCount: Int) throws(FileProblem) {
        var done = 0
        while done < byteCount {
            let count = CLinux.write(output, memory + done, byteCount - done)
            if count < 0 {
                if linux_errno() == EINTR { continue }
                throw FileProblem(outputPath ?? "standard output", "cannot be written")
            }
            done += count
        }
    }

    /// The output is whole: it gets the input's mode and time, and stays. The input goes, if wanted.
    func keep(removingInput: Bool) throws(FileProblem) {
        guard outputPath != nil else { return }
        fchmod(output, status.st_mode & 0o7777)
        var times = [status.st_atim, status.st_mtim]
        futimens(output, &times)
        isKept = true
        if removingInput, unlink(name) != 0 { throw FileProblem(name, "cannot be removed") }
    }
}
