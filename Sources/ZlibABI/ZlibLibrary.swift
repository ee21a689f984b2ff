// SPDX-License-Identifier: Apache-2.0

import CLinux
import CompressionSessions
import HisiliconABI
import QueueScheduler

/// What the streams of a process share. Nothing of it is made before it is needed: loading the library does nothing, and
/// the first stream reads the settings.
final class ZlibLibrary: @unchecked Sendable {
    /// Made when the first stream is worth a device.
    static let shared = ZlibLibrary()
    static let settings = SettingsReader.fromSurroundings()
    static var policy: ZlibPolicy { settings.policy }
    static let streams = StreamCounters()

    /// nil: there is no device, or no memory for what it takes.
    let engine: CompressionEngine?

    private init() {
        engine = CompressionEngine(configuration: Self.settings.configuration)
    }

    /// What streams of `format` are to be given to; nil: nothing, for there is no device, or none that can do the format.
    static func engine(_ format: ZipFormat) -> CompressionEngine? {
        guard let engine = shared.engine else { return nil }
        // Of the descriptors for api v2, none says "raw".
        if format == .raw, engine.scheduler(.compress).version == .v2 { return nil }
        return engine
    }

    /// The end of the process: what was counted is written where the settings say. Called by the loader, after the
    /// program's own handlers. Nothing is given back: other threads may still be at work, and the kernel closes queues.
    static func end() {
        guard streams.hasCounted else { return }
        if streams.usedDevice { shared.engine?.unpublish() }
        let file = settings.configuration.statisticsFile
        guard !file.isEmpty else { return }
        if streams.usedDevice, let engine = shared.engine { appendLines(engine.statistics, toFile: file) }
        appendLines(streams.line, toFile: file)
    }
}
