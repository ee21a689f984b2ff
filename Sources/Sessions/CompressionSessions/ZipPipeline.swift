// SPDX-License-Identifier: Apache-2.0

import CUacce
import HisiliconABI
import HisiliconDriver
import QueueScheduler

/// Large writes in pieces that a device works on side by side. A piece refers to nothing before it, so that none has to
/// wait for another, and has a stream context of its own.
final class ZipPipeline {
    /// Bytes of a piece: the window that each piece lacks at its beginning is an eighth of it.
    static let pieceByteCount = 256 << 10
    /// Most pieces at once.
    static let limit = 16

    private let memories: UnsafeMutablePointer<ZipMemory>
    private let requests: UnsafeMutablePointer<UnsafeMutablePointer<Request>>
    private var count = 0
    private let contexts: ContextPool

    init(_ contexts: ContextPool) {
        self.contexts = contexts
        memories = .allocate(capacity: Self.limit)
        requests = .allocate(capacity: Self.limit)
    }

    deinit {
        for index in 0..<count { memories[index].destroy(contexts) }
        memories.deallocate()
        requests.deallocate()
    }

    /// Whether there is memory for so many pieces.
    func prepare(_ wanted: Int) -> Bool {
        while count < wanted {
            guard let memory = ZipMemory() else { return false }
            guard memory.context(contexts) != nil else {
                memory.destroy(contexts)
                return false
            }
            memories[count] = memory
            requests[count] = memory.request
            count += 1
        }
        return true
    }

    func descriptor(_ index: Int) -> UnsafeMutablePointer<ZipDescriptor> {
        memories[index].request.descriptor(as: ZipDescriptor.self)
    }

    func contextAddress(_ index: Int) -> UInt64 {
        Request.address(of: memories[index].context(contexts))
    }

    func run(_ count: Int, byteCount: Int, on scheduler: Scheduler) -> ProcessorCause? {
        scheduler.run(requests, count: count, byteCount: byteCount)
    }
}

extension ZipSession {
    /// Whether the device works while its caller waits with a time limit, so that a request must not take too long.
    public var worksInBackground: Bool { scheduler._withUnsafeGuaranteedRef { $0.worksInBackground } }

    /// Whether ``runPieces(_:inputByteCount:_:outputByteCount:)`` gains anything for so much input.
    public func gainsFromPieces(_ inputByteCount: Int) -> Bool {
        direction == .compress && inputByteCount >= 2 * ZipPipeline.pieceByteCount
            && worksInBackground
    }

    /// Room that ``runPieces(_:inputByteCount:_:outputByteCount:)`` needs.
    public static func piecesBound(_ byteCount: Int) -> Int {
        byteCount + (byteCount / ZipPipeline.pieceByteCount + 1)
            * (compressedBound(ZipPipeline.pieceByteCount)
                - ZipPipeline.pieceByteCount)
    }

    /// Compression of a large write by several requests at once. It ends on a sync marker; the stream's window is empty
    /// afterwards.
    ///
    /// - Parameters:
    ///   - inputByteCount: of which at most 4 MiB are consumed.
    ///   - outputByteCount: at least ``piecesBound(_:)`` of what is to be consumed.
    /// - Throws: when the device did not do all of it. The stream stands where it stood.
    public mutating func runPieces(
        _ input: UnsafePointer<UInt8>, inputByteCount: Int, _ output: UnsafeMutablePointer<UInt8>, outputByteCount: Int
    ) throws(ZipFailure) -> ZipResult {
        if format == .raw, template.typeCode == ZipDescriptor.typeCode(.v2) { throw ZipFailure(.unsupported) }
        let size = ZipPipeline.pieceByteCount
        let total = min(inputByteCount, size * ZipPipeline.limit)
        let count = (total + size - 1) / size
        let room = Self.compressedBound(size)
        let made = pipeline ?? ZipPipeline(engine.contexts)
        pipeline = made
        guard total > 0, outputByteCount >= Self.piecesBound(total), made.prepare(count) else {
            throw ZipFailure(.full)
        }
        for index in 0..<count {
            let descriptor = made.descriptor(index)
            descriptor.pointee = template
            descriptor.pointee.beginsStream = true
            descriptor.pointee.isStateful = true
            descriptor.pointee.contextAddress = made.contextAddress(index)
            descriptor.pointee.sourceAddress = Request.address(of: input + index * size)
            descriptor.pointee.inputByteCount = UInt32(min(size, total - index * size))
            descriptor.pointee.destinationAddress = Request.address(of: output + index * room)
            descriptor.pointee.outputByteCount = UInt32(Self.compressedBound(min(size, total - index * size)))
        }
        if let cause = scheduler._withUnsafeGuaranteedRef({ made.run(count, byteCount: total, on: $0) }) {
            throw ZipFailure(cause)
        }
        for index in 0..<count {
            let descriptor = made.descriptor(index).pointee
            guard descriptor.status == .ok || descriptor.status == .expanded, descriptor.produced <= room,
                descriptor.consumed == min(size, total - index * size)
            else {
                scheduler._withUnsafeGuaranteedRef { $0.reportError(type: descriptor.status.rawValue) }
                throw ZipFailure(.device)
            }
        }
        var produced = 0
        for index in 0..<count {
            let descriptor = made.descriptor(index).pointee
            (output + produced).update(from: output + index * room, count: Int(descriptor.produced))
            produced += Int(descriptor.produced)
            join(descriptor)
        }
        return ZipResult(outcome: .done, consumed: total, produced: produced)
    }
}
