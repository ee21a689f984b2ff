// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CompressionSessions
import DeflateStream

/// `uaccectl decompress`: files become what they were.
struct Decompress: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Decompress files on ZIP devices; without one the CPU does it.",
        discussion: "FILE.gz (.zz, .deflate) becomes FILE, as with gzip -d. Members of a gzip file follow each other.")

    @OptionGroup var options: CompressionOptions

    private static var pieceByteCount: Int { 1 << 20 }

    func run() throws {
        let suffix = options.format.suffix
        try options.forEachFile { (name) throws(FileProblem) in
            guard name.hasSuffix(suffix), name.utf8.count > suffix.utf8.count else {
                throw FileProblem("\(name): has no suffix \(suffix)")
            }
            return String(name.dropLast(suffix.count))
        } _: { (pair, engine) throws(FileProblem) in
            try decompress(pair, engine)
        }
    }

    private func decompress(_ pair: FilePair, _ engine: CompressionEngine) throws(FileProblem) {
        guard let stream = InflateStream(engine, options.format.expected) else {
            throw FileProblem("\(pair.name): no memory")
        }
        let input = UnsafeMutablePointer<UInt8>.allocate(capacity: Self.pieceByteCount)
        let output = UnsafeMutablePointer<UInt8>.allocate(capacity: Self.pieceByteCount)
        defer {
            input.deallocate()
            output.deallocate()
        }
        var bar = ProgressBar(name: pair.name, total: pair.byteCount)
        defer { bar.end() }
        var done = 0
        var hasEnded = false
        while true {
            let count = try pair.read(into: input, byteCount: Self.pieceByteCount)
            if count == 0 {
                if hasEnded { return }
                throw FileProblem("\(pair.name): ends too early")
            }
            done += count
            var buffers = StreamBuffers(input: input, inputByteCount: count, output: output, outputByteCount: 0)
            repeat {
                if hasEnded {
                    // As gzip does: zeros may fill a file up, another member may follow, the rest is ignored.
                    guard options.format == .gzip, buffers.input?.pointee == 0x1f else { return }
                    stream.reset()
                    hasEnded = false
                }
                buffers.output = output
                buffers.outputByteCount = Self.pieceByteCount
                let outcome = stream.inflate(&buffers, .none)
                try pair.write(output, byteCount: Self.pieceByteCount - buffers.outputByteCount)
                switch outcome {
                case .ok, .bufferError: break
                case .streamEnd: hasEnded = true
                case .dataError(let message): throw FileProblem("\(pair.name): \(String(cString: message.text))")
                case .needsDictionary: throw FileProblem("\(pair.name): was made with a dictionary")
                default: throw FileProblem("\(pair.name): the device failed")
                }
            } while buffers.inputByteCount > 0 || buffers.outputByteCount == 0
            bar.update(done)
        }
    }
}
