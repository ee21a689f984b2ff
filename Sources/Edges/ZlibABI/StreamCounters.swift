// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Who got a stream, and why zlib, if it did.
enum StreamReason: Int, CaseIterable {
    case device
    /// Too little data to be worth a request.
    case size
    /// Asked for what devices do not do: a level, a strategy, a window, a dictionary.
    case parameters
    /// A call that only zlib has an answer to came before the data.
    case call
    /// There is no device.
    case absent

    var name: String {
        switch self {
        case .device: "device"
        case .size: "size"
        case .parameters: "parameters"
        case .call: "call"
        case .absent: "absent"
        }
    }
}

/// Counts the streams of a process, each when it is decided who works on it.
final class StreamCounters: Sendable {
    enum Direction: Int {
        case deflate
        case inflate
    }

    private let deflate = StreamReasonCounters()
    private let inflate = StreamReasonCounters()

    func count(_ direction: Direction, _ reason: StreamReason) {
        (direction == .deflate ? deflate : inflate).count(reason)
    }

    var usedDevice: Bool { deflate[.device] + inflate[.device] > 0 }

    var hasCounted: Bool {
        StreamReason.allCases.contains { deflate[$0] + inflate[$0] > 0 }
    }

    /// A line of JSON beside those of the devices.
    var line: String { "{\"library\":\"uacce-z\",\"deflate\":\(deflate.json),\"inflate\":\(inflate.json)}\n" }
}

private final class StreamReasonCounters: Sendable {
    private let device = Atomic<UInt64>(0)
    private let size = Atomic<UInt64>(0)
    private let parameters = Atomic<UInt64>(0)
    private let call = Atomic<UInt64>(0)
    private let absent = Atomic<UInt64>(0)

    func count(_ reason: StreamReason) {
        switch reason {
        case .device: device.wrappingAdd(1, ordering: .relaxed)
        case .size: size.wrappingAdd(1, ordering: .relaxed)
        case .parameters: parameters.wrappingAdd(1, ordering: .relaxed)
        case .call: call.wrappingAdd(1, ordering: .relaxed)
        case .absent: absent.wrappingAdd(1, ordering: .relaxed)
        }
    }

    subscript(_ reason: StreamReason) -> UInt64 {
        switch reason {
        case .device: device.load(ordering: .relaxed)
        case .size: size.load(ordering: .relaxed)
        case .parameters: parameters.load(ordering: .relaxed)
        case .call: call.load(ordering: .relaxed)
        case .absent: absent.load(ordering: .relaxed)
        }
    }

    /// `streams_` before the names: a search for a device's counters must not find these.
    var json: String {
        var text = "{"
        for reason in StreamReason.allCases {
            text += (reason.rawValue == 0 ? "" : ",") + "\"streams_\(reason.name)\":\(self[reason])"
        }
        return text + "}"
    }
}
