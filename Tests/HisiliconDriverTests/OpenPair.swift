// SPDX-License-Identifier: Apache-2.0

import HisiliconDriver
import UacceDevice

/// A queue pair that several functions of a test may use: a noncopyable value is in the way of macros.
final class OpenPair {
    private var pair: QueuePair
    // Alive for longer than the pair, which tells requests that are still out that they were abandoned.
    private var pools: [RequestPool] = []

    init(_ file: any QueueFile, type: UInt16 = 0, _ attributes: DeviceAttributes) throws(QueueError) {
        pair = try QueuePair(file: file, type: type, attributes: attributes)
    }

    convenience init(on device: any Device) throws {
        let attributes = try device.attributes()
        try self.init(try device.open(), attributes)
    }

    var number: UInt16 { pair.number }
    var inFlightCount: Int { pair.inFlightCount }
    var isStopped: Bool { pair.isStopped }
    var depth: Int { pair.layout.submissionDepth }

    func post(_ requests: RequestPool, _ index: Int) throws(QueueError) {
        if pools.last !== requests { pools.append(requests) }
        try pair.post(requests[index])
    }
    func poll() -> Int { pair.poll() }
    func advance() { pair.advance() }
    func wait(milliseconds: Int32) { pair.wait(milliseconds: milliseconds) }
    func close() { pair.close() }

    /// Lets a caller-driven device work, and takes what it has completed.
    func drain() -> Int {
        pair.advance()
        return pair.poll()
    }
}
