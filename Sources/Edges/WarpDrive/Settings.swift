// SPDX-License-Identifier: Apache-2.0

import CLinux
import Configuration
import EmulatedQM
import HisiliconABI

/// What the environment says, under names that begin with `LIBUACCE_WD_`. A program with more privileges than its
/// caller does not listen. A value that is none ends the request for a queue with EINVAL.
struct Settings {
    enum Backend {
        /// The kernel's devices where there are any of the kind, else an emulated one.
        case auto
        case kernel
        case emulator
    }

    var backend = Backend.auto
    var device = EmulatedDeviceConfiguration()
    /// Whether emulated devices share the process's addresses.
    var sharesAddresses = true
    /// Whether other processes may see what queues have done.
    var publishes = true

    /// nil: a value is none.
    init?() {
        switch Self.variable("LIBUACCE_WD_BACKEND") {
        case nil, "auto": break
        case "kernel": backend = .kernel
        case "emulator": backend = .emulator
        default: return nil
        }
        switch Self.variable("LIBUACCE_WD_API") {
        case nil, "v3": break
        case "v2": device.version = .v2
        default: return nil
        }
        switch Self.variable("LIBUACCE_WD_SVA") {
        case nil, "on": break
        case "off": sharesAddresses = false
        default: return nil
        }
        switch Self.variable("LIBUACCE_WD_PUBLISH") {
        case nil, "on": break
        case "off": publishes = false
        default: return nil
        }
        if let text = Self.variable("LIBUACCE_WD_QUEUES") {
            guard let count = Int(text), count >= 1, count <= EmulatedDevice.queueCountLimit else { return nil }
            device.queueCount = count
        }
        if let text = Self.variable("LIBUACCE_WD_ENGINE_THREADS") {
            guard let count = Int(text), count >= 0, count <= 64 else { return nil }
            device.engineThreads = count
        }
        if let text = Self.variable("LIBUACCE_WD_FAULTS") {
            guard let plan = FaultPlan(parsing: text) else { return nil }
            device.faults = plan
        }
    }

    private static func variable(_ name: String) -> String? {
        linux_secure_environment(name).map { String(cString: $0) }
    }
}
