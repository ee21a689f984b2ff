// SPDX-License-Identifier: Apache-2.0

import CLinux
import COpenSSL
import CompressionStreams

/// What libcrypto calls of a filter.
enum FilterCalls {
    static func create(_ bio: OpaquePointer?, _ format: CompressionFormat) -> Int32 {
        BIO_set_data(bio, Unmanaged.passRetained(Filter(format)).toOpaque())
        BIO_set_init(bio, 1)
        return 1
    }

    static func destroy(_ bio: OpaquePointer?) -> Int32 {
        guard let bio else { return 0 }
        if let filter = BIO_get_data(bio) { Unmanaged<Filter>.fromOpaque(filter).release() }
        BIO_set_data(bio, nil)
        BIO_set_init(bio, 0)
        return 1
    }

    private static func filter(_ bio: OpaquePointer?) -> Filter? {
        BIO_get_data(bio).map { Unmanaged<Filter>.fromOpaque($0).takeUnretainedValue() }
    }

    // MARK: - Data

    static func write(
        _ bio: OpaquePointer?, _ data: UnsafePointer<CChar>?, _ byteCount: Int, _ written: UnsafeMutablePointer<Int>?
    ) -> Int32 {
        guard let filter = filter(bio), let next = BIO_next(bio), let data else { return 0 }
        openssl_bio_clear_retry(bio)
        let (taken, result) = filter.write(UnsafeRawBufferPointer(start: data, count: byteCount), to: next)
        written?.pointee = taken
        if taken > 0 { return 1 }
        if result <= 0 { BIO_copy_next_retry(bio) }
        return result
    }

    static func put(_ bio: OpaquePointer?, _ text: UnsafePointer<CChar>?) -> Int32 {
        var written = 0
        let result = write(bio, text, text.map { strlen($0) } ?? 0, &written)
        return result > 0 ? Int32(clamping: written) : result
    }

    static func read(
        _ bio: OpaquePointer?, _ data: UnsafeMutablePointer<CChar>?, _ byteCount: Int,
        _ count: UnsafeMutablePointer<Int>?
    ) -> Int32 {
        guard let filter = filter(bio), let next = BIO_next(bio), let data else { return 0 }
        openssl_bio_clear_retry(bio)
        let (taken, result) = filter.read(
            into: UnsafeMutableRawBufferPointer(start: data, count: byteCount), from: next)
        count?.pointee = taken
        if taken > 0 { return 1 }
        if result <= 0 { BIO_copy_next_retry(bio) }
        return result
    }

    // MARK: - Controls

    static func control(
        _ bio: OpaquePointer?, _ command: Int32, _ number: Int, _ pointer: UnsafeMutableRawPointer?
    ) -> Int {
        guard let filter = filter(bio) else { return 0 }
        let next = BIO_next(bio)
        switch command {
        case BIO_CTRL_FLUSH: return flush(bio, filter, .finish, next)
        case BIO_CTRL_UACCE_SYNC: return flush(bio, filter, .sync, next)
        case BIO_CTRL_UACCE_NEXT: return filter.beginNext() ? 1 : 0
        case BIO_CTRL_UACCE_SET_LEVEL: return filter.setLevel(number) ? 1 : 0
        case BIO_CTRL_RESET:
            filter.reset()
            return 1
        case BIO_CTRL_PENDING where filter.readableByteCount > 0: return filter.readableByteCount
        case BIO_CTRL_WPENDING where filter.writableByteCount > 0: return filter.writableByteCount
        case BIO_CTRL_EOF:
            if let isAtEnd = filter.isAtEnd { return isAtEnd ? 1 : 0 }
        case BIO_C_SET_BUFF_SIZE:
            return filter.setCapacity(number, UnsafePointer(pointer?.assumingMemoryBound(to: Int32.self))) ? 1 : 0
        case BIO_CTRL_DUP:
            // The other BIO was made anew, and has a filter that has done nothing.
            let other = pointer.map { OpaquePointer($0) }
            guard let other, let copy = filter.copy() else { return 0 }
            if let old = BIO_get_data(other) { Unmanaged<Filter>.fromOpaque(old).release() }
            BIO_set_data(other, Unmanaged.passRetained(copy).toOpaque())
            return 1
        case BIO_C_DO_STATE_MACHINE:
            openssl_bio_clear_retry(bio)
            let result = BIO_ctrl(next, command, number, pointer)
            BIO_copy_next_retry(bio)
            return result
        default: break
        }
        return next == nil ? 0 : BIO_ctrl(next, command, number, pointer)
    }

    private static func flush(
        _ bio: OpaquePointer?, _ filter: Filter, _ flush: CompressionFlush, _ next: OpaquePointer?
    ) -> Int {
        guard let next else { return 0 }
        openssl_bio_clear_retry(bio)
        let result = filter.flush(flush, to: next)
        if result <= 0 { BIO_copy_next_retry(bio) }
        return Int(result)
    }
}
