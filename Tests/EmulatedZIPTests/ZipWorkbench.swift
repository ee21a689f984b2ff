// SPDX-License-Identifier: Apache-2.0

import CLinux
import CUacce
import EmulatedQM
import EmulatedZIP
import HisiliconABI

/// Both descriptor versions, for tests that run on either.
let versions = [QueueManagementVersion.v2, .v3]

/// A queue of the block without the rings around it, memory for a descriptor to point to, and the page behind it that
/// nobody may touch.
final class ZipWorkbench {
    static let room = 1 << 20

    let version: QueueManagementVersion
    let queue: any FunctionBlockQueue
    let source: GuardedMemory
    let destination: GuardedMemory
    let context: GuardedMemory

    convenience init(
        _ version: QueueManagementVersion, compresses: Bool, block: ZipBlock = ZipBlock(),
        addresses: AddressCheck = .trusting
    ) {
        self.init(version, compresses: compresses, block: block, memory: .process(addresses), id: .device)
    }

    /// A queue that reaches the bench's memory through windows of a page each.
    convenience init(
        _ version: QueueManagementVersion, compresses: Bool, block: ZipBlock = ZipBlock(), windows: Windows,
        id: AddressSpaceID
    ) throws {
        self.init(version, compresses: compresses, block: block, memory: .windows(windows), id: id)
        for memory in [source, destination, context] { try memory.pages.show(in: windows) }
    }

    init(
        _ version: QueueManagementVersion, compresses: Bool, block: ZipBlock, memory: AddressSpace, id: AddressSpaceID
    ) {
        self.version = version
        queue = block.makeQueue(type: compresses ? 0 : 1, version: version, memory: memory, id: id)
        source = GuardedMemory(byteCount: Self.room)
        destination = GuardedMemory(byteCount: Self.room)
        context = GuardedMemory(
            byteCount: Int(HISI_ZIP_STREAM_CONTEXT_LIMIT - HISI_ZIP_STREAM_CONTEXT_OFFSET))
    }

    /// A descriptor for `input`, whose memory ends where the forbidden page begins, as the room for output does.
    func descriptor(
        _ type: ZipRequestType, _ input: [UInt8], room: Int = ZipWorkbench.room, finishes: Bool = true,
        stateful: Bool = false, begins: Bool = true
    ) -> ZipDescriptor {
        var descriptor = ZipDescriptor(version: version)
        descriptor.requestType = type
        descriptor.finishes = finishes
        descriptor.isStateful = stateful
        descriptor.beginsStream = begins
        let start = source.end - input.count
        input.withUnsafeBytes { if let bytes = $0.baseAddress { memcpy(start, bytes, input.count) } }
        descriptor.sourceAddress = UInt64(UInt(bitPattern: start))
        descriptor.inputByteCount = UInt32(input.count)
        descriptor.destinationAddress = UInt64(UInt(bitPattern: destination.end - room))
        descriptor.outputByteCount = UInt32(room)
        descriptor.contextAddress = UInt64(UInt(bitPattern: context.start))
        return descriptor
    }

    func run(_ descriptor: ZipDescriptor) -> ZipDescriptor {
        execute(descriptor).completed
    }

    func execute(_ descriptor: ZipDescriptor) -> (completed: ZipDescriptor, result: BatchResult) {
        let slot = UnsafeMutablePointer<ZipDescriptor>.allocate(capacity: 1)
        slot.initialize(to: descriptor)
        defer { slot.deallocate() }
        var entry = UnsafeMutableRawPointer(slot)
        let result = withUnsafeMutablePointer(to: &entry) {
            queue.execute(DescriptorBatch(entries: $0, count: 1))
        }
        return (slot.pointee, result)
    }

    /// What a completed descriptor produced.
    func output(_ descriptor: ZipDescriptor) -> [UInt8] {
        let start = UnsafeRawPointer(bitPattern: UInt(descriptor.destinationAddress))!
        return Array(UnsafeRawBufferPointer(start: start, count: Int(descriptor.produced)))
    }
}

/// Pages with one behind them that may not be touched.
final class GuardedMemory {
    let start: UnsafeMutableRawPointer
    let end: UnsafeMutableRawPointer
    let pages: SharedPages

    init(byteCount: Int) {
        let page = SharedPages.pageByteCount
        let whole = (byteCount + page - 1) / page * page
        // The last is there and nobody's.
        pages = SharedPages(byteCount: whole + page)
        end = pages.start + whole
        start = end - byteCount
        precondition(mprotect(end, page, PROT_NONE) == 0)
    }
}

extension ZipRequestType {
    /// What zlib's init functions take for streams whose header the driver has dealt with; zlib writes gzip's and zlib's
    /// with one, which is cut off.
    var windowBits: Int32 {
        switch self {
        case .deflate: -15
        case .zlib: 15
        case .gzip: 31
        }
    }

    var header: [UInt8] {
        switch self {
        case .deflate: []
        case .zlib: [0x78, 0x9c]
        case .gzip: [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]
        }
    }

    static func all(_ version: QueueManagementVersion) -> [ZipRequestType] {
        version == .v2 ? [.zlib, .gzip] : [.deflate, .zlib, .gzip]
    }
}
