// SPDX-License-Identifier: Apache-2.0
//
// What the library exports (bio.map), as uacce_bio.h declares it.

import COpenSSL

@c(BIO_f_uacce_deflate)
public func filterDeflate() -> OpaquePointer? { FilterMethods.deflate }

@c(BIO_f_uacce_zlib)
public func filterZlib() -> OpaquePointer? { FilterMethods.zlib }

@c(BIO_f_uacce_gzip)
public func filterGzip() -> OpaquePointer? { FilterMethods.gzip }
