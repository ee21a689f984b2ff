// SPDX-License-Identifier: Apache-2.0
//
// What libFuzzer drives: bytes that it makes up, as descriptors for the ZIP block, and as streams to be decompressed.
// Scripts/fuzz builds it, with AddressSanitizer and the fuzzer's counters in every module. The first byte says which.

import CLinux
import CUacce
import CZlib
import CompressionSessions
import Configuration
import DeflateStream
import EmulatedQM
import EmulatedZIP
import HisiliconABI
import QueueScheduler

// libFuzzer has a main function, but the package manager gives an executable's another name: so it is called from that.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ argumentCount: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ fuzzOne: @convention(c) (UnsafePointer<UInt8>, Int) -> Int32
) -> Int32

@_cdecl("fuzzing_main")
public func fuzzingMain(_ count: Int32, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Int32 {
    var count = count
    var arguments = arguments
    return runDriver(&count, &arguments, fuzzOneInput)
}

/// 0: libFuzzer goes on. Whatever is wrong stops the process.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>, _ byteCount: Int) -> Int32 {
    guard byteCount > 1 else { return 0 }
    let input = UnsafeBufferPointer(start: bytes + 1, count: byteCount - 1)
    if bytes[0] & 1 == 0 {
        DescriptorFuzzing.shared.run(input, choice: bytes[0] >> 1)
    } else {
        StreamFuzzing.shared.run(input, choice: bytes[0] >> 1)
    }
    return 0
}

/// Says what is wrong, and stops: a trap in optimised code is mute.
private func expect(_ isRight: Bool, _ text: StaticString) {
    if isRight { return }
    _ = write(2, text.utf8Start, text.utf8CodeUnitCount)
    _ = write(2, "\n", 1)
    abort()
}

/// The first 128 bytes become a descriptor, the rest what it points to; addresses are led into memory that ends where
/// AddressSanitizer looks on.
final class DescriptorFuzzing {
    nonisolated(unsafe) static let shared = DescriptorFuzzing()

    private static let roomLimit = 1 << 16
    private static let contextByteCount = Int(HISI_ZIP_STREAM_CONTEXT_LIMIT - HISI_ZIP_STREAM_CONTEXT_OFFSET)
    private let block = ZipBlock()
    private let context = UnsafeMutableRawPointer.allocate(byteCount: contextByteCount, alignment: 64)
    private var queues: [any FunctionBlockQueue] = []

    init() {
        memset(context, 0, Self.contextByteCount)
        for version in [QueueManagementVersion.v2, .v3] {
            for type: UInt16 in [0, 1] {
                queues.append(block.makeQueue(type: type, version: version, addresses: .trusting))
            }
        }
    }

    func run(_ input: UnsafeBufferPointer<UInt8>, choice: UInt8) {
        let descriptorByteCount = MemoryLayout<ZipDescriptor>.size
        guard input.count > descriptorByteCount + 2 else { return }
        let isVersion3 = choice & 2 != 0
        let slot = UnsafeMutablePointer<ZipDescriptor>.allocate(capacity: 1)
        defer { slot.deallocate() }
        memcpy(slot, input.baseAddress!, descriptorByteCount)
        let size = Int(input[descriptorByteCount]) << 8 | Int(input[descriptorByteCount + 1])
        let data = UnsafeBufferPointer(rebasing: input[(descriptorByteCount + 2)...])

        let source = UnsafeMutableRawPointer.allocate(byteCount: max(1, data.count), alignment: 1)
        let destination = UnsafeMutableRawPointer.allocate(byteCount: max(1, size), alignment: 1)
        defer {
            source.deallocate()
            destination.deallocate()
        }
        memcpy(source, data.baseAddress!, data.count)
        // Lists are built of addresses, which nobody can make up: they are left to the tests.
        slot.pointee.bufferType = 0
        if choice & 4 == 0 { slot.pointee.bits.type = .init(ZipDescriptor.typeCode(isVersion3 ? .v3 : .v2)) }
        slot.pointee.sourceAddress = UInt64(UInt(bitPattern: source))
        slot.pointee.inputByteCount = UInt32(data.count)
        slot.pointee.destinationAddress = UInt64(UInt(bitPattern: destination))
        slot.pointee.outputByteCount = UInt32(size)
        slot.pointee.contextAddress = UInt64(UInt(bitPattern: context))
        var entry = UnsafeMutableRawPointer(slot)
        let queue = queues[(isVersion3 ? 2 : 0) + Int(choice & 1)]
        let result = withUnsafeMutablePointer(to: &entry) { queue.execute(DescriptorBatch(entries: $0, count: 1)) }
        expect(result.errorCount <= 1, "one descriptor, more errors")
        expect(
            Int(slot.pointee.produced) <= size && Int(slot.pointee.consumed) <= data.count,
            "more than there was room for")
    }
}

/// Streams as they come: the stream engine must read as much of each as zlib does, to the same bytes, and have zlib's opinion
/// of it.
final class StreamFuzzing {
    nonisolated(unsafe) static let shared = StreamFuzzing()

    private static let room = 1 << 18
    private let engine: CompressionEngine
    private let ours = UnsafeMutablePointer<UInt8>.allocate(capacity: room)
    private let theirs = UnsafeMutablePointer<UInt8>.allocate(capacity: room)

    init() {
        var configuration = Configuration()
        configuration.backend = .emulator
        engine = CompressionEngine(configuration: configuration)!
    }

    func run(_ input: UnsafeBufferPointer<UInt8>, choice: UInt8) {
        let formats: [(InflateFormat, Int32)] = [(.raw, -15), (.zlib, 15), (.gzip, 31), (.automatic, 47)]
        let (format, windowBits) = formats[Int(choice & 3)]
        guard let stream = InflateStream(engine, format) else { preconditionFailure("no memory") }
        var buffers = StreamBuffers(
            input: input.baseAddress, inputByteCount: input.count, output: ours, outputByteCount: Self.room)
        let outcome = stream.inflate(&buffers, .none)

        var reference = z_stream()
        precondition(
            zlib_inflateInit2_(&reference, windowBits, zlib_zlibVersion(), Int32(MemoryLayout<z_stream>.size)) == Z_OK)
        defer { zlib_inflateEnd(&reference) }
        reference.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        reference.avail_in = UInt32(input.count)
        reference.next_out = theirs
        reference.avail_out = UInt32(Self.room)
        let expected = zlib_inflate(&reference, Z_NO_FLUSH)

        let made = Self.room - buffers.outputByteCount
        let expectedMade = Self.room - Int(reference.avail_out)
        switch expected {
        case Z_STREAM_END:
            expect(outcome == .streamEnd, "a stream that zlib reads is not read")
        case Z_DATA_ERROR:
            guard case .dataError = outcome else { return expect(false, "a stream that zlib refuses is read") }
        case Z_NEED_DICT: expect(outcome == .needsDictionary, "no dictionary is wanted")
        default: expect(outcome == .ok || outcome == .bufferError, "a stream that goes on is refused, or at its end")
        }
        expect(buffers.inputByteCount == Int(reference.avail_in), "another number of bytes is read")
        expect(made == expectedMade, "another number of bytes")
        expect(memcmp(ours, theirs, made) == 0, "other bytes")
    }
}
