// SPDX-License-Identifier: Apache-2.0

/// Why a stream does not go on. The numbers are reasons of OpenSSL's error queue, and stand in uacce_compress.h.
public enum CompressionFailure: UInt32, CaseIterable, Error, Sendable {
    // The provider's other reasons are below.
    case noLibrary = 551
    case badSetting
    case wrongState
    case badData
    case truncated
    case wrongDictionary
    case needsDictionary
    case outputTooSmall
    case trailingData
    case noMemory
    case engineFailed

    public var text: StaticString {
        switch self {
        case .noLibrary: "the compression library cannot be used"
        case .badSetting: "a compression setting has a value that it cannot have"
        case .wrongState: "the stream is not in a state for this call"
        case .badData: "the compressed data is damaged"
        case .truncated: "the compressed data ends too early"
        case .wrongDictionary: "the stream was compressed with another dictionary"
        case .needsDictionary: "the stream was compressed with a dictionary"
        case .outputTooSmall: "the output does not fit into its buffer"
        case .trailingData: "something follows the end of the compressed data"
        case .noMemory: "no memory for the stream"
        case .engineFailed: "the device failed, and the stream cannot go on without it"
        }
    }
}

/// What came of a call.
public struct CompressionProgress {
    public enum Status: Equatable {
        /// Consumed was what could be; where the output is full there may be more of it.
        case progress
        /// The stream has ended, and all of its output was given out.
        case end
        /// Decompression goes on when it was told the dictionary.
        case needsDictionary
        case failed(CompressionFailure)
    }

    /// Bytes of the input that are done with.
    public internal(set) var consumed = 0
    /// Bytes of the output that were written; what was written before a failure is good.
    public internal(set) var written = 0
    public internal(set) var status = Status.progress
}
