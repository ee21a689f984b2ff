// SPDX-License-Identifier: Apache-2.0

import CLinux
import CWarpDrive
import HisiliconABI
import HisiliconDriver
import PublishedCounters
import UacceDevice

/// The driver of HiSilicon's devices: messages become descriptors in the rings of a queue pair, and come back in the
/// order they were sent. The library calls it one thread at a time.
final class RingDriver {
    enum Kind {
        case sec, zip
    }

    let kind: Kind
    let version: QueueManagementVersion
    /// Type that the queue was set to; ZIP: 0 compresses, 1 decompresses.
    let type: UInt32
    // The library lets go of the driver before it lets go of the queue.
    private let queue: Unmanaged<WarpQueue>
    private var pair: QueuePair
    /// A slot for each message that may be out, used in turns.
    private let slots: UnsafeMutableRawPointer
    private let capacity: Int
    private var head = 0
    private var count = 0

    private init(
        _ kind: Kind, _ version: QueueManagementVersion, type: UInt32, _ queue: WarpQueue, _ pair: consuming QueuePair
    ) {
        self.kind = kind
        self.version = version
        self.type = type
        self.queue = .passUnretained(queue)
        capacity = pair.layout.submissionDepth - 1
        self.pair = pair
        slots = .allocate(byteCount: capacity * MessageSlot.byteCount, alignment: 64)
        memset(slots, 0, capacity * MessageSlot.byteCount)
    }

    deinit {
        // Keys of HMACs were there.
        linux_wipe(slots, capacity * MessageSlot.byteCount)
        slots.deallocate()
    }

    // MARK: - The driver's four functions

    static func open(_ q: UnsafeMutablePointer<wd_queue>?, _ kind: Kind) -> Int32 {
        guard let q, let queue = WarpQueue.of(q), let version = QueueManagementVersion(attribute: queue.attributes.api),
            q.pointee.capa.type <= 1
        else { return WarpError.invalid }
        do throws(QueueError) {
            let type = q.pointee.capa.type
            let pair = try QueuePair(
                file: queue.file, type: UInt16(truncatingIfNeeded: type), attributes: queue.attributes)
            let driver = RingDriver(kind, version, type: type, queue, pair)
            q.pointee.depth = UInt32(driver.capacity)
            q.pointee.priv = Unmanaged.passRetained(driver).toOpaque()
            return 0
        } catch {
            // The queue pair has closed the file.
            queue.isStopped = true
            return WarpError.code(error)
        }
    }

    static func close(_ q: UnsafeMutablePointer<wd_queue>?) {
        guard let q, let priv = q.pointee.priv else { return }
        let driver = Unmanaged<RingDriver>.fromOpaque(priv).takeRetainedValue()
        // Until this returns the device may still write.
        driver.pair.close()
        driver.queue._withUnsafeGuaranteedRef { $0.isStopped = true }
        q.pointee.priv = nil
    }

    /// The queue's number on its device.
    var number: UInt16 { pair.number }

    @inline(__always)
    static func of(_ q: UnsafeMutablePointer<wd_queue>?) -> RingDriver? {
        guard let priv = q?.pointee.priv else { return nil }
        return Unmanaged<RingDriver>.fromOpaque(priv).takeUnretainedValue()
    }

    func send(_ message: UnsafeMutableRawPointer?) -> Int32 {
        guard let message else { return WarpError.invalid }
        guard count < capacity, !pair.isFull else { return WarpError.busy }
        if pair.isStopped { return WarpError.noDevice }
        let slot = MessageSlot(slots + (head + count) % capacity * MessageSlot.byteCount)
        slot.reset(message)
        let refusal = kind == .sec ? fillSec(slot) : fillZip(slot)
        if refusal != 0 { return refusal }
        do throws(QueueError) {
            try pair.post(slot.request)
        } catch {
            return WarpError.code(error)
        }
        count += 1
        counters?.depth.set(pair.inFlightCount)
        return 0
    }

