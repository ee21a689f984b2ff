// SPDX-License-Identifier: Apache-2.0
//
// What the library exports (bio.map), as uacce_bio.h declares it.

import COpenSSL
import CompressionStreams

@c(BIO_f_uacce_deflate)
public func filterDeflate() -> OpaquePointer? {
    FilterMethods.prepare()
    return FilterMethods.deflate
}

@c(BIO_f_uacce_zlib)
public func filterZlib() -> OpaquePointer? {
    FilterMethods.prepare()
    return FilterMethods.zlib
}

@c(BIO_f_uacce_gzip)
public func filterGzip() -> OpaquePointer? {
    FilterMethods.prepare()
    return FilterMethods.gzip
}

/// A constructor calls this when the library is loaded (Sources/Base/LibraryLoad): opens the library with the engine, which a
/// program that has entered a sandbox by the time of its first stream could not.
@c(uacce_library_begin)
public func filterBegin() {
    Filter.library?.open()
}
