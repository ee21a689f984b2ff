// SPDX-License-Identifier: Apache-2.0

import Configuration
import EmulatedQM
import HisiliconABI
import PlainText

/// How one device of a set is to be made. A set keeps it as a line of text, which each process that opens the device
/// reads: `hisi_sec2-0 api=v3 queues=256 node=0 engine_threads=1 faults=descriptor@3`.
public struct NodeDescription: Sendable {
    /// In /dev and /sys/class/uacce.
    public var name: String
    public var version = QueueManagementVersion.v3
    /// Queues over all processes that use the set, 1 to 1024.
    public var queueCount: Int
    /// NUMA node; -1: none.
    public var numaNode: Int32 = -1
    /// Threads of the device in each process that opens it, 1 to 64.
    public var engineThreads = 1
    /// A fault plan, as ``FaultPlan`` reads it. Each process has the faults for itself.
    public var faults = ""

    /// nil: no kind of device is called so.
    public init?(name: String) {
        guard let kind = NodeKind.of(deviceName: name) else { return nil }
        self.name = name
        queueCount = kind.makeBlock().defaultQueueCount
    }

    /// The device. Its threads start with its first queue.
    /// - Parameters:
    ///   - hasRegionFile: whether its regions are to be mapped.
    ///   - onRemoval, onFault: see ``EmulatedDeviceConfiguration``.
    public func makeDevice(
        hasRegionFile: Bool = true, onRemoval: (@Sendable () -> Void)? = nil,
        onFault: (@Sendable (QueueFault) -> Void)? = nil
    ) -> EmulatedDevice? {
        guard let kind = NodeKind.of(deviceName: name), let dash = name.lastIndex(of: "-"),
            let id = Int(name[name.index(after: dash)...]), let plan = FaultPlan(parsing: faults)
        else { return nil }
        return EmulatedDevice(
            id: id, block: kind.makeBlock(),
            configuration: EmulatedDeviceConfiguration(
                version: version, queueCount: queueCount, engineThreads: engineThreads, faults: plan,
                addresses: .guarded, numaNode: numaNode, hasRegionFile: hasRegionFile, onRemoval: onRemoval,
                onFault: onFault))
    }

    // MARK: As text

    /// The line, without a newline.
    public var line: String {
        // The grammar of fault plans allows spaces, the line does not.
        let plan = String(decoding: faults.utf8.filter { $0 != UInt8(ascii: " ") }, as: UTF8.self)
        return name + " api=" + (version == .v2 ? "v2" : "v3") + " queues=" + String(queueCount) + " node="
            + String(numaNode) + " engine_threads=" + String(engineThreads) + " faults=" + plan
    }

    /// nil: it is no such line.
    public init?(line: String) {
        let words = line.pieces(separatedBy: " ")
        guard let name = words.first else { return nil }
        self.init(name: name)
        for word in words.dropFirst() {
            guard let equals = word.firstIndex(of: "="), set(word[..<equals], word[word.index(after: equals)...]) else {
                return nil
            }
        }
    }

    private mutating func set(_ key: Substring, _ value: Substring) -> Bool {
        switch key {
        case "api":
            guard let version = QueueManagementVersion(attribute: "hisi_qm_" + value) else { return false }
            self.version = version
        case "queues":
            guard let count = Int(value), (1...EmulatedDevice.queueCountLimit).contains(count) else { return false }
            queueCount = count
        case "node":
            guard let node = Int32(value) else { return false }
            numaNode = node
        case "engine_threads":
            guard let count = Int(value), (1...64).contains(count) else { return false }
            engineThreads = count
        case "faults":
            guard FaultPlan(parsing: String(value)) != nil else { return false }
            faults = String(value)
        default:
            return false
        }
        return true
    }
}
