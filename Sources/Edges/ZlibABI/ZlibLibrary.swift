// SPDX-License-Identifier: Apache-2.0

import AllocationReserve
import CDeflateUnits
import CLinux
import CompressionSessions
import Configuration
import HisiliconABI
import Host
import QueueScheduler
import Synchronization

/// What the streams of a process share.
///
/// All of it is made when the library is loaded. A program may be in a sandbox by the time of its first stream, in which
/// to open a file or to ask the system about itself ends the process. So what has to be asked is asked before.
final class ZlibLibrary: @unchecked Sendable {
    static let shared = ZlibLibrary()
    static let settings = SettingsReader.fromSurroundings()
    static var policy: ZlibPolicy { settings.policy }
    static let streams = StreamCounters()
    private static let hasComplained = Atomic<Bool>(false)

    /// nil: there is no device, or no memory for what it takes.
    let engine: CompressionEngine?

    private init() {
        engine = CompressionEngine(configuration: Self.settings.configuration)
    }

    /// Called when the library is loaded: reads the settings, looks for devices, and opens the libraries that an emulated one computes
    /// with. None of it fails: what is not there is done without.
    ///
    /// Every global that is made when it is first used must be used here. One that a thread makes while another one forks
    /// is never made in the child, which waits for it for ever (Scripts/check-lazy-globals looks).
    static func begin() {
        StreamLedger.prepare()
        ChecksumCalls.prepare()
        _ = streams
        _ = Hasher()
        guard policy.compresses || policy.inflates else { return }
        if policy.compresses {
            _ = isal_unit_absence()
            _ = libdeflate_unit_absence()
        }
        _ = shared
    }

    /// What streams of `format` are to be given to; nil: nothing, for there is no device, or none that can do the format,
    /// or the process has no memory left.
    static func engine(_ format: ZipFormat) -> CompressionEngine? {
        guard let engine = shared.engine, !allocation_reserve_is_low() else { return nil }
        // Of the descriptors for api v2, none says "raw".
        if format == .raw, engine.scheduler(.compress).version == .v2 { return nil }
        return engine
    }

    /// Counts a stream that zlib has from the beginning; for the first of them, says on standard error which setting is
    /// wrong, if one is. Not at load: of the programs that load the library, most use no stream.
    static func countPlain(_ direction: StreamCounters.Direction) {
        streams.count(direction, .parameters)
        guard !settings.complaint.isEmpty, !hasComplained.exchange(true, ordering: .relaxed) else { return }
        var line = "uacce-z: not used: " + settings.complaint + "\n"
        line.withUTF8 { _ = write(2, $0.baseAddress, $0.count) }
    }

    /// The end of the process: what was counted is written where the settings say. Called by the loader, after the
    /// program's own handlers. Nothing is given back: other threads may still be at work, and the kernel closes queues.
    static func end() {
        guard streams.hasCounted else { return }
        let file = settings.configuration.statisticsFile
        guard !file.isEmpty else { return }
        if streams.usedDevice, let engine = shared.engine { appendLines(engine.statistics, toFile: file) }
        appendLines(streams.line, toFile: file)
    }
}
