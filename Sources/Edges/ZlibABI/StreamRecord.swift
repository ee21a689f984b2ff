// SPDX-License-Identifier: Apache-2.0

import CZlib

/// How a record begins: what `strm->state` points to, for streams of this library.
///
/// zlib's own states begin with the address of their stream too, and a number that tells what the stream is doing (in
/// deflate.h `status`, in inflate.h `mode`). So each of the two libraries can look at a state of the other's and see that
/// it is none of its own: a stream that was copied byte by byte, or ended, or never begun, gets Z_STREAM_ERROR from zlib.
struct RecordHead {
    /// The stream that this is the state of.
    let owner: z_streamp
    /// ``deflating`` or ``inflating``: no status and no mode of zlib's, which are small.
    let mark: UInt32

    static let deflating: UInt32 = 0x7561_7a64
    static let inflating: UInt32 = 0x7561_7a69

    /// The state of `stream`, where that is one of this library's of the kind that `mark` tells; else zlib must answer.
    @inline(__always)
    static func find(_ stream: z_streamp?, _ mark: UInt32) -> UnsafeMutableRawPointer? {
        guard let stream, let state = stream.pointee.state, stream.pointee.zalloc != nil, stream.pointee.zfree != nil
        else { return nil }
        let head = UnsafeMutablePointer<RecordHead>(state)
        guard head.pointee.mark == mark, head.pointee.owner == stream else { return nil }
        return UnsafeMutableRawPointer(state)
    }
}

/// Who does a stream's work. Decided by its first data, and then for good, until it is reset.
enum Route {
    case undecided
    case device
    case zlib
}

/// Makes a call on the stream by which zlib goes on in a device's place, with the buffers and totals of the program's.
func callWithBuffers(of stream: z_streamp, _ continued: z_streamp, _ call: (z_streamp) -> Int32) -> Int32 {
    continued.pointee.next_in = stream.pointee.next_in
    continued.pointee.avail_in = stream.pointee.avail_in
    continued.pointee.next_out = stream.pointee.next_out
    continued.pointee.avail_out = stream.pointee.avail_out
    let before = (continued.pointee.total_in, continued.pointee.total_out)
    let result = call(continued)
    stream.pointee.total_in &+= continued.pointee.total_in &- before.0
    stream.pointee.total_out &+= continued.pointee.total_out &- before.1
    stream.pointee.next_in = continued.pointee.next_in
    stream.pointee.avail_in = continued.pointee.avail_in
    stream.pointee.next_out = continued.pointee.next_out
    stream.pointee.avail_out = continued.pointee.avail_out
    return result
}

/// zlib's own answer to a call that it refuses: with its text in `msg`.
@inline(never)
func refuse(_ stream: z_streamp, _ code: Int32) -> Int32 {
    stream.pointee.msg = UnsafeMutablePointer(mutating: zlib_zError(code))
    return code
}

/// What counts where the caller does not know about versions: `ZLIB_VERSION` of its header, and its size of `z_stream`.
func isCompatible(_ version: UnsafePointer<CChar>?, _ streamByteCount: Int32) -> Bool {
    guard let version else { return false }
    return version[0] == zlib_zlibVersion()[0] && streamByteCount == Int32(MemoryLayout<z_stream>.size)
}
