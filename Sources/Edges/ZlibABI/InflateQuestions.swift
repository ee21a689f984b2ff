// SPDX-License-Identifier: Apache-2.0

import CZlib
import DeflateStream
import SoftwareInflate

/// zlib's other calls about an inflating stream, at any place of it.
///
/// Where a device of this process works on the stream, its state has the answer. Where nothing has come of the stream yet,
/// zlib has it. On hardware, the stream becomes zlib's as long as that can be.
extension InflateCall {
    /// The stream behind its header, where a device of this process works on it.
    private var state: InflateState? { record.pointee.route == .device ? device?.state : nil }

    /// `inflatePrime`.
    func prime(_ bitCount: Int32, _ value: Int32) -> Int32 {
        guard let state else { return handOver { zlib_inflatePrime($0, bitCount, value) } }
        return state.prime(bitCount, value) ? Z_OK : Z_STREAM_ERROR
    }

    /// `inflateSetDictionary`: with a wrapping, only when zlib asks for it, and then the stream is zlib's.
    func setDictionary(_ dictionary: UnsafePointer<Bytef>?, _ byteCount: uInt) -> Int32 {
        guard let state else { return handOver { zlib_inflateSetDictionary($0, dictionary, byteCount) } }
        guard state.wrapping == .raw else { return Z_STREAM_ERROR }
        guard let dictionary, byteCount > 0 else { return Z_OK }
        return state.extendWindow(dictionary, byteCount: Int(byteCount)) ? Z_OK : Z_MEM_ERROR
    }

    /// `inflateGetDictionary`.
    func getDictionary(_ dictionary: UnsafeMutablePointer<Bytef>?, _ byteCount: UnsafeMutablePointer<uInt>?) -> Int32 {
        guard let state else { return lookAt { zlib_inflateGetDictionary($0, dictionary, byteCount) } }
        let count = state.window(into: dictionary)
        byteCount?.pointee = uInt(count)
        return Z_OK
    }

    /// `inflateGetHeader`: behind the header none is to come, and zlib only takes note.
    func getHeader(_ header: gz_headerp?) -> Int32 {
        guard state != nil, let header else { return handOver { zlib_inflateGetHeader($0, header) } }
        guard record.pointee.windowBits > MAX_WBITS else { return Z_STREAM_ERROR }
        header.pointee.done = 0
        return Z_OK
    }

    /// `inflateSync`. What comes of it is a stream that begins anew, which zlib goes on with; and how it reads the next one
    /// then, too, its own state knows.
    func sync() -> Int32 {
        if let state {
            // It does nothing, then.
            if stream.pointee.avail_in == 0, state.heldBitCount < 8 { return Z_BUF_ERROR }
            guard passToZlib() else { return Z_MEM_ERROR }
        }
        record.pointee.hasSynced = true
        return handOver { zlib_inflateSync($0) }
    }

    /// `inflateSyncPoint`.
    func syncPoint() -> Int32 {
        guard let state else { return lookAt { zlib_inflateSyncPoint($0) } }
        return state.isSyncPoint ? 1 : 0
    }

    /// `inflateUndermine`, which depends on how zlib was built and not on the stream.
    func undermine(_ subvert: Int32) -> Int32 {
        state == nil ? handOver { zlib_inflateUndermine($0, subvert) } : inZlib { zlib_inflateUndermine($0, subvert) }
    }

    /// `inflateValidate`. It outlives a reset, so zlib's own state is told as well.
    func validate(_ check: Int32) -> Int32 {
        record.pointee.comparesTrailer = check != 0
        guard let state else { return handOver { zlib_inflateValidate($0, check) } }
        state.comparesTrailer = check != 0
        return inZlib { zlib_inflateValidate($0, check) }
    }

    /// `inflateMark`. On hardware, what is between two calls is, for all that can be known, between two blocks.
    func mark() -> Int {
        if let state { return state.mark }
        guard record.pointee.route == .device else { return inZlib { zlib_inflateMark($0) } }
        return device?.zlibAtWork.map { zlib_inflateMark($0) } ?? -(1 << 16)
    }

    /// `inflateCodesUsed`.
    func codesUsed() -> UInt {
        if let state { return state.codesUsed }
        if record.pointee.route == .device, let zlib = device?.zlibAtWork { return zlib_inflateCodesUsed(zlib) }
        return inZlib { zlib_inflateCodesUsed($0) }
    }

    /// Makes the stream zlib's, with the window and the bits that it has, between two blocks. False: there is no memory.
    func passToZlib() -> Bool {
        guard let state else { return true }
        let saved = stream.pointee
        let isPassed = inZlib { state.pass(to: $0) }
        // zlib's texts about what was wrong stay where a program may look at them.
        stream.pointee = saved
        guard isPassed else { return false }
        record.pointee.route = .zlib
        return true
    }

    /// Makes a call of zlib's that the stream's device has no answer to: on a stream that has not begun, which is zlib's from
    /// here on; and on one of hardware, where zlib goes on in its place.
    private func handOver(_ call: (z_streamp) -> Int32) -> Int32 {
        switch record.pointee.route {
        case .zlib: break
        case .undecided:
            record.pointee.route = .zlib
            ZlibLibrary.streams.count(.inflate, .call)
        case .device:
            guard let continued = device?.moveToZlib() else { return Z_STREAM_ERROR }
            takeHeld()
            return callWithBuffers(of: stream, continued, call)
        }
        return inZlib(call)
    }

    /// Steps over input that was kept back.
    private func takeHeld() {
        let held = min(uInt(record.pointee.heldByteCount), stream.pointee.avail_in)
        guard held > 0 else { return }
        stream.pointee.next_in += Int(held)
        stream.pointee.avail_in -= held
        stream.pointee.total_in += uLong(held)
        record.pointee.heldByteCount = 0
    }

    /// The same for a question, which decides nothing.
    private func lookAt(_ question: (z_streamp) -> Int32) -> Int32 {
        record.pointee.route == .device ? handOver(question) : inZlib(question)
    }
}
