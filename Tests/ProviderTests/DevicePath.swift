// SPDX-License-Identifier: Apache-2.0

import Testing

/// A way through the module that the differential tests take: the same bytes must come out of each.
enum DevicePath: String, Sendable, CaseIterable, CustomTestStringConvertible {
    /// As installed: every setting at its default.
    case asInstalled
    /// Everything to an emulated device of the newer register interface, small requests too.
    case deviceV3
    /// The same with the older interface, which lacks some modes.
    case deviceV2
    /// The newer interface, with intel-ipsec-mb doing whatever it can.
    case ipsecMB
    /// The same with the vector kernels.
    case vector
    /// The device on threads of its own.
    case engineThreads
    /// No device at all: what cannot be offloaded is computed by the CPU route.
    case cpuOnly

    var testDescription: String { rawValue }

    var settings: [String: String]? {
        switch self {
        case .asInstalled: nil
        case .deviceV3: ["backend": "emulator", "api": "v3", "min_offload": "0", "fallback": "on"]
        case .deviceV2: ["backend": "emulator", "api": "v2", "min_offload": "0", "fallback": "on"]
        case .ipsecMB: ["backend": "emulator", "api": "v3", "min_offload": "0", "units": "ipsec-mb"]
        case .vector: ["backend": "emulator", "api": "v3", "min_offload": "0", "units": "vector"]
        case .engineThreads:
            ["backend": "emulator", "api": "v3", "min_offload": "0", "fallback": "on", "engine_threads": "1"]
        case .cpuOnly: ["backend": "kernel", "fallback": "on"]
        }
    }

    /// Each of the ciphers with each of the paths that it can take.
    static func pairs(
        _ algorithms: [CipherAlgorithm], _ paths: [DevicePath] = allCases
    ) -> [(CipherAlgorithm, DevicePath)] {
        algorithms.flatMap { algorithm in
            paths.filter { $0 != .deviceV2 || algorithm.isOfferedByV2 }.map { (algorithm, $0) }
        }
    }

    /// Of `count` cases for the main path, how many this one gets: the less different a path, the fewer.
    func share(of count: Int) -> Int {
        switch self {
        case .deviceV3: count
        case .asInstalled, .deviceV2, .ipsecMB, .vector: count / 2
        case .engineThreads, .cpuOnly: count / 8
        }
    }
}
