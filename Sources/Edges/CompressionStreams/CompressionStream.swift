// SPDX-License-Identifier: Apache-2.0

import CLinux
import CZlibCalls

/// One stream that is compressed or decompressed, in calls of any size.
///
/// This is zlib's stream with the corners taken off: sizes beyond 4 GiB, flushes that end also where the output has
/// room for a byte at a time, the end of the input as something that can be said when decompressing, dictionaries that
/// survive a reset. A stream is one thread's at a time.
public final class CompressionStream {
    public enum Direction: Sendable { case compress, decompress }
    enum State: Equatable {
        case new
        case running
        case ended
        case failed(CompressionFailure)
    }

    public let format: CompressionFormat
    /// Holds the library open for `calls`.
    let library: CompressionLibrary
    let calls: UnsafePointer<zlib_calls>
    /// At an address of its own: zlib looks whether it was moved.
    let stream: UnsafeMutablePointer<z_stream>
    var state = State.new
    public internal(set) var direction = Direction.compress
    public internal(set) var settings = CompressionSettings()
    /// Level or strategy changed since the last call.
    var hasNewSettings = false
    /// The flush that was done last, with no input after it.
    var completedFlush = CompressionFlush.none
    var staged = StagedOutput()
    /// A copy, for as often as the stream is begun; wiped in the end.
    var dictionary = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    /// Bytes, since the stream was begun or reset.
    public internal(set) var totalInput: UInt64 = 0
    public internal(set) var totalOutput: UInt64 = 0

    /// nil after `explain` was told why the library cannot be used.
    public static func make(
        _ format: CompressionFormat, _ library: CompressionLibrary, _ explain: (UnsafePointer<CChar>) -> Void
    ) -> CompressionStream? {
        guard let calls = library.calls(explain) else { return nil }
        return CompressionStream(format, library, calls)
    }

    private init(
        _ format: CompressionFormat, _ library: CompressionLibrary, _ calls: UnsafePointer<zlib_calls>
    ) {
        self.format = format
        self.library = library
        self.calls = calls
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
    }

    deinit {
        end()
        forgetDictionary()
        staged.wipe()
        stream.deallocate()
    }

    // MARK: - Beginning

    /// Begins a stream, whatever was before it.
    ///
    /// - Parameter dictionary: see `setDictionary`; empty for none.
    public func begin(
        _ direction: Direction, _ settings: CompressionSettings,
        dictionary: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)
    ) throws(CompressionFailure) {
        guard settings.isValid, dictionary.count <= Int(UInt32.max) else { throw .badSetting }
        end()
        guard keepDictionary(dictionary) else { throw .noMemory }
        self.direction = direction
        self.settings = settings
        let window = format.windowArgument(settings.windowBits)
        let result =
            switch direction {
            case .compress:
                zlib_calls_begin_deflate(
                    calls, stream, settings.level, window, settings.memoryLevel, settings.strategy)
            case .decompress: zlib_calls_begin_inflate(calls, stream, window)
            }
        switch result {
        case Z_OK: break
        case Z_MEM_ERROR: throw .noMemory
        case Z_VERSION_ERROR: throw .noLibrary
        default: throw .badSetting
        }
        state = .running
        do throws(CompressionFailure) {
            try beginAnew()
        } catch {
            end()
            throw error
        }
    }

    /// The same stream from its beginning: direction, settings and dictionary stay. For the next member of a gzip file.
    public func reset() throws(CompressionFailure) {
        guard state != .new else { throw .wrongState }
        let result =
            direction == .compress ? calls.pointee.deflateReset(stream) : calls.pointee.inflateReset(stream)
        guard result == Z_OK else { throw .engineFailed }
        state = .running
        try beginAnew()
    }

    private func beginAnew() throws(CompressionFailure) {
        totalInput = 0
        totalOutput = 0
        completedFlush = .none
        staged.wipe()
        // Otherwise it is told when the stream asks for it.
        if direction == .compress || format == .raw { try tellDictionary() }
    }

    private func end() {
        switch (state, direction) {
        case (.new, _): break
        case (_, .compress): _ = calls.pointee.deflateEnd(stream)
        case (_, .decompress): _ = calls.pointee.inflateEnd(stream)
        }
        state = .new
        hasNewSettings = false
        stream.pointee = z_stream()
    }

    // MARK: - Copying

    /// A copy that goes on by itself from here. nil: there is no memory, or no way to copy what a device is at.
    public func copy() -> CompressionStream? {
        let copy = CompressionStream(format, library, calls)
        if state != .new {
            let result =
                direction == .compress
                ? calls.pointee.deflateCopy(copy.stream, stream) : calls.pointee.inflateCopy(copy.stream, stream)
            guard result == Z_OK else {
                copy.stream.pointee = z_stream()
                return nil
            }
        }
        copy.state = state
        copy.direction = direction
        copy.settings = settings
        copy.hasNewSettings = hasNewSettings
        copy.completedFlush = completedFlush
        guard let stagedCopy = staged.copy() else { return nil }
        copy.staged = stagedCopy
        guard copy.keepDictionary(UnsafeRawBufferPointer(dictionary)) else { return nil }
        copy.totalInput = totalInput
        copy.totalOutput = totalOutput
        return copy
    }

    // MARK: - Questions and changes

    /// Adler-32 or CRC-32 of the data so far, of a stream whose format has one; else 0. Decompressing, it tells of all
    /// output when that was given out.
    public var checksum: UInt32 {
        state == .new || format == .raw ? 0 : UInt32(truncatingIfNeeded: stream.pointee.adler)
    }

    /// Bytes that `byteCount` bytes of input become at most, where the stream is given them with `finish` and nothing
    /// before. nil: it does not compress.
    public func bound(_ byteCount: Int) -> Int? {
        guard state != .new, direction == .compress else { return nil }
        return Int(clamping: calls.pointee.deflateBound(stream, uLong(byteCount)))
    }

    /// zlib's words about the last failure.
    public var message: UnsafePointer<CChar>? { stream.pointee.msg.map { UnsafePointer($0) } }

    /// Another level or strategy for the input that follows.
    public func change(_ settings: CompressionSettings) throws(CompressionFailure) {
        guard settings.isValid else { throw .badSetting }
        var same = settings
        same.level = self.settings.level
        same.strategy = self.settings.strategy
        // The window and the memory were decided when the stream began.
        guard state == .running, direction == .compress, same == self.settings else { throw .wrongState }
        hasNewSettings = hasNewSettings || settings != self.settings
        self.settings = settings
    }
}

extension CompressionSettings {
    var isValid: Bool {
        Self.levels.contains(level) && Self.strategies.contains(strategy) && Self.windows.contains(windowBits)
            && Self.memoryLevels.contains(memoryLevel)
    }
}
