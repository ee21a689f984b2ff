// SPDX-License-Identifier: Apache-2.0

import CLinux
import CUacce
import HisiliconABI
import Host
import Synchronization
import UacceDevice

/// The submission and completion rings of one opened queue. Used by one thread at a time.
///
/// The rules of the rings, all of them kept here:
/// - one submission slot always stays empty, so that head == tail means empty: at most depth - 1 requests are out;
/// - a descriptor is written to its slot before the doorbell that covers it;
/// - a completion's phase bit says whether this lap has written it, and is read before the rest of the entry;
/// - results lie in the submission slot, so it is copied out before the slot may be used again;
/// - a slot is wiped as its completion is consumed: descriptors hold the addresses of keys.
public struct QueuePair: ~Copyable {
    /// Number that doorbells carry.
    public let number: UInt16
    public let layout: QueueLayout
    /// Requests that are posted and not yet completed.
    public private(set) var inFlightCount = 0

    private let file: any QueueFile
    private let emulated: EmulatedRegisters?
    private let doorbell: UnsafeMutableRawPointer
    private let submissions: UnsafeMutableRawPointer
    private let completions: UnsafeMutablePointer<hisi_qm_cqe>
    private let transmitStopped: UnsafeMutablePointer<Atomic<UInt32>>
    private let receiveStopped: UnsafeMutablePointer<Atomic<UInt32>>
    /// The request in each submission slot.
    private let requests: UnsafeMutablePointer<UnsafeMutablePointer<Request>?>

    /// Stands for requests that were withdrawn.
    private let withdrawn: UnsafeMutablePointer<Request>

    private var tail = 0
    private var completionHead = 0
    /// Completions consumed since the device was last told, and after how many it is: the device needs to know before
    /// its ring is full, not each time.
    private var untoldCount = 0
    private let tellingInterval: Int
    private var phase: UInt16 = 1
    private var isOpen = true

    /// Maps the regions of `file`, tells it its type and starts it, in the order UADK does.
    ///
    /// - Parameters:
    ///   - file: a queue in state INIT; closed here when anything fails.
    ///   - type: 0 or 1, see the function block.
    ///   - attributes: of the queue's device.
    public init(file: any QueueFile, type: UInt16, attributes: DeviceAttributes) throws(QueueError) {
        let opened: Opened
        do throws(Errno) {
            opened = try Opened(file, type: type, attributes: attributes)
        } catch {
            file.close()
            throw .system(error)
        }
        let layout = opened.layout
        guard layout.isConsistent, layout.entryByteCount == Request.descriptorByteCount,
            attributes.mmioByteCount >= Int(HISI_QM_DOORBELL_V2) + MemoryLayout<UInt64>.size
        else {
            file.close()
            throw .inconsistentLayout
        }
        number = opened.number
        self.layout = layout
        submissions = opened.dus
        completions = (opened.dus + layout.completionOffset).assumingMemoryBound(to: hisi_qm_cqe.self)
        transmitStopped = (opened.dus + layout.transmitStatusOffset).assumingMemoryBound(to: Atomic<UInt32>.self)
        receiveStopped = (opened.dus + layout.receiveStatusOffset).assumingMemoryBound(to: Atomic<UInt32>.self)
        doorbell = opened.mmio + Int(HISI_QM_DOORBELL_V2)
        tellingInterval = max(1, layout.completionDepth / 8)
        self.file = file
        emulated = file.emulated
        requests = .allocate(capacity: layout.submissionDepth)
        requests.initialize(repeating: nil, count: layout.submissionDepth)
        withdrawn = .allocate(capacity: 1)
        withdrawn.initialize(to: Request())
    }

    /// What the system calls of opening a queue yield.
    private struct Opened {
        let dus: UnsafeMutableRawPointer
        let mmio: UnsafeMutableRawPointer
        let number: UInt16
        let layout: QueueLayout

        init(_ file: any QueueFile, type: UInt16, attributes: DeviceAttributes) throws(Errno) {
            dus = try file.map(.dus, byteCount: attributes.dusByteCount)
            mmio = try file.map(.mmio, byteCount: attributes.mmioByteCount)
            number = try file.setContext(type: type)
            let information = try file.information()
            layout = QueueLayout(
                entryByteCount: information.entryByteCount, submissionDepth: information.submissionDepth,
                completionDepth: information.completionDepth, regionByteCount: attributes.dusByteCount)
            try file.start()
        }
    }

