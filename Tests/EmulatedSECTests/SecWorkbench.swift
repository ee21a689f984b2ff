// SPDX-License-Identifier: Apache-2.0

import CUacce
import EmulatedQM
import EmulatedSEC
import HisiliconABI

/// Both descriptor versions, for tests that run on either.
enum SecVersion: CaseIterable {
    case v2
    case v3

    var descriptor: any SecDescriptor.Type { self == .v2 ? SecBD2.self : SecBD3.self }
}

/// A queue of the block without the rings around it: descriptors go in, completed descriptors come out.
final class SecWorkbench<Descriptor: SecDescriptor> {
    let queue: any FunctionBlockQueue

    convenience init(addresses: AddressCheck = .trusting, block: SecBlock = SecBlock()) {
        self.init(memory: .process(addresses), block: block)
    }

    init(memory: AddressSpace, block: SecBlock = SecBlock()) {
        queue = block.makeQueue(
            type: 0, version: Descriptor.typeCode == 2 ? .v2 : .v3, memory: memory, id: .device)
    }

    /// Runs one descriptor and gives its error type; it must be done.
    @discardableResult
    func run(_ descriptor: Descriptor) -> SecErrorType? {
        run([descriptor])[0]
    }

    /// Runs a batch of up to 64 descriptors.
    func run(_ descriptors: [Descriptor]) -> [SecErrorType?] {
        let (completed, result) = execute(descriptors)
        let errors = completed.map { descriptor -> SecErrorType? in
            precondition(descriptor.result.done == 1, "not done")
            return SecErrorType(rawValue: descriptor.result.error_type)
        }
        precondition(result.errorCount == errors.count { $0 != SecErrorType.none })
        return errors
    }

    /// Runs a batch and gives the descriptors as they came back, and the block's account of them.
    func execute(_ descriptors: [Descriptor]) -> (completed: [Descriptor], result: BatchResult) {
        let slots = UnsafeMutablePointer<Descriptor>.allocate(capacity: descriptors.count)
        slots.initialize(from: descriptors, count: descriptors.count)
        defer { slots.deallocate() }
        var entries = descriptors.indices.map { UnsafeMutableRawPointer(slots + $0) }
        let result = entries.withUnsafeMutableBufferPointer {
            queue.execute(DescriptorBatch(entries: $0.baseAddress!, count: descriptors.count))
        }
        return (descriptors.indices.map { slots[$0] }, result)
    }
}

/// Memory of a fixed address that descriptors can point into, with a pattern around every piece that is handed out.
final class Arena {
    let start: UnsafeMutableRawPointer
    let byteCount: Int
    private let pages: SharedPages?
    private var used = 64

    init(byteCount: Int = 1 << 20) {
        self.byteCount = byteCount
        pages = nil
        start = .allocate(byteCount: byteCount, alignment: 4096)
        start.initializeMemory(as: UInt8.self, repeating: 0xa5, count: byteCount)
    }

    /// In memory that a device may see through windows.
    init(_ pages: SharedPages) {
        self.pages = pages
        start = pages.start
        byteCount = pages.byteCount
        start.initializeMemory(as: UInt8.self, repeating: 0xa5, count: byteCount)
    }

    deinit {
        if pages == nil { start.deallocate() }
    }

    /// A piece of `count` bytes at an address of the given remainder modulo 64.
    func piece(_ count: Int, misalignment: Int = 0) -> Piece {
        let offset = (used + 63) / 64 * 64 + misalignment
        precondition(offset + count + 64 <= byteCount, "the arena is full")
        used = offset + count + 64
        return Piece(start: start + offset, count: count)
    }

    func piece(_ bytes: [UInt8], misalignment: Int = 0) -> Piece {
        let piece = piece(bytes.count, misalignment: misalignment)
        piece.bytes = bytes
        return piece
    }

    /// Forgets every piece.
    func reset() {
        used = 64
        start.initializeMemory(as: UInt8.self, repeating: 0xa5, count: byteCount)
    }

    var contents: [UInt8] {
        Array(UnsafeRawBufferPointer(start: start, count: byteCount))
    }
}

/// Some bytes of an arena.
struct Piece {
    let start: UnsafeMutableRawPointer
    let count: Int

    var address: UInt64 { UInt64(UInt(bitPattern: start)) }
    var bytes: [UInt8] {
        get { Array(UnsafeRawBufferPointer(start: start, count: count)) }
        nonmutating set { UnsafeMutableRawBufferPointer(start: start, count: count).copyBytes(from: newValue) }
    }
    /// Whether the bytes before and behind are still the arena's pattern.
    var isFenced: Bool {
        let before = UnsafeRawBufferPointer(start: start - 16, count: 16)
        let behind = UnsafeRawBufferPointer(start: start + count, count: 16)
        return before.allSatisfy { $0 == 0xa5 } && behind.allSatisfy { $0 == 0xa5 }
    }
}
