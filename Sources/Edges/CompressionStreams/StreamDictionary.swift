// SPDX-License-Identifier: Apache-2.0

import CLinux
import CZlibCalls

/// Dictionaries: data that both sides know, and that the stream may refer to as if it stood before its beginning.
extension CompressionStream {
    /// Sets the dictionary for this stream and those that follow after a reset, or takes it away where there are no
    /// bytes.
    ///
    /// Compressing, before there was input. Decompressing, at any time before it is asked for, or when it was; raw
    /// streams do not ask, and want it before the first input.
    public func setDictionary(_ bytes: UnsafeRawBufferPointer) throws(CompressionFailure) {
        guard bytes.count <= Int(UInt32.max) else { throw .badSetting }
        let isAtOnce = direction == .compress || format == .raw
        guard state == .running, !isAtOnce || (totalInput == 0 && completedFlush == .none) else { throw .wrongState }
        guard keepDictionary(bytes) else { throw .noMemory }
        if isAtOnce { try tellDictionary() }
    }

    /// False: there is no memory.
    func keepDictionary(_ bytes: UnsafeRawBufferPointer) -> Bool {
        forgetDictionary()
        guard let source = bytes.baseAddress, bytes.count > 0 else { return true }
        guard let memory = malloc(bytes.count) else { return false }
        memcpy(memory, source, bytes.count)
        dictionary = UnsafeMutableRawBufferPointer(start: memory, count: bytes.count)
        return true
    }

    func forgetDictionary() {
        guard let memory = dictionary.baseAddress else { return }
        linux_wipe(memory, dictionary.count)
        free(memory)
        dictionary = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }

    /// Tells zlib the dictionary, where there is one.
    func tellDictionary() throws(CompressionFailure) {
        guard let bytes = dictionary.baseAddress?.assumingMemoryBound(to: Bytef.self) else { return }
        let result =
            direction == .compress
            ? calls.pointee.deflateSetDictionary(stream, bytes, uInt(dictionary.count))
            : calls.pointee.inflateSetDictionary(stream, bytes, uInt(dictionary.count))
        switch result {
        case Z_OK: return
        case Z_DATA_ERROR: throw .wrongDictionary
        // gzip has no dictionaries.
        default: throw format == .gzip ? .badSetting : .wrongState
        }
    }
}
