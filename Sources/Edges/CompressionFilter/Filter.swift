// SPDX-License-Identifier: Apache-2.0

import CLinux
import COpenSSL
import CompressionStreams
import Host

/// What is behind one BIO: two streams that know nothing of each other, each made when it is first needed.
final class Filter {
    private let format: CompressionFormat
    private var settings = CompressionSettings()
    private var readCapacity = 32 * 1024
    private var writeCapacity = 32 * 1024
    private var reader: FilterReader?
    private var writer: FilterWriter?

    init(_ format: CompressionFormat) {
        self.format = format
    }

    /// nil after raising an error.
    func copy() -> Filter? {
        let copy = Filter(format)
        copy.settings = settings
        copy.readCapacity = readCapacity
        copy.writeCapacity = writeCapacity
        if let reader {
            guard let other = reader.copy() else { return lacksMemory() }
            copy.reader = other
        }
        if let writer {
            guard let other = writer.copy() else { return lacksMemory() }
            copy.writer = other
        }
        return copy
    }

    private func lacksMemory() -> Filter? {
        FilterErrors.raise(.noMemory)
        return nil
    }

    /// The library with the engine, as the variable of the provider's key says, or where it is found.
    static let library: CompressionLibrary? = {
        let empty: StaticString = ""
        guard let place = linux_secure_environment("UACCE_COMPRESSION_LIBRARY"), strcmp(place, "auto") != 0 else {
            return CompressionLibrary(empty.cString)
        }
        return strcmp(place, "off") == 0 ? nil : CompressionLibrary(place)
    }()

    private func begin(_ direction: CompressionStream.Direction) -> CompressionStream? {
        guard let library = Self.library else {
            FilterErrors.raise(.noLibrary, "UACCE_COMPRESSION_LIBRARY=off")
            return nil
        }
        guard let stream = CompressionStream.make(format, library, { FilterErrors.raise(.noLibrary, $0) }) else {
            return nil
        }
        do throws(CompressionFailure) {
            try stream.begin(direction, settings)
            return stream
        } catch {
            FilterErrors.raise(error)
            return nil
        }
    }

    // MARK: - Data

    func write(_ input: UnsafeRawBufferPointer, to next: OpaquePointer?) -> (taken: Int, result: Int32) {
        if writer == nil {
            guard let stream = begin(.compress) else { return (0, -1) }
            writer = FilterWriter(stream, FilterBuffer(capacity: writeCapacity))
        }
        return writer.unsafelyUnwrapped.write(input, to: next)
    }

    func read(into output: UnsafeMutableRawBufferPointer, from next: OpaquePointer?) -> (read: Int, result: Int32) {
        if reader == nil {
            guard let stream = begin(.decompress) else { return (0, -1) }
            reader = FilterReader(stream, FilterBuffer(capacity: readCapacity))
        }
        return reader.unsafelyUnwrapped.read(into: output, from: next)
    }

    /// Brings out what was written, and flushes the next BIO.
    func flush(_ flush: CompressionFlush, to next: OpaquePointer?) -> Int32 {
        let result = writer?.flush(flush, to: next) ?? 1
        return result > 0 ? openssl_bio_flush(next) : result
    }

    // MARK: - Controls

    func reset() {
        reader = nil
        writer = nil
    }

    func beginNext() -> Bool {
        do throws(CompressionFailure) {
            try reader?.beginNext()
            try writer?.beginNext()
            return true
        } catch {
            FilterErrors.raise(error)
            return false
        }
    }

    func setLevel(_ level: Int) -> Bool {
        guard let level = Int32(exactly: level), CompressionSettings.levels.contains(level) else {
            FilterErrors.raise(.badSetting)
            return false
        }
        settings.level = level
        guard let writer, !writer.isFinished else { return true }
        do throws(CompressionFailure) {
            try writer.stream.change(settings)
            return true
        } catch {
            FilterErrors.raise(error)
            return false
        }
    }

    /// - Parameter which: points to 0 for reading or 1 for writing (BIO_set_read_buffer_size); nil: both.
    func setCapacity(_ byteCount: Int, _ which: UnsafePointer<Int32>?) -> Bool {
        guard byteCount > 0, byteCount <= Int(Int32.max) else { return false }
        if which == nil || which?.pointee == 0 {
            readCapacity = byteCount
            reader?.input.capacity = byteCount
        }
        if which == nil || which?.pointee != 0 {
            writeCapacity = byteCount
            writer?.waiting.capacity = byteCount
        }
        return true
    }

    /// 0: nothing waits here, and the next BIO is to be asked.
    var readableByteCount: Int { reader?.pendingByteCount ?? 0 }
    var writableByteCount: Int { writer?.pendingByteCount ?? 0 }
    /// nil: the next BIO decides.
    var isAtEnd: Bool? {
        guard let reader else { return nil }
        return reader.isAtEnd ? true : reader.pendingByteCount > 0 ? false : nil
    }
}
