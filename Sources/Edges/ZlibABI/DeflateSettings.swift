// SPDX-License-Identifier: Apache-2.0

import CZlib
import CompressionSessions
import DeflateStream

extension DeflateCall {
    /// Makes a call of zlib's that no device has an answer to: on a stream that nobody works on yet, which is zlib's from
    /// here on; and on one that a device worked on, where zlib goes on in its place.
    func handOver(_ call: (z_streamp) -> Int32) -> Int32 {
        switch record.pointee.route {
        case .zlib: break
        case .undecided:
            guard chooseZlib(.call) else { return Z_MEM_ERROR }
        case .device:
            guard let device, record.pointee.gatheredCount == 0 else { return Z_BUF_ERROR }
            guard let continued = device.moveToProcessor() else { return Z_MEM_ERROR }
            return callWithBuffers(of: stream, continued, call)
        }
        return inZlib(call)
    }

    /// `deflateParams`.
    func setParameters(_ level: Int32, _ strategy: Int32) -> Int32 {
        let level = level == Z_DEFAULT_COMPRESSION ? 6 : level
        guard 0...9 ~= level, 0...Z_FIXED ~= strategy else { return Z_STREAM_ERROR }
        var wanted = record.pointee.parameters
        wanted.level = level
        wanted.strategy = strategy
        let isOther =
            strategy != record.pointee.parameters.strategy || wanted.search != record.pointee.parameters.search
        if isOther, record.pointee.lastFlush != -2, record.pointee.route != .zlib {
            // As zlib does: what was given so far is compressed as it was meant to be.
            if deflate(Z_BLOCK) == Z_STREAM_ERROR { return Z_STREAM_ERROR }
            let isLeft = record.pointee.route == .device && device?.isGathering == true
            if isLeft || stream.pointee.avail_in != 0 || record.pointee.gatheredCount > 0 { return Z_BUF_ERROR }
        }
        var result = Z_OK
        if record.pointee.route == .device {
            if wanted.format != nil {
                device?.setLevel(Int(level))
            } else {
                result = handOver { zlib_deflateParams($0, level, strategy) }
            }
        } else if record.pointee.zlibState != nil {
            result = inZlib { zlib_deflateParams($0, level, strategy) }
        }
        if result == Z_OK { record.pointee.parameters = wanted }
        return result
    }

    /// `deflateSetDictionary`, which comes before data, or between blocks that nothing has followed yet.
    func setDictionary(_ dictionary: UnsafePointer<Bytef>?, _ byteCount: uInt) -> Int32 {
        if record.pointee.gatheredCount > 0 { return Z_STREAM_ERROR }
        if record.pointee.route == .device {
            // Behind a trailer zlib would have it, for nothing.
            if record.pointee.phase == .ended { return Z_OK }
            if record.pointee.format != .raw || device?.isGathering == true { return Z_STREAM_ERROR }
        }
        return handOver { zlib_deflateSetDictionary($0, dictionary, byteCount) }
    }

    /// `deflateSetHeader`, which has no effect any more once there was data.
    func setHeader(_ header: gz_headerp?) -> Int32 {
        if record.pointee.route == .device {
            return record.pointee.format == .gzip && record.pointee.phase != .ended ? Z_OK : Z_STREAM_ERROR
        }
        return handOver { zlib_deflateSetHeader($0, header) }
    }

    /// `deflateGetDictionary`: what the next data may refer to.
    func getDictionary(
        _ dictionary: UnsafeMutablePointer<Bytef>?, _ byteCount: UnsafeMutablePointer<uInt>?
    ) -> Int32 {
        var count: Int
        switch record.pointee.route {
        case .undecided: count = 0
        case .device: count = device?.copyDictionary(to: dictionary) ?? 0
        case .zlib:
            var length = uInt(0)
            let result = inZlib { zlib_deflateGetDictionary($0, dictionary, &length) }
            if result != Z_OK { return result }
            count = Int(length)
        }
        count = extendDictionary(
            dictionary, count, gathered + record.pointee.gatheredOffset,
            byteCount: record.pointee.gatheredCount - record.pointee.gatheredOffset,
            limit: 1 << record.pointee.parameters.windowSizeBits)
        byteCount?.pointee = uInt(count)
        return Z_OK
    }

    /// `deflateTune`, which only zlib takes notice of.
    func tune(_ good: Int32, _ lazy: Int32, _ nice: Int32, _ chain: Int32) -> Int32 {
        record.pointee.tuning = (good, lazy, nice, chain)
        guard record.pointee.zlibState != nil else { return Z_OK }
        return inZlib { zlib_deflateTune($0, good, lazy, nice, chain) }
    }

    /// `deflatePending`. A device leaves no bits over.
    func pending(_ bytes: UnsafeMutablePointer<UInt32>?, _ bits: UnsafeMutablePointer<Int32>?) -> Int32 {
        if record.pointee.route == .zlib { return inZlib { zlib_deflatePending($0, bytes, bits) } }
        bytes?.pointee = UInt32(truncatingIfNeeded: record.pointee.route == .device ? device?.pendingByteCount ?? 0 : 0)
        bits?.pointee = 0
        return Z_OK
    }

    /// `deflateBound`: zlib's bound, or a device's where that may need more.
    func bound(_ byteCount: uLong) -> uLong {
        let parameters = record.pointee.parameters
        guard record.pointee.zlibState == nil else { return inZlib { zlib_deflateBound($0, byteCount) } }
        // By far the most frequent case, for which zlib needs no state either.
        if parameters.windowSizeBits == 15, parameters.memoryLevel == 8 {
            let wrapping: uLong =
                switch record.pointee.format {
                case .raw: 0
                case .zlib: 6
                case .gzip: 18
                }
            return byteCount + (byteCount >> 12) + (byteCount >> 14) + (byteCount >> 25) + 7 + wrapping
        }
        guard makeZlibState() else { return zlib_deflateBound(nil, byteCount) }
        return inZlib { zlib_deflateBound($0, byteCount) }
    }
}
