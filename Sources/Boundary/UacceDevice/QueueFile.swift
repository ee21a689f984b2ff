// SPDX-License-Identifier: Apache-2.0

import Host

/// A memory region of a queue. The raw value is the page offset that mmap takes.
public enum QueueRegion: Int, Sendable {
    /// Doorbell registers.
    case mmio = 0
    /// Rings and status words, shared between device and user.
    case dus = 1
}

/// What `SET_QP_INFO` tells about a queue.
public struct QueueInformation: Equatable, Sendable {
    /// Bytes of one submission entry.
    public var entryByteCount: Int
    public var submissionDepth: Int
    public var completionDepth: Int

    public init(entryByteCount: Int, submissionDepth: Int, completionDepth: Int) {
        self.entryByteCount = entryByteCount
        self.submissionDepth = submissionDepth
        self.completionDepth = completionDepth
    }
}

/// An opened queue: the Linux uacce contract and nothing more (Documentation/misc-devices/uacce.rst).
///
/// States are INIT after open, STARTED, and ZOMBIE once the device is gone. One thread uses a queue file at a time,
/// except that a device may be removed at any moment.
public protocol QueueFile: AnyObject {
    /// Sets the queue's type and returns its number, which doorbells carry.
    /// `invalid`: the type is not 0 or 1. `noSuchQueue`: the queue is dead.
    func setContext(type: UInt16) throws(Errno) -> UInt16
    func information() throws(Errno) -> QueueInformation
    /// Maps a region. `exists`: mapped already. `invalid`: wrong length. `noSuchQueue`: the queue is dead.
    func map(_ region: QueueRegion, byteCount: Int) throws(Errno) -> UnsafeMutableRawPointer
    func unmap(_ region: QueueRegion)
    /// INIT to STARTED. `invalid`: started already.
    func start() throws(Errno)
    /// STARTED to INIT: the device drains or aborts what is in flight and touches no memory of it afterwards.
    func put() throws(Errno)
    /// Waits for completions, as poll(2) does: edge-like, true once for each batch of new completions.
    func wait(milliseconds: Int32) -> Bool
    /// Gives the queue back. Stops it first where it is started.
    func close()

    /// What descriptors on this queue call the program's memory; nil: what the program calls it (SVA).
    var memoryMap: (any MemoryMap)? { get }

    /// nil for hardware, where doorbells are stores into the MMIO region. An emulated queue takes calls instead.
    var emulated: EmulatedRegisters? { get }
}

/// The two things an emulated queue must be told because no hardware is watching its memory.
///
/// Plain functions and a pointer rather than an object: they are called for every request, where counting references
/// would cost more than the calls.
public struct EmulatedRegisters {
    public typealias Ring = @convention(c) (UnsafeMutableRawPointer, UInt64) -> Void
    public typealias Advance = @convention(c) (UnsafeMutableRawPointer) -> Void

    @usableFromInline let queue: UnsafeMutableRawPointer
    @usableFromInline let ringFunction: Ring
    @usableFromInline let advanceFunction: Advance

    /// - Parameter queue: what the functions are called with; it lives as long as the queue file.
    public init(queue: UnsafeMutableRawPointer, ring: @escaping Ring, advance: @escaping Advance) {
        self.queue = queue
        ringFunction = ring
        advanceFunction = advance
    }

    /// Takes the value that hardware would see stored to the doorbell register.
    @inlinable @inline(__always)
    public func ring(_ doorbell: UInt64) {
        ringFunction(queue, doorbell)
    }

    /// Lets a caller-driven device work on what was posted. A device with threads of its own does nothing here.
    @inlinable @inline(__always)
    public func advance() {
        advanceFunction(queue)
    }
}
