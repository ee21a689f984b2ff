// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CompressionSessions
import DeflateStream

/// `uaccectl compress`: files become smaller, on ZIP queues.
struct Compress: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compress files on ZIP devices; without one the CPU does it.",
        discussion: "FILE becomes FILE.gz (.zz, .deflate), as with gzip, which reads what this writes.")

    enum Level: Int, EnumerableFlag {
        case one = 1
        case two, three, four, five, six, seven, eight, nine

        static func name(for level: Level) -> NameSpecification {
            .customShort(Character(String(level.rawValue)))
        }

        static func help(for level: Level) -> ArgumentHelp? {
            switch level {
            case .one: "Fastest."
            case .six: "The default."
            case .nine: "Smallest."
            default: ArgumentHelp(visibility: .hidden)
            }
        }
    }

    @Flag(exclusivity: .chooseLast)
    var level = Level.six

    @OptionGroup var options: CompressionOptions

    func run() throws {
        let format = options.format
        try options.forEachFile { (name) throws(FileProblem) in
            if name.hasSuffix(format.suffix) { throw FileProblem("\(name): has the suffix \(format.suffix) already") }
            return name + format.suffix
        } _: { (pair, engine) throws(FileProblem) in
            try compress(pair, engine)
        }
    }

    private func compress(_ pair: FilePair, _ engine: CompressionEngine) throws(FileProblem) {
        guard let stream = DeflateStream(engine, options.format.compressed, level: level.rawValue) else {
            throw FileProblem("\(pair.name): no memory")
        }
        // A file that is read at once is one request, which has the best units.
        let pieceByteCount =
            pair.byteCount > 0 ? min(pair.byteCount + 1, ZipSession.requestLimit) : ZipSession.requestLimit
        let room = stream.bound(pieceByteCount)
        let input = UnsafeMutablePointer<UInt8>.allocate(capacity: pieceByteCount)
        let output = UnsafeMutablePointer<UInt8>.allocate(capacity: room)
        defer {
            input.deallocate()
            output.deallocate()
        }
        var bar = ProgressBar(name: pair.name, total: pair.byteCount)
        defer { bar.end() }
        var done = 0
        while true {
            let count = try pair.read(into: input, byteCount: pieceByteCount)
            let flush = count < pieceByteCount ? StreamFlush.finish : .none
            var buffers = StreamBuffers(input: input, inputByteCount: count, output: output, outputByteCount: room)
            var outcome = StreamOutcome.ok
            repeat {
                buffers.output = output
                buffers.outputByteCount = room
                outcome = stream.deflate(&buffers, flush)
                guard outcome == .ok || outcome == .streamEnd || outcome == .bufferError else {
                    throw FileProblem("\(pair.name): the device failed")
                }
                try pair.write(output, byteCount: room - buffers.outputByteCount)
            } while outcome != .streamEnd && (buffers.outputByteCount == 0 || buffers.inputByteCount > 0)
            done += count
            bar.update(done)
            if flush == .finish, outcome == .streamEnd { return }
        }
    }
}
