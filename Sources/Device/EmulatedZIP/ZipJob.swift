// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import SoftwareInflate

/// A descriptor that was checked: what a unit may rely on. Its memory is plain, or a copy of what was scattered.
struct ZipJob {
    var format = ZipRequestType.deflate
    var input: UnsafePointer<UInt8>
    var inputByteCount = 0
    var output: UnsafeMutablePointer<UInt8>
    /// Bytes of output there is room for.
    var room = 0
    /// Compression: zlib's level, 0 for none given.
    var level = 0
    var windowBits = 15
    var finishes = false
    var beginsStream = false
    /// nil: the request stands alone.
    var context: StreamContext?
    /// Of the stream's uncompressed bytes: before the job, and after it. As zlib has it.
    var checksum: UInt32 = 0
    var streamByteCount: UInt32 = 0

    // What came of it.
    var status = ZipStatus.ok
    var consumed = 0
    var produced = 0
    var isLastBlock = false
    var state = ZipStreamState.ordinary

    /// Nothing came of it.
    mutating func fail(_ status: ZipStatus) {
        self.status = status
        consumed = 0
        produced = 0
    }

    /// Bytes behind the last block.
    var trailerByteCount: Int {
        switch format {
        case .deflate: 0
        case .zlib: 4
        case .gzip: 8
        }
    }

    /// The checksum of no bytes.
    var initialChecksum: UInt32 { format == .zlib ? 1 : 0 }

    /// Counts uncompressed bytes in.
    @inline(__always)
    mutating func account(_ bytes: UnsafePointer<UInt8>, byteCount: Int, with checksums: Checksums) {
        switch format {
        case .deflate: break
        case .zlib: checksum = checksums.adler32(checksum, bytes, byteCount)
        case .gzip: checksum = checksums.crc32(checksum, bytes, byteCount)
        }
        streamByteCount &+= UInt32(truncatingIfNeeded: byteCount)
    }

    /// Byte `index` of the trailer.
    @inline(__always)
    func trailerByte(_ index: Int) -> UInt8 {
        switch format {
        case .deflate: 0
        case .zlib: UInt8(truncatingIfNeeded: checksum >> UInt32(24 - 8 * index))
        case .gzip:
            index < 4
                ? UInt8(truncatingIfNeeded: checksum >> UInt32(8 * index))
                : UInt8(truncatingIfNeeded: streamByteCount >> UInt32(8 * (index - 4)))
        }
    }
}
