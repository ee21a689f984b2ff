// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// The three kinds of filters as libcrypto wants to be told.
enum FilterMethods {
    nonisolated(unsafe) static let deflate = method("uacce deflate") { FilterCalls.create($0, .raw) }
    nonisolated(unsafe) static let zlib = method("uacce zlib") { FilterCalls.create($0, .zlib) }
    nonisolated(unsafe) static let gzip = method("uacce gzip") { FilterCalls.create($0, .gzip) }

    /// One number for the three: libcrypto has no more than 127 to give.
    private static let type = BIO_get_new_index() | BIO_TYPE_FILTER

    private static func method(
        _ name: StaticString, _ create: @convention(c) (OpaquePointer?) -> Int32
    ) -> OpaquePointer? {
        let text = UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
        guard let method = BIO_meth_new(type, text) else { return nil }
        BIO_meth_set_create(method, create)
        BIO_meth_set_destroy(method) { FilterCalls.destroy($0) }
        BIO_meth_set_write_ex(method) { FilterCalls.write($0, $1, $2, $3) }
        BIO_meth_set_read_ex(method) { FilterCalls.read($0, $1, $2, $3) }
        BIO_meth_set_puts(method) { FilterCalls.put($0, $1) }
        BIO_meth_set_ctrl(method) { FilterCalls.control($0, $1, $2, $3) }
        BIO_meth_set_callback_ctrl(method) { bio, command, callback in
            BIO_next(bio).map { BIO_callback_ctrl($0, command, callback) } ?? 0
        }
        return method
    }
}
