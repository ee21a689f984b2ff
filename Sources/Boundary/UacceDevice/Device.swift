// SPDX-License-Identifier: Apache-2.0

import Host

/// What a uacce device's sysfs directory tells. Text values are without their final newline.
public struct DeviceAttributes: Sendable {
    /// Queue management version, such as `hisi_qm_v3`.
    public var api: String
    /// Bit 0: the device shares virtual addresses (SVA). Without it, addresses go through a ``MemoryMap``.
    public var flags: UInt32
    /// Queues that may still be opened.
    public var availableInstances: Int
    /// Algorithm classes, such as `cipher`, `digest`, `aead`.
    public var algorithms: [String]
    /// Bytes that each region must be mapped with.
    public var mmioByteCount: Int
    public var dusByteCount: Int
    /// True: the kernel has taken the device out of service after too many errors.
    public var isIsolated: Bool
    /// NUMA node, -1 where the machine has none.
    public var numaNode: Int32

    public init(
        api: String, flags: UInt32, availableInstances: Int, algorithms: [String], mmioByteCount: Int,
        dusByteCount: Int, isIsolated: Bool, numaNode: Int32
    ) {
        self.api = api
        self.flags = flags
        self.availableInstances = availableInstances
        self.algorithms = algorithms
        self.mmioByteCount = mmioByteCount
        self.dusByteCount = dusByteCount
        self.isIsolated = isIsolated
        self.numaNode = numaNode
    }
}

/// A uacce accelerator: a character device and its attributes.
public protocol Device: AnyObject {
    /// Name in /dev and /sys/class/uacce, such as `hisi_sec2-0`.
    var name: String { get }
    /// Reads the attributes as they are now.
    func attributes() throws(Errno) -> DeviceAttributes
    /// Opens a queue. `busy`: all are taken. `noDevice`, `invalid`: the device is gone.
    func open() throws(Errno) -> any QueueFile
    /// True when a failed request has certainly written nothing, so that a request in place can be done over.
    var failsWithoutWriting: Bool { get }
}
