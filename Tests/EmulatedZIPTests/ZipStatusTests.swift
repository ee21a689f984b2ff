// SPDX-License-Identifier: Apache-2.0

import CLinux
import CUacce
import EmulatedQM
import EmulatedZIP
import HisiliconABI
import Testing

/// Every status that a descriptor can end with, and what comes with it.
@Suite struct ZipStatusTests {
    @Test func whatADriverSees() {
        let block = ZipBlock()
        #expect(block.algorithms(.v2) == ["zlib", "gzip"])
        #expect(block.algorithms(.v3) == ["zlib", "gzip", "deflate"])
        #expect(block.driverName == "hisi_zip" && block.entryByteCount == 128 && block.defaultQueueCount == 256)
    }

    private var text: [UInt8] {
        var generator = SeededGenerator(1)
        return SampleData.text.bytes(20_000, &generator)
    }

    private var noise: [UInt8] {
        var generator = SeededGenerator(2)
        return SampleData.random.bytes(20_000, &generator)
    }

    private func expect(
        _ bench: ZipWorkbench, _ descriptor: ZipDescriptor, _ status: ZipStatus,
        _ location: SourceLocation = #_sourceLocation
    ) {
        let (completed, result) = bench.execute(descriptor)
        #expect(completed.status == status, sourceLocation: location)
        let isGood = [ZipStatus.ok, .expanded, .decompressionEnd, .wrongChecksum].contains(status)
        #expect(result.errorCount == (isGood ? 0 : 1), sourceLocation: location)
        if !isGood { #expect(completed.consumed == 0 && completed.produced == 0, sourceLocation: location) }
    }

    @Test(arguments: versions)
    func compression(version: QueueManagementVersion) {
        let bench = ZipWorkbench(version, compresses: true)
        expect(bench, bench.descriptor(.zlib, text), .ok)
        expect(bench, bench.descriptor(.gzip, noise), .expanded)
        expect(bench, bench.descriptor(.zlib, text, room: 100), .outputTooSmall)
        expect(bench, bench.descriptor(.zlib, text, room: 0), .outputTooSmall)
        expect(bench, bench.descriptor(.zlib, text, room: 3), .outputTooSmall)
        // To the byte.
        let exact = bench.run(bench.descriptor(.zlib, noise))
        expect(bench, bench.descriptor(.zlib, noise, room: Int(exact.produced)), .expanded)
        expect(bench, bench.descriptor(.zlib, noise, room: Int(exact.produced) - 1), .outputTooSmall)
    }

    /// A request that did not fit leaves the stream as it was.
    @Test func aStreamSurvivesTooLittleRoom() {
        let bench = ZipWorkbench(.v3, compresses: true)
        let first = bench.run(bench.descriptor(.zlib, text, finishes: false, stateful: true))
        let head = bench.output(first)
        func next(room: Int) -> ZipDescriptor {
            var descriptor = bench.descriptor(.zlib, noise, room: room, stateful: true, begins: false)
            descriptor.checksum = first.checksum
            descriptor.streamByteCount = first.streamByteCount
            return bench.run(descriptor)
        }
        #expect(next(room: 500).status == .outputTooSmall)
        let second = next(room: 40_000)
        #expect(second.status == .expanded)
        let same =
            Zlib.inflate([0x78, 0x9c] + head + bench.output(second), windowBits: 15, capacity: 40_000) == text + noise
        #expect(same)
    }

    @Test(arguments: versions)
    func decompression(version: QueueManagementVersion) {
        let bench = ZipWorkbench(version, compresses: false)
        let good = Array(Zlib.deflate(text, windowBits: 15)[2...])
        expect(bench, bench.descriptor(.zlib, good), .ok)
        expect(bench, bench.descriptor(.zlib, good, room: 19_999), .outputTooSmall)
        expect(bench, bench.descriptor(.zlib, good, room: 20_000), .ok)
        expect(bench, bench.descriptor(.zlib, Array(good.dropLast())), .invalidData)
        expect(bench, bench.descriptor(.zlib, Array(good.dropLast(1000))), .invalidData)
        expect(bench, bench.descriptor(.zlib, good.dropLast() + [good.last! ^ 1]), .wrongChecksum)
        // A block of the type that there is not.
        expect(bench, bench.descriptor(.zlib, [0x07, 0, 0, 0, 0, 0]), .invalidData)
        expect(bench, bench.descriptor(.zlib, noise), .invalidData)
        let packed = Array(Zlib.deflate(text, windowBits: 31)[10...])
        expect(bench, bench.descriptor(.gzip, packed), .ok)
        // CRC-32 is right, the byte count is not.
        expect(bench, bench.descriptor(.gzip, packed.dropLast() + [packed.last! ^ 1]), .wrongChecksum)
        // In a stream, less input is no error.
        let begun = bench.run(bench.descriptor(.zlib, Array(good.dropLast(3)), stateful: true))
        #expect(begun.status == .ok && begun.produced == 20_000 && begun.consumed == good.count - 3)
        // A checksum that is wrong is so before the byte count behind it has come.
        var wrong = Array(packed.dropLast(4))
        let early = bench.run(bench.descriptor(.gzip, wrong, stateful: true))
        #expect(early.status == .ok && !early.isLastBlock)
        wrong[wrong.count - 1] ^= 1
        let refused = bench.run(bench.descriptor(.gzip, wrong, stateful: true))
        #expect(refused.status == .wrongChecksum)
    }

    @Test(arguments: versions)
    func parameters(version: QueueManagementVersion) {
        for compresses in [true, false] {
            let bench = ZipWorkbench(version, compresses: compresses)
            let good = bench.descriptor(.zlib, [1, 2, 3])
            func changed(_ change: (inout ZipDescriptor) -> Void) -> ZipDescriptor {
                var descriptor = good
                change(&descriptor)
                return descriptor
            }
            expect(bench, changed { $0.bits.type = version == .v2 ? 3 : 0 }, .requestType)
            expect(bench, changed { $0.bits.req_type = 0 }, .requestType)
            expect(bench, changed { $0.bits.req_type = 4 }, .requestType)
            expect(bench, changed { $0.bits.req_type = 0x43 }, .requestType)
            expect(bench, changed { $0.bufferType = 2 }, .requestType)
            if version == .v2 { expect(bench, changed { $0.requestType = .deflate }, .requestType) }
            expect(bench, changed { $0.windowCode = 5 }, .parameter)
            expect(bench, changed { $0.windowCode = 15 }, .parameter)
            expect(bench, changed { $0.inputByteCount = HISI_ZIP_DATA_LENGTH_MAX + 1 }, .parameter)
            expect(bench, changed { $0.beginsStream = false }, .parameter)
            if compresses { expect(bench, changed { $0.finishes = false }, .parameter) }
            expect(bench, changed { $0.sourceAddress = $0.destinationAddress }, .parameter)
            for overlapping in [good.sourceAddress - 100, good.destinationAddress] {
                expect(
                    bench,
                    changed {
                        $0.isStateful = true
                        $0.contextAddress = overlapping
                    }, .parameter)
            }
            expect(bench, changed { $0.sourceAddress = 0 }, .address)
            expect(bench, changed { $0.sourceAddress = .max - 1 }, .address)
            expect(bench, changed { $0.destinationAddress = 8 }, .address)
            expect(
                bench,
                changed {
                    $0.isStateful = true; $0.contextAddress = 0
                }, .address)
        }
    }

    @Test func streamsThatWereNotBegun() {
        let bench = ZipWorkbench(.v3, compresses: false)
        let good = Zlib.deflate(text, windowBits: -15)
        expect(bench, bench.descriptor(.deflate, good, stateful: true, begins: false), .noStream)
        // Nor those that have ended.
        expect(bench, bench.descriptor(.deflate, good, stateful: true), .decompressionEnd)
        expect(bench, bench.descriptor(.deflate, good, stateful: true, begins: false), .noStream)
        // A stream that begins where another is takes its place.
        let half = Array(good[..<(good.count / 2)])
        expect(bench, bench.descriptor(.deflate, half, stateful: true), .ok)
        expect(bench, bench.descriptor(.deflate, good, stateful: true), .decompressionEnd)
        // A failed one is gone.
        expect(bench, bench.descriptor(.deflate, half, stateful: true), .ok)
        expect(bench, bench.descriptor(.deflate, noise, stateful: true, begins: false), .invalidData)
        expect(bench, bench.descriptor(.deflate, noise, stateful: true, begins: false), .noStream)
    }

    @Test func rejected() {
        let bench = ZipWorkbench(.v3, compresses: true)
        var descriptor = bench.descriptor(.zlib, text)
        withUnsafeMutablePointer(to: &descriptor) { bench.queue.reject(UnsafeMutableRawPointer($0)) }
        #expect(descriptor.status == .injected)
    }

    @Test func strictAddresses() {
        let bench = ZipWorkbench(.v3, compresses: true, addresses: .strict)
        expect(bench, bench.descriptor(.zlib, text, room: 40_000), .ok)
        var beyond = bench.descriptor(.zlib, text, room: 40_000)
        beyond.outputByteCount += 1
        expect(bench, beyond, .address)
        var input = bench.descriptor(.zlib, text, room: 40_000)
        input.inputByteCount += 1
        expect(bench, input, .address)
        var context = bench.descriptor(.zlib, text, room: 40_000, stateful: true)
        context.contextAddress += 1
        expect(bench, context, .address)
    }
}
