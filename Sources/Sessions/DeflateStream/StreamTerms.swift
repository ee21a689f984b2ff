// SPDX-License-Identifier: Apache-2.0

import CompressionSessions
import Host

/// What a stream is given and gives, as zlib's `next_in`, `avail_in`, `next_out`, `avail_out`: moved on by what was used.
/// Input and output must not overlap. A pointer whose count is 0 is not looked at.
public struct StreamBuffers {
    public var input: UnsafePointer<UInt8>?
    public var inputByteCount: Int
    public var output: UnsafeMutablePointer<UInt8>?
    public var outputByteCount: Int

    @inlinable
    public init(
        input: UnsafePointer<UInt8>?, inputByteCount: Int, output: UnsafeMutablePointer<UInt8>?, outputByteCount: Int
    ) {
        self.input = input
        self.inputByteCount = inputByteCount
        self.output = output
        self.outputByteCount = outputByteCount
    }
}

/// zlib's flush modes, by zlib's numbers. What a device cannot do is done by a mode that promises as much or more:
/// `partial`, `block` and `trees` end on a byte boundary, as `sync` does.
public enum StreamFlush: Int32, Sendable {
    case none = 0
    case partial = 1
    case sync = 2
    case full = 3
    case finish = 4
    case block = 5
    case trees = 6
}

/// How a call ended.
public enum StreamOutcome: Equatable, Sendable {
    /// Z_OK: something was done.
    case ok
    /// Z_STREAM_END: all is done, and all output was given out. Input behind the stream's end is left.
    case streamEnd
    /// Z_BUF_ERROR: nothing could be done; the stream is none the worse for it.
    case bufferError
    /// Z_STREAM_ERROR: a call that makes no sense in this state.
    case streamError
    /// Z_NEED_DICT: `checksum` says which.
    case needsDictionary
    /// Z_DATA_ERROR, and zlib's `msg`. It stays: every later call says so again.
    case dataError(StreamMessage)
    /// Z_MEM_ERROR.
    case outOfMemory
    /// The device failed, and the CPU may not step in (`fallback = off`).
    case deviceFailed(CompressionError)
}

/// zlib's text about wrong data: a C string that lives for ever.
public struct StreamMessage: Equatable, @unchecked Sendable {
    public let text: UnsafePointer<CChar>

    public init(_ text: UnsafePointer<CChar>) { self.text = text }

    public init(_ text: StaticString) {
        self.text = text.cString
    }
}

/// Who does a stream's work.
public enum StreamRoute: Equatable, Sendable {
    case device
    case processor
}
