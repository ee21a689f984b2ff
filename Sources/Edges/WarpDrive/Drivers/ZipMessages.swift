// SPDX-License-Identifier: Apache-2.0

import CLinux
import CUacce
import CWarpDrive
import HisiliconABI
import HisiliconDriver

/// Messages for hisi_zip as descriptors: whole streams, whose headers are the driver's.
extension RingDriver {
    /// zlib's header for a window of 32 KiB (RFC 1950), and gzip's without a name (RFC 1952).
    private static let zlibHeader: [UInt8] = [0x78, 0x9c]
    private static let gzipHeader: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]

    /// Fills the slot's descriptor in. 0, or why it cannot be: see wd_send.
    func fillZip(_ slot: MessageSlot) -> Int32 {
        let operation = slot.operation
        guard operation == (type == 0 ? WD_COMPRESS.rawValue : WD_DECOMPRESS.rawValue) else { return WarpError.invalid }
        let message = slot.message.assumingMemoryBound(to: wd_comp_msg.self)
        guard let format = Self.format(message.pointee.format), version != .v2 || format != .deflate,
            message.pointee.bytes > 0, message.pointee.bytes <= WD_ZIP_BYTES, message.pointee.out_bytes > 0,
            message.pointee.out_bytes <= WD_ZIP_BYTES
        else { return WarpError.invalid }
        let inputByteCount = Int(message.pointee.bytes)
        let outputByteCount = Int(message.pointee.out_bytes)
        guard mayUse(message.pointee.in, inputByteCount), mayUse(message.pointee.out, outputByteCount) else {
            return WarpError.fault
        }
        var skipped = (input: 0, output: 0)
        if type == 0 {
            let header = format == .zlib ? Self.zlibHeader : format == .gzip ? Self.gzipHeader : []
            guard outputByteCount > header.count else { return WarpError.invalid }
            for (index, byte) in header.enumerated() {
                message.pointee.out.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
            }
            skipped.output = header.count
        } else {
            let input = UnsafeRawBufferPointer(start: message.pointee.in, count: inputByteCount)
            guard let count = Self.headerByteCount(format, input), count < inputByteCount else {
                return WarpError.badData
            }
            skipped.input = count
        }
        slot.headerByteCount = skipped.input + skipped.output
        var descriptor = ZipDescriptor(version: version)
        descriptor.requestType = format
        descriptor.windowCode = ZipWindow.largestCode
        descriptor.finishes = true
        descriptor.beginsStream = true
        descriptor.sourceAddress = Self.address(message.pointee.in) + UInt64(skipped.input)
        descriptor.inputByteCount = UInt32(inputByteCount - skipped.input)
        descriptor.destinationAddress = Self.address(message.pointee.out) + UInt64(skipped.output)
        descriptor.outputByteCount = UInt32(outputByteCount - skipped.output)
        slot.request.descriptor(as: ZipDescriptor.self).initialize(to: descriptor)
        return 0
    }

    /// Takes the results of a completed descriptor over.
    func finishZip(_ slot: MessageSlot) {
        let message = slot.message.assumingMemoryBound(to: wd_comp_msg.self)
        let descriptor = slot.request.descriptor(as: ZipDescriptor.self).pointee
        let status = statusOfZip(descriptor)
        slot.setError(UInt32(descriptor.status.rawValue))
        slot.setStatus(status)
        let header = UInt32(slot.headerByteCount)
        let skipped = type == 0 ? (input: UInt32(0), output: header) : (input: header, output: UInt32(0))
        // Numbers that no device may return are not believed.
        guard descriptor.consumed <= message.pointee.bytes - skipped.input,
            descriptor.produced <= message.pointee.out_bytes - skipped.output
        else { return slot.setStatus(WarpError.failed) }
        guard status == 0 else {
            message.pointee.bytes = 0
            message.pointee.out_bytes = 0
            return
        }
        message.pointee.bytes = skipped.input + descriptor.consumed
        message.pointee.out_bytes = skipped.output + descriptor.produced
    }

    private func statusOfZip(_ descriptor: ZipDescriptor) -> Int32 {
        switch descriptor.status {
        case .ok, .expanded:
            if type == 0 || descriptor.isLastBlock { return 0 }
            // The input ended before the stream did, or the output before both.
            return descriptor.streamState == .withoutSpace ? WarpError.noSpace : WarpError.badData
        case .decompressionEnd: return 0
        case .outputTooSmall: return WarpError.noSpace
        case .wrongChecksum, .invalidData: return WarpError.badData
        default: return WarpError.failed
        }
    }

    private static func format(_ code: UInt32) -> ZipRequestType? {
        switch code {
        case WD_DEFLATE.rawValue: .deflate
        case WD_ZLIB.rawValue: .zlib
        case WD_GZIP.rawValue: .gzip
        default: nil
        }
    }

    /// Bytes of the header that a stream begins with; nil: it is none.
    private static func headerByteCount(_ format: ZipRequestType, _ input: UnsafeRawBufferPointer) -> Int? {
        switch format {
        case .deflate: return 0
        case .zlib:
            // Method 8, no dictionary, and a multiple of 31 (RFC 1950, 2.2).
            guard input.count >= 2, input[0] & 0xf == 8, input[1] & 0x20 == 0,
                (Int(input[0]) << 8 | Int(input[1])) % 31 == 0
            else { return nil }
            return 2
        case .gzip: return gzipHeaderByteCount(input)
        }
    }

    /// RFC 1952, 2.3: ten bytes, then what the flags say: extra field, name, comment, checksum of the header.
    private static func gzipHeaderByteCount(_ input: UnsafeRawBufferPointer) -> Int? {
        guard input.count >= 10, input[0] == 0x1f, input[1] == 0x8b, input[2] == 8, input[3] & 0xe0 == 0 else {
            return nil
        }
        let flags = input[3]
        var count = 10
        if flags & 4 != 0 {
            guard input.count >= count + 2 else { return nil }
            count += 2 + Int(input[count]) + Int(input[count + 1]) << 8
        }
        for flag in [UInt8(8), 16] where flags & flag != 0 {
            guard count < input.count, let end = input[count...].firstIndex(of: 0) else { return nil }
            count = end + 1
        }
        if flags & 2 != 0 { count += 2 }
        return count <= input.count ? count : nil
    }
}
