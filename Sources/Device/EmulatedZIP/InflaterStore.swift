// SPDX-License-Identifier: Apache-2.0

import Host
import SoftwareInflate

/// The states of streams that are being decompressed, where their drivers have lent none, as those of hardware never do:
/// found by their contexts' addresses, whichever queue asks.
///
/// They are too large for the contexts. A state goes when its stream ends, fails or begins anew, or with the device. Who
/// works on a stream has taken its state out, so that two queues that are told the same context cannot meet in it.
final class InflaterStore: @unchecked Sendable {
    /// Streams under way, at most; about 48 KB each.
    static let limit = 4096
    private static let spareLimit = 8

    private let lock = Monitor()
    private var streams: [UInt64: InflateState] = [:]
    private var spares: [InflateState] = []

    /// A state for a stream that begins. What there was at its context is dropped.
    ///
    /// - Parameter context: nil for a request that stands alone.
    /// nil: there is no memory, or there are too many streams.
    func begin(_ wrapping: StreamWrapping, at context: UInt64?) -> InflateState? {
        lock.lock()
        var found: InflateState?
        if let context { found = streams.removeValue(forKey: context) }
        if found == nil { found = spares.popLast() }
        let isFull = streams.count >= Self.limit
        lock.unlock()
        if isFull { return nil }
        guard let found else { return InflateState(wrapping) }
        found.begin(wrapping)
        return found
    }

    /// The state of a stream that goes on. nil: there is none.
    func take(from context: UInt64) -> InflateState? {
        lock.lock()
        defer { lock.unlock() }
        return streams.removeValue(forKey: context)
    }

    /// Keeps a stream's state for its next request.
    func keep(_ inflater: InflateState, at context: UInt64) {
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
