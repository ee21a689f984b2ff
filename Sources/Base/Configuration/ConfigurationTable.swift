// SPDX-License-Identifier: Apache-2.0

import PlainText

/// One configuration key: what it is called, what it takes, what it does. Everything that reads, checks, documents or
/// lists configuration goes by this table.
public struct ConfigurationKey: Sendable {
    public let name: String
    /// The default as it would be written in a file.
    public let defaultValue: String
    /// What values there are.
    public let values: String
    public let help: String
    /// Sets the value; false where the text is none.
    let apply: @Sendable (inout Configuration, String) -> Bool

    /// Whether a variable whose name begins with `UACCE_` is somebody else's: the project's scripts and tests have some, and
    /// the zlib library checks its own itself.
    public static func isForeign(variable name: String) -> Bool {
        let others = ["UACCE_MODULE", "UACCE_MODULE_DIR", "UACCE_EMBEDDED", "UACCE_PORTABLE", "UACCE_UNICODE_TABLES"]
        return others.contains { $0 == name } || name.begins(with: "UACCE_Z_")
    }

    public static let all: [ConfigurationKey] = [
        ConfigurationKey(
            name: "backend", defaultValue: "auto", values: "auto, kernel, emulator",
            help: "which devices to use: hardware where there is any, hardware only, or the emulated one"
        ) { configuration, text in
            guard let backend = Configuration.Backend.allCases.first(where: { $0.name == text }) else { return false }
            configuration.backend = backend
            return true
        },
        ConfigurationKey(
            name: "api", defaultValue: "v3", values: "v2, v3",
            help: "queue management version of the emulated device"
        ) { configuration, text in
            guard let version = Configuration.DeviceVersion.allCases.first(where: { $0.name == text }) else {
                return false
            }
            configuration.version = version
            return true
        },
        ConfigurationKey(
            name: "engine_threads", defaultValue: "0", values: "0 to 64",
            help: "threads of the emulated device; 0: it works on the thread of whoever waits for it"
        ) { configuration, text in
            setNumber(&configuration.engineThreads, text, 0...64)
        },
        ConfigurationKey(
            name: "async", defaultValue: "auto", values: "auto, all, off",
            help: "requests that pause the ASYNC job they are made in: those that gain by company, all, none"
        ) { configuration, text in
            switch text {
            case "auto": configuration.async = .auto
            case "all": configuration.async = .all
            case "off": configuration.async = .off
            default: return false
            }
            return true
        },
        ConfigurationKey(
            name: "units", defaultValue: "auto", values: "auto, libcrypto, ipsec-mb, vector",
            help: "what the emulated device computes with: whatever is fastest, or one unit wherever it can"
        ) { configuration, text in
            if text == "auto" {
                configuration.units = .auto
            } else {
                guard let name = UnitName(text) else { return false }
                configuration.units = .only(name)
            }
            return true
        },
        ConfigurationKey(
            name: "unit_plan", defaultValue: "", values: "file name",
            help: "which unit does what, with units = auto: a file that uaccectl tune has written on this machine"
        ) { configuration, text in
            configuration.unitPlanFile = text
            return true
        },
        ConfigurationKey(
            name: "algorithms", defaultValue: "ALL", values: "ALL, or names; -NAME leaves one out",
            help: "algorithms to offer, such as SHA2-256, AES-128-CTR, or ALL, -MD5"
        ) { configuration, text in
            guard let filter = AlgorithmFilter(text) else { return false }
            configuration.algorithms = filter
            return true
        },
        ConfigurationKey(
            name: "compression_library", defaultValue: "auto", values: "auto, off, or a file name",
            help: "the library that compresses: libuacce-z.so where it is installed, none, or another"
        ) { configuration, text in
            guard !text.isEmpty else { return false }
            configuration.compressionLibrary = text
            return true
        },
        ConfigurationKey(
            name: "min_offload", defaultValue: OffloadThresholds.measured, values: OffloadThresholds.syntax,
            help: "requests smaller than this stay on the CPU"
        ) { configuration, text in
            guard let thresholds = OffloadThresholds(text) else { return false }
            configuration.minimumOffload = thresholds
            return true
        },
        ConfigurationKey(
            name: "min_offload_async", defaultValue: OffloadThresholds.measuredInJobs, values: OffloadThresholds.syntax,
            help: "the same in ASYNC jobs, where it is less, for what gains by company: digests, MACs, CBC, CCM"
        ) { configuration, text in
            guard let thresholds = OffloadThresholds(text) else { return false }
            configuration.minimumOffloadInJobs = thresholds
            return true
        },
        ConfigurationKey(
            name: "company", defaultValue: "on", values: "on, off",
            help: "whether requests of threads that outnumber the processors are done together, where that is faster"
        ) { configuration, text in
            setSwitch(&configuration.company, text)
        },
        ConfigurationKey(
            name: "fallback", defaultValue: "on", values: "on, off",
            help: "whether the CPU takes over what a device failed to do"
        ) { configuration, text in
            setSwitch(&configuration.fallback, text)
        },
        ConfigurationKey(
            name: "keep_input", defaultValue: "on", values: "on, off",
            help:
                "whether a copy is kept of what a failing device may overwrite, so that the CPU can take over in place"
        ) { configuration, text in
            setSwitch(&configuration.keepInput, text)
        },
        ConfigurationKey(
            name: "timeout", defaultValue: "1000", values: "1 to 60000 milliseconds",
            help: "time without progress after which a queue is given up as stuck"
        ) { configuration, text in
            var milliseconds = 0
            guard setNumber(&milliseconds, text, 1...60_000) else { return false }
            configuration.timeout = Int32(milliseconds)
            return true
        },
        ConfigurationKey(
            name: "stats", defaultValue: "", values: "file name",
            help: "file to which a line of counters per device is appended when the provider is unloaded"
        ) { configuration, text in
            configuration.statisticsFile = text
            return true
        },
        ConfigurationKey(
            name: "publish", defaultValue: "on", values: "on, off",
            help: "whether uaccectl stats and top, where the kernel lets them, show what this program counts"
        ) { configuration, text in
            setSwitch(&configuration.publish, text)
        },
        ConfigurationKey(
            name: "log", defaultValue: "", values: "file name, or stderr",
            help: "where notable events are written: queues given up, devices removed, work that went to the CPU"
        ) { configuration, text in
            configuration.logFile = text
            return true
        },
        ConfigurationKey(
            name: "faults", defaultValue: "",
            values: "kind[@N][xM], with commas; kinds descriptor overwrite stuck remove busy",
            help: "faults that the emulated device commits on purpose, for tests"
        ) { configuration, text in
            guard let plan = FaultPlan(parsing: text) else { return false }
            configuration.faults = plan
            return true
        },
        ConfigurationKey(
            name: "strict_addresses", defaultValue: "off", values: "on, off",
            help: "whether the emulated device checks each address against the process's mappings (slow)"
        ) { configuration, text in
            setSwitch(&configuration.strictAddresses, text)
        },
    ]

    /// Name of the environment variable that overrides this key for one run.
    public var environmentName: String { "UACCE_" + name.asciiUppercased }
}

extension Configuration {
    /// Sets the key `name`; false where there is no such key or `text` is no value of it.
    public mutating func set(_ name: String, to text: String) -> Bool {
        for key in ConfigurationKey.all where key.name == name { return key.apply(&self, text) }
        return false
    }
}

extension Configuration.Backend {
    // Spelled out, because Embedded Swift's raw values of type String bring in what this does not need.
    var name: String {
        switch self {
        case .auto: "auto"
        case .kernel: "kernel"
        case .emulator: "emulator"
        }
    }
}
