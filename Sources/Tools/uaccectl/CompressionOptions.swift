// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CompressionSessions
import DeflateStream
import QueueScheduler

/// A file's format, with the suffix it has.
enum FileFormat: String, CaseIterable, ExpressibleByArgument {
    case gzip
    case zlib
    case raw

    var suffix: String {
        switch self {
        case .gzip: ".gz"
        case .zlib: ".zz"
        case .raw: ".deflate"
        }
    }

    var compressed: ZipFormat {
        switch self {
        case .gzip: .gzip
        case .zlib: .zlib
        case .raw: .raw
        }
    }

    var expected: InflateFormat {
        switch self {
        case .gzip: .gzip
        case .zlib: .zlib
        case .raw: .raw
        }
    }
}

/// What `compress` and `decompress` have in common.
struct CompressionOptions: ParsableArguments {
    @OptionGroup var devices: DeviceOptions

    @Flag(name: [.short, .long], help: "Keep the input files.")
    var keep = false

    @Flag(name: [.customShort("c"), .long], help: "Write to the standard output; input files stay.")
    var stdout = false

    @Flag(name: [.short, .long], help: "Replace output files that exist; take links, set-id files and such, too.")
    var force = false

    @Flag(name: [.customShort("v"), .long], help: "Say what the devices did, on the standard error.")
    var verbose = false

    @Option(help: "Format of the compressed side: gzip, zlib or raw.")
    var format = FileFormat.gzip

    @Argument(help: "Files; none or '-': standard input to standard output.")
    var files: [String] = []

    /// Does `work` with every file. A file that goes wrong is told about, and the next one follows.
    func forEachFile(
        outputName: (String) throws(FileProblem) -> String,
        _ work: (FilePair, CompressionEngine) throws(FileProblem) -> Void
    ) throws {
        guard let engine = CompressionEngine(configuration: try devices.configuration()) else {
            throw ValidationError("The queues could not be set up: no memory.")
        }
        defer {
            if verbose { writeToStandardError(engine.statistics) }
            engine.shutDown()
        }
        var isGood = true
        for file in files.isEmpty ? ["-"] : files {
            do throws(FileProblem) {
                if file == "-" {
                    try work(FilePair(), engine)
                } else {
                    let pair = try FilePair(
                        file, toStandardOutput: stdout, overwrites: force, outputName: outputName)
                    try work(pair, engine)
                    try pair.keep(removingInput: !keep && !stdout)
                }
            } catch {
                writeToStandardError("uaccectl: \(printable(error.text))\n")
                isGood = false
            }
        }
        if !isGood { throw ExitCode(1) }
    }
}