    /// Hands a request to the device. Its state becomes `posted`; `poll` brings it back.
    public mutating func post(_ request: UnsafeMutablePointer<Request>) throws(QueueError) {
        guard inFlightCount < layout.submissionDepth - 1 else { throw .full }
        guard isOpen, transmitStopped.pointee.load(ordering: .relaxed) == 0 else { throw .stopped }
        // Taken still, although the count is short: the device has completed later ones first.
        guard requests[tail] == nil else { throw .full }
        let slot = submissions + tail * Request.descriptorByteCount
        slot.copyMemory(from: request, byteCount: Request.descriptorByteCount)
        requests[tail] = request
        request.pointee.state = .posted
        inFlightCount &+= 1
        tail = tail &+ 1 == layout.submissionDepth ? 0 : tail &+ 1
        ring(.submission, index: tail)
    }

    /// True while no further request can be posted.
    public var isFull: Bool { inFlightCount >= layout.submissionDepth - 1 }

    /// Takes back a request that a caller-driven device has not looked at yet: `void` makes a descriptor of its slot that
    /// asks for nothing, which completes in its turn.
    public mutating func withdraw(
        _ request: UnsafeMutablePointer<Request>, void: (UnsafeMutableRawPointer) -> Void
    ) {
        for slot in 0..<layout.submissionDepth where requests[slot] == request {
            void(submissions + slot * Request.descriptorByteCount)
            requests[slot] = withdrawn
            request.pointee.state = .abandoned
        }
    }

    /// Takes back every request that the device has completed. Returns how many.
    public mutating func poll() -> Int {
        guard isOpen, receiveStopped.pointee.load(ordering: .relaxed) == 0 else { return 0 }
        var count = 0
        while inFlightCount > 0 {
            let entry = completions + completionHead
            // Acquire: pairs with the device's release of the phase, after the results and the rest of the entry.
            let word7 = (UnsafeMutableRawPointer(entry) + completionPhaseOffset).assumingMemoryBound(
                to: Atomic<UInt16>.self)
            guard word7.pointee.load(ordering: .acquiring) & 1 == phase else { break }
            // The index comes from the device: nothing outside the ring, and nothing that is not out, is believed.
            let slot = Int(entry.pointee.sq_head)
            if slot < layout.submissionDepth, let request = requests[slot] {
                let results = submissions + slot * Request.descriptorByteCount
                UnsafeMutableRawPointer(request).copyMemory(from: results, byteCount: Request.descriptorByteCount)
                memset(results, 0, Request.descriptorByteCount)
                requests[slot] = nil
                request.pointee.state = .completed
                inFlightCount &-= 1
                count &+= 1
            }
            untoldCount &+= 1
            completionHead &+= 1
            if completionHead == layout.completionDepth {
                completionHead = 0
                phase ^= 1
            }
        }
        if untoldCount >= tellingInterval { tellCompletions(arm: false) }
        return count
    }

    /// Lets a caller-driven emulated device work on what was posted; hardware needs no asking.
    public func advance() {
        emulated?.advance()
    }

    /// Sleeps until something completes, at most `milliseconds`. May return early, and once too often.
    public mutating func wait(milliseconds: Int32) {
        // Interrupts come only where the last completion doorbell asked for them.
        tellCompletions(arm: true)
        _ = file.wait(milliseconds: milliseconds)
    }

    private mutating func tellCompletions(arm: Bool) {
        untoldCount = 0
        ring(.completion, index: completionHead, arm: arm)
    }

    /// True once the device has stopped this queue.
    public var isStopped: Bool {
        !isOpen || transmitStopped.pointee.load(ordering: .relaxed) != 0
            || receiveStopped.pointee.load(ordering: .relaxed) != 0
    }

    /// Stops the queue and gives it back. Requests still out become `abandoned`: by then the device has let go of them.
    public mutating func close() {
        guard isOpen else { return }
        isOpen = false
        stop()
        inFlightCount = 0
    }

    deinit {
        if isOpen { stop() }
        requests.deallocate()
        withdrawn.deallocate()
    }

    private func stop() {
        // A dead queue answers with an error, and is just as stopped.
        try? file.put()
        for slot in 0..<layout.submissionDepth {
            guard let request = requests[slot] else { continue }
            request.pointee.state = .abandoned
            requests[slot] = nil
        }
        file.close()
    }

    @inline(__always)
    private func ring(_ command: Doorbell.Command, index: Int, arm: Bool = false) {
        let value = Doorbell(
            queue: number, command: command, index: UInt16(truncatingIfNeeded: index), arm: arm
        ).rawValue
        if let emulated {
            emulated.ring(value)
        } else {
            linux_mmio_write64(doorbell, value)
        }
    }
}
