// SPDX-License-Identifier: Apache-2.0

/// What openssl.cnf and the environment may decide. The defaults are those of a machine that says nothing.
public struct Configuration: Sendable {
    public enum Backend: String, CaseIterable, Sendable {
        /// Hardware where there is any, else the emulated device.
        case auto
        /// Hardware only.
        case kernel
        /// The emulated device only.
        case emulator
    }

    /// The queue management version that an emulated device presents.
    public enum DeviceVersion: CaseIterable, Sendable {
        case v2
        case v3

        /// As the key `api` says it.
        public var name: String { self == .v2 ? "v2" : "v3" }
    }

    /// Which requests pause the ASYNC job that they are made in.
    public enum AsyncPolicy: Sendable {
        /// What gains by company; on hardware all but AES-ECB and AES-CTR. OpenSSL's random generator is made of these
        /// and keeps its state half changed meanwhile, so that another job must not come in between.
        case auto
        /// All; for programs whose random generator is another provider's.
        case all
        /// None.
        case off
    }

    public var backend = Backend.auto
    public var async = AsyncPolicy.auto
    /// Version that the emulated device presents. Hardware has its own.
    public var version = DeviceVersion.v3
    /// Threads of the emulated device. 0: it works on the thread of whoever waits for it.
    public var engineThreads = 0
    /// Whether the emulated device checks each address against the process's mappings.
    public var strictAddresses = false
    /// What the emulated device computes with.
    public var units = UnitSelection.auto
    /// File that tells which unit does what, if `units` leaves it open; empty: what was measured elsewhere.
    public var unitPlanFile = ""
    public var algorithms = AlgorithmFilter()
    /// The library behind the compression operation: `auto`, `off`, or a path or name.
    public var compressionLibrary = "auto"
    public var minimumOffload = OffloadThresholds(OffloadThresholds.measured) ?? OffloadThresholds()
    /// In ASYNC jobs, for what gains by company, if it is less.
    public var minimumOffloadInJobs = OffloadThresholds(OffloadThresholds.measuredInJobs) ?? OffloadThresholds()
    /// Whether requests of threads that outnumber the processors are done together, see `Waiting`.
    public var company = true
    /// Whether the CPU takes over what a device failed to do.
    public var fallback = true
    /// Whether a copy is kept of input that a failing device may have overwritten.
    public var keepInput = true
    /// Milliseconds without progress after which a queue counts as stuck, 1 to 60,000.
    public var timeout: Int32 = 1000
    /// File that statistics are appended to when the provider is unloaded; empty: none.
    public var statisticsFile = ""
    /// File, or `stderr`, that notable events are written to; empty: none.
    public var logFile = ""
    /// Whether counters lie where other programs of the same user can read them.
    public var publish = true
    public var faults = FaultPlan.none

    public init() {}
}
