// SPDX-License-Identifier: Apache-2.0
//
// The names of zlib's ABI that deflate. Each looks whether the stream is this library's; if not, zlib itself answers: with
// an error, or because the stream is its own. In the ordinary build these are no exports, and tests call what is below.

import CZlib

#if hasFeature(Embedded)
@_cdecl("deflateInit_")
public func zlibABI_deflateInit_(
    _ stream: z_streamp?, _ level: Int32, _ version: UnsafePointer<CChar>?, _ size: Int32
) -> Int32 {
    DeflateCall.begin(stream, level, Z_DEFLATED, MAX_WBITS, 8, Z_DEFAULT_STRATEGY, version, size)
}

@_cdecl("deflateInit2_")
public func zlibABI_deflateInit2_(
    _ stream: z_streamp?, _ level: Int32, _ method: Int32, _ windowBits: Int32, _ memoryLevel: Int32, _ strategy: Int32,
    _ version: UnsafePointer<CChar>?, _ size: Int32
) -> Int32 {
    DeflateCall.begin(stream, level, method, windowBits, memoryLevel, strategy, version, size)
}

@_cdecl("deflate")
public func zlibABI_deflate(_ stream: z_streamp?, _ flush: Int32) -> Int32 {
    guard let call = DeflateCall(stream) else { return zlib_deflate(stream, flush) }
    return call.deflate(flush)
}

@_cdecl("deflateEnd")
public func zlibABI_deflateEnd(_ stream: z_streamp?) -> Int32 {
    guard let call = DeflateCall(stream) else { return zlib_deflateEnd(stream) }
    return call.end()
}

@_cdecl("deflateReset")
public func zlibABI_deflateReset(_ stream: z_streamp?) -> Int32 {
    guard let call = DeflateCall(stream) else { return zlib_deflateReset(stream) }
    return call.reset(zlib_deflateReset)
}

@_cdecl("deflateResetKeep")
public func zlibABI_deflateResetKeep(_ stream: z_streamp?) -> Int32 {
    guard let call = DeflateCall(stream) else { return zlib_deflateResetKeep(stream) }
    return call.reset(zlib_deflateResetKeep)
}

@_cdecl("deflateParams")
public func zlibABI_deflateParams(_ stream: z_streamp?, _ level: Int32, _ strategy: Int32) -> Int32 {
    guard let call = DeflateCall(stream) else { return zlib_deflateParams(stream, level, strategy) }
    return call.setParameters(level, strategy)
}

@_cdecl("deflateTune")
public func zlibABI_deflateTune(
    _ stream: z_streamp?, _ good: Int32, _ lazy: Int32, _ nice: Int32, _ chain: Int32
) -> Int32 {
    guard let call = DeflateCall(stream) else { return zlib_deflateTune(stream, good, lazy, nice, chain) }
    return call.tune(good, lazy, nice, chain)
}

@_cdecl("deflateBound")
public func zlibABI_deflateBound(_ stream: z_streamp?, _ byteCount: uLong) -> uLong {
    guard let call = DeflateCall(stream) else { return zlib_deflateBound(stream, byteCount) }
    return call.bound(byteCount)
}

@_cdecl("deflatePending")
public func zlibABI_deflatePending(
    _ stream: z_streamp?, _ bytes: UnsafeMutablePointer<UInt32>?, _ bits: UnsafeMutablePointer<Int32>?
) -> Int32 {
    guard let call = DeflateCall(stream) else { return zlib_deflatePending(stream, bytes, bits) }
    return call.pending(bytes, bits)
}

@_cdecl("deflatePrime")
public func zlibABI_deflatePrime(_ stream: z_streamp?, _ bits: Int32, _ value: Int32) -> Int32 {
    guard let call = DeflateCall(stream) else { return zlib_deflatePrime(stream, bits, value) }
    return call.handOver { zlib_deflatePrime($0, bits, value) }
}

@_cdecl("deflateSetDictionary")
public func zlibABI_deflateSetDictionary(
    _ stream: z_streamp?, _ dictionary: UnsafePointer<Bytef>?, _ byteCount: uInt
) -> Int32 {
    guard let call = DeflateCall(stream) else { return zlib_deflateSetDictionary(stream, dictionary, byteCount) }
    return call.setDictionary(dictionary, byteCount)
}

@_cdecl("deflateGetDictionary")
public func zlibABI_deflateGetDictionary(
    _ stream: z_streamp?, _ dictionary: UnsafeMutablePointer<Bytef>?, _ byteCount: UnsafeMutablePointer<uInt>?
) -> Int32 {
    guard let call = DeflateCall(stream) else { return zlib_deflateGetDictionary(stream, dictionary, byteCount) }
    return call.getDictionary(dictionary, byteCount)
}

@_cdecl("deflateSetHeader")
public func zlibABI_deflateSetHeader(_ stream: z_streamp?, _ header: gz_headerp?) -> Int32 {
    guard let call = DeflateCall(stream) else { return zlib_deflateSetHeader(stream, header) }
    return call.setHeader(header)
}

@_cdecl("deflateCopy")
public func zlibABI_deflateCopy(_ destination: z_streamp?, _ source: z_streamp?) -> Int32 {
    guard let call = DeflateCall(source) else { return zlib_deflateCopy(destination, source) }
    return call.copy(to: destination)
}
#endif
