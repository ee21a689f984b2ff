// SPDX-License-Identifier: Apache-2.0

import CLinux
import COpenSSL
import CompressionStreams
import Host

/// The three kinds of filters as libcrypto wants to be told.
enum FilterMethods {
    nonisolated(unsafe) private(set) static var deflate: OpaquePointer?
    nonisolated(unsafe) private(set) static var zlib: OpaquePointer?
    nonisolated(unsafe) private(set) static var gzip: OpaquePointer?
    nonisolated(unsafe) private static var making: pthread_once_t = 0

    /// Makes all of it for the first program that asks for a filter; not when the library is loaded, since programs may
    /// give libcrypto functions for memory before they first use it.
    ///
    /// By pthread_once, which knows forks: a global with an initialiser that a thread makes while another one forks is
    /// never made in the child, which waits for it for ever.
    static func prepare() {
        withUnsafeMutablePointer(to: &making) { making in
            _ = pthread_once(making, { FilterMethods.make() })
        }
    }

    private static func make() {
        // One number for the three: libcrypto has no more than 127 to give.
        let type = BIO_get_new_index() | BIO_TYPE_FILTER
        deflate = method(type, "uacce deflate") { FilterCalls.create($0, .raw) }
        zlib = method(type, "uacce zlib") { FilterCalls.create($0, .zlib) }
        gzip = method(type, "uacce gzip") { FilterCalls.create($0, .gzip) }
        FilterErrors.prepare()
    }

    private static func method(
        _ type: Int32, _ name: StaticString, _ create: @convention(c) (OpaquePointer?) -> Int32
    ) -> OpaquePointer? {
        let text = name.cString
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
