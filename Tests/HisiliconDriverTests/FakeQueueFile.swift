// SPDX-License-Identifier: Apache-2.0

import CUacce
import HisiliconABI
import Host
import UacceDevice

/// A queue of hardware as the driver sees it, played by the test: it may lie, fail at any step, and complete what was
/// never posted. Doorbells are stores into its registers.
final class FakeQueueFile: QueueFile {
    /// What the driver asks of a queue while it opens it.
    enum Step: CaseIterable, Sendable {
        case mapRings, mapRegisters, setContext, information, start
    }

    static let number: UInt16 = 0x155
    static let pageByteCount = 4096

    /// Called in this order so far.
    private(set) var steps: [Step] = []
    private(set) var putCount = 0
    private(set) var closeCount = 0
    private(set) var waits: [Int32] = []
    private(set) var type: UInt16?

    private let failing: Step?
    private let told: QueueInformation
    private let rings: GuardedRegion
    private let registers: GuardedRegion
    private let ringByteCount: Int

    /// Where the next completion goes.
    private var completionTail = 0
    private var phase: UInt16 = 1

    /// - Parameters:
    ///   - told: what `SET_QP_INFO` tells.
    ///   - ringByteCount: size of the DUS region, whatever was told.
    init(
        told: QueueInformation = QueueInformation(entryByteCount: 128, submissionDepth: 1024, completionDepth: 1024),
        ringByteCount: Int = 151_552, failing: Step? = nil
    ) {
        self.told = told
        self.failing = failing
        self.ringByteCount = ringByteCount
        rings = GuardedRegion(byteCount: ringByteCount)
        registers = GuardedRegion(byteCount: 0x10000)
    }

    var attributes: DeviceAttributes {
        DeviceAttributes(
            api: "hisi_qm_v3", flags: UACCE_FLAG_SVA, availableInstances: 1, algorithms: [], mmioByteCount: 0x10000,
            dusByteCount: ringByteCount, isIsolated: false, numaNode: -1)
    }

    // MARK: The kernel's part

    static let failure = Errno(5)

    private func take(_ step: Step) throws(Errno) {
        steps.append(step)
        if step == failing { throw Self.failure }
    }

    func setContext(type: UInt16) throws(Errno) -> UInt16 {
        try take(.setContext)
        self.type = type
        return Self.number
    }

    func information() throws(Errno) -> QueueInformation {
        try take(.information)
        return told
    }

    func map(_ region: QueueRegion, byteCount: Int) throws(Errno) -> UnsafeMutableRawPointer {
        switch region {
        case .dus:
            try take(.mapRings)
            return rings.base
        case .mmio:
            try take(.mapRegisters)
            return registers.base
        }
    }

    func unmap(_ region: QueueRegion) {}

    func start() throws(Errno) { try take(.start) }

    func put() throws(Errno) {
        putCount += 1
        throw .noSuchQueue
    }

    func wait(milliseconds: Int32) -> Bool {
        waits.append(milliseconds)
        return false
    }

    func close() { closeCount += 1 }

    var emulated: EmulatedRegisters? { nil }

    // MARK: The device's part

    /// What the driver stored to the doorbell register last.
    var doorbell: Doorbell {
        Doorbell(rawValue: (registers.base + Int(HISI_QM_DOORBELL_V2)).load(as: UInt64.self))
    }

    /// A submission entry as sixteen words.
    func submission(_ slot: Int) -> UnsafeMutablePointer<UInt64> {
        (rings.base + slot * 128).assumingMemoryBound(to: UInt64.self)
    }

    func completion(_ index: Int) -> UnsafeMutablePointer<hisi_qm_cqe> {
        (rings.base + told.submissionDepth * 128).assumingMemoryBound(to: hisi_qm_cqe.self) + index
    }

    /// Writes the next completion, claiming `slot`.
    func complete(_ slot: UInt16) {
        let entry = completion(completionTail)
        entry.pointee.sq_head = slot
        entry.pointee.sq_number = Self.number
        entry.pointee.w7 = phase
        completionTail += 1
        if completionTail == told.completionDepth {
            completionTail = 0
            phase ^= 1
        }
    }

    /// Does what the affine block does with a slot, and completes it.
    func execute(_ slot: Int) {
        submission(slot)[1] = AffineBlock.result(of: submission(slot)[0])
        complete(UInt16(slot))
    }

    func setStatus(transmit: UInt32, receive: UInt32) {
        let end = rings.base + ringByteCount
        (end - Int(HISI_QM_STATUS_TX)).storeBytes(of: transmit, as: UInt32.self)
        (end - Int(HISI_QM_STATUS_RX)).storeBytes(of: receive, as: UInt32.self)
    }
}