    func receive(_ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?) -> Int32 {
        guard let result else { return WarpError.invalid }
        guard count > 0 else { return WarpError.nothingOut }
        let slot = MessageSlot(slots + head * MessageSlot.byteCount)
        if slot.request.pointee.state == .posted {
            pair.advance()
            countBatch(pair.poll())
        }
        switch slot.request.pointee.state {
        case .posted:
            guard pair.isStopped else { return WarpError.again }
            // Nobody will do it. Once the queue is closed, the device has let go of all that is out.
            pair.close()
            slot.setStatus(WarpError.canceled)
        case .completed:
            if kind == .sec { finishSec(slot) } else { finishZip(slot) }
            countRequest(slot)
        case .abandoned, .idle:
            slot.setStatus(WarpError.canceled)
        }
        result.pointee = slot.message
        slot.wipe()
        head = (head + 1) % capacity
        count -= 1
        return 0
    }

    // MARK: - What others may see

    @inline(__always)
    private var counters: QueueCounters? { queue._withUnsafeGuaranteedRef { $0.counters } }

    /// `count` requests came back at once.
    @inline(__always)
    private func countBatch(_ count: Int) {
        guard count > 0, let counters else { return }
        counters.batches.add(1)
        counters.greatestBatch.raise(to: count)
        counters.depth.set(pair.inFlightCount)
    }

    /// A request that the device has done, one way or the other.
    @inline(__always)
    private func countRequest(_ slot: MessageSlot) {
        guard let counters else { return }
        counters.requests.add(1)
        if slot.status == 0 { counters.bytes.add(slot.inputByteCount) } else { counters.errors.add(1) }
    }

    /// Sleeps until something is done, at most `milliseconds`.
    func wait(milliseconds: Int32) {
        if !pair.isStopped { pair.wait(milliseconds: milliseconds) }
    }

    /// Whether the device may use this memory of a message's.
    @inline(__always)
    func mayUse(_ address: UnsafeRawPointer?, _ byteCount: Int) -> Bool {
        address != nil && queue._withUnsafeGuaranteedRef { $0.mayUse(address, byteCount) }
    }
}

/// What the driver keeps of a message that is out.
struct MessageSlot {
    private let base: UnsafeMutableRawPointer

    private static let keyOffset = 192
    private static let macOffset = 320
    private static let messageOffset = 384
    private static let headerOffset = 392
    static let byteCount = 448
    /// One block of SHA-512.
    static let keyCapacity = 128

    init(_ base: UnsafeMutableRawPointer) {
        self.base = base
    }

    func reset(_ message: UnsafeMutableRawPointer) {
        base.initializeMemory(as: Request.self, to: Request())
        base.storeBytes(of: message, toByteOffset: Self.messageOffset, as: UnsafeMutableRawPointer.self)
        headerByteCount = 0
    }

    var request: UnsafeMutablePointer<Request> { base.assumingMemoryBound(to: Request.self) }
    /// The key of an HMAC, filled up to a block of its digest.
    var key: UnsafeMutableRawPointer { base + Self.keyOffset }
    /// Where the device puts a digest.
    var mac: UnsafeMutableRawPointer { base + Self.macOffset }
    var message: UnsafeMutableRawPointer {
        base.load(fromByteOffset: Self.messageOffset, as: UnsafeMutableRawPointer.self)
    }
    /// Bytes of a stream's header, which the device knows nothing of.
    var headerByteCount: Int {
        get { base.load(fromByteOffset: Self.headerOffset, as: Int.self) }
        nonmutating set { base.storeBytes(of: newValue, toByteOffset: Self.headerOffset, as: Int.self) }
    }

    /// Every message begins with what it asks for and how it went.
    var operation: UInt32 { message.load(as: UInt32.self) }
    /// Bytes of input: after a compression message is done, those that were used.
    var inputByteCount: Int {
        switch operation {
        case WD_ENCRYPT.rawValue, WD_DECRYPT.rawValue:
            Int(message.assumingMemoryBound(to: wd_cipher_msg.self).pointee.bytes)
        case WD_DIGEST.rawValue: Int(message.assumingMemoryBound(to: wd_digest_msg.self).pointee.bytes)
        default: Int(message.assumingMemoryBound(to: wd_comp_msg.self).pointee.bytes)
        }
    }
    var status: Int32 { message.load(fromByteOffset: 4, as: Int32.self) }
    func setStatus(_ status: Int32) { message.storeBytes(of: status, toByteOffset: 4, as: Int32.self) }
    func setError(_ error: UInt32) { message.storeBytes(of: error, toByteOffset: 8, as: UInt32.self) }

    /// Takes secrets away.
    func wipe() { linux_wipe(base, Self.messageOffset) }
}
