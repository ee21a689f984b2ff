// SPDX-License-Identifier: Apache-2.0

import EmulatedQM
import Host
import SoftwareInflate
import UacceDevice

/// The states of streams that are being decompressed, where their drivers have lent none, as those of hardware never do:
/// found by their contexts' addresses in their address spaces, whichever queue asks.
///
/// They are too large for the contexts. A state goes when its stream ends, fails or begins anew, or with the device. Who
/// works on a stream has taken its state out, so that two queues that are told the same context cannot meet in it.
final class InflaterStore: @unchecked Sendable {
    /// Streams under way, at most; about 48 KB each.
    static let limit = 4096
    /// And of an address space other than the device's own, whose owner might begin streams only to keep others from it.
    static let limitOfSpace = 512
    private static let spareLimit = 8

    private let lock = Monitor()
    private var streams: [StreamKey: InflateState] = [:]
    private var spares: [InflateState] = []

    /// A state for a stream that begins. What there was at its context is dropped.
    ///
    /// - Parameter context: nil for a request that stands alone.
    /// nil: there is no memory, or there are too many streams.
    func begin(_ wrapping: StreamWrapping, at context: StreamKey?) -> InflateState? {
        lock.lock()
        var found: InflateState?
        if let context { found = streams.removeValue(forKey: context) }
        if found == nil { found = spares.popLast() }
        let isFull = streams.count >= Self.limit || context.map { hasTooMany($0.space) } ?? false
        lock.unlock()
        if isFull { return nil }
        guard let found else { return InflateState(wrapping) }
        found.begin(wrapping)
        return found
    }

    /// With the lock held.
    private func hasTooMany(_ space: AddressSpaceID) -> Bool {
        guard space != .device, streams.count >= Self.limitOfSpace else { return false }
        var count = 0
        for key in streams.keys where key.space == space { count += 1 }
        return count >= Self.limitOfSpace
    }

    /// Drops the states of an address space whose owner is gone.
    func forget(_ space: AddressSpaceID) {
        lock.lock()
        let gone = streams.filter { $0.key.space == space }
        for key in gone.keys { streams.removeValue(forKey: key) }
        lock.unlock()
    }

    /// The state of a stream that goes on. nil: there is none.
    func take(from context: StreamKey) -> InflateState? {
        lock.lock()
        defer { lock.unlock() }
        return streams.removeValue(forKey: context)
    }

    /// Keeps a stream's state for its next request.
    func keep(_ inflater: InflateState, at context: StreamKey) {
        lock.lock()
        streams[context] = inflater
        lock.unlock()
    }

    /// Takes back the state of a stream that has ended.
    func drop(_ inflater: InflateState) {
        lock.lock()
        if spares.count < Self.spareLimit { spares.append(inflater) }
        lock.unlock()
    }
}

/// Where a stream's context lies: an address says nothing without its address space.
struct StreamKey: Hashable {
    let space: AddressSpaceID
    let context: DeviceAddress
}
