// SPDX-License-Identifier: Apache-2.0

import Configuration
import EmulatedQM
import EmulatedZIP
import HisiliconABI
import HisiliconDriver
import QueueScheduler

/// What compressing and decompressing sessions stand on: a scheduler over ZIP devices for each direction. One per
/// process will do; it needs no libcrypto.
public final class CompressionEngine: @unchecked Sendable {
    private let compressing: Scheduler
    private let decompressing: Scheduler
    let contexts = ContextPool()
    /// Whether a stream that is decompressed has its state here, and lends it to the device: one of this process, that is.
    let lendsStreams: Bool

    /// Looks for devices (a directory listing); opens no queue.
    ///
    /// - Parameter lendsStreams: false: decompresses as on hardware, which keeps what it has of a stream to itself.
    ///
    /// nil where the process has no memory or no thread keys left.
    public init?(configuration: Configuration, lendsStreams: Bool = true) {
        guard
            let compressing = Scheduler(
                configuration: configuration, driverName: ZipBlock.name,
                queueType: ZipDirection.compress.rawValue, makeBlock: { ZipBlock() }),
            let decompressing = Scheduler(
                configuration: configuration, driverName: ZipBlock.name,
                queueType: ZipDirection.decompress.rawValue, makeBlock: { ZipBlock() })
        else { return nil }
        self.lendsStreams = lendsStreams && decompressing.failsWithoutWriting
        self.compressing = compressing
        self.decompressing = decompressing
    }

    public var configuration: Configuration { compressing.configuration }

    public func scheduler(_ direction: ZipDirection) -> Scheduler {
        direction == .compress ? compressing : decompressing
    }

    /// Whether the CPU may take over for `cause`, which is counted if so.
    ///
    /// What is small is the CPU's by policy; the rest only with `fallback = on`.
    public func yieldToProcessor(
        _ cause: ProcessorCause, _ direction: ZipDirection
    ) throws(CompressionError) {
        let scheduler = scheduler(direction)
        if !scheduler.configuration.fallback {
            switch cause {
            case .size, .unsupported: break
            case .absent: throw .noDevice
            case .full: throw .noQueue
            case .device: throw .deviceFailed
            }
        }
        scheduler.countProcessor(cause)
    }

    /// One line of JSON per device and direction, each ending in a newline: what compressed first.
    public var statistics: String { compressing.statistics + decompressing.statistics }

    /// The end, which the owner must call: writes statistics where the configuration says and gives back every queue. No
    /// request may be under way, and none may follow.
    public func shutDown() {
        compressing.shutDown()
        decompressing.shutDown()
    }
}
