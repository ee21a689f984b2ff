// SPDX-License-Identifier: Apache-2.0
//
// The names of zlib's ABI that inflate. Each looks whether the stream is this library's; if not, zlib itself answers: with
// an error, or because the stream is its own. In the ordinary build these are no exports, and tests call what is below.

import CZlib

#if hasFeature(Embedded)
@_cdecl("inflateInit_")
public func zlibABI_inflateInit_(_ stream: z_streamp?, _ version: UnsafePointer<CChar>?, _ size: Int32) -> Int32 {
    InflateCall.begin(stream, MAX_WBITS, version, size)
}

@_cdecl("inflateInit2_")
public func zlibABI_inflateInit2_(
    _ stream: z_streamp?, _ windowBits: Int32, _ version: UnsafePointer<CChar>?, _ size: Int32
) -> Int32 {
    InflateCall.begin(stream, windowBits, version, size)
}

@_cdecl("inflate")
public func zlibABI_inflate(_ stream: z_streamp?, _ flush: Int32) -> Int32 {
    guard let call = InflateCall(stream) else { return zlib_inflate(stream, flush) }
    return call.inflate(flush)
}

@_cdecl("inflateEnd")
public func zlibABI_inflateEnd(_ stream: z_streamp?) -> Int32 {
    guard let call = InflateCall(stream) else { return zlib_inflateEnd(stream) }
    return call.end()
}

@_cdecl("inflateReset")
public func zlibABI_inflateReset(_ stream: z_streamp?) -> Int32 {
    guard let call = InflateCall(stream) else { return zlib_inflateReset(stream) }
    return call.reset(windowBits: call.record.pointee.windowBits, zlib_inflateReset)
}

@_cdecl("inflateResetKeep")
public func zlibABI_inflateResetKeep(_ stream: z_streamp?) -> Int32 {
    guard let call = InflateCall(stream) else { return zlib_inflateResetKeep(stream) }
    return call.resetKeep()
}

@_cdecl("inflateReset2")
public func zlibABI_inflateReset2(_ stream: z_streamp?, _ windowBits: Int32) -> Int32 {
    guard let call = InflateCall(stream) else { return zlib_inflateReset2(stream, windowBits) }
    return call.reset2(windowBits)
}

@_cdecl("inflatePrime")
public func zlibABI_inflatePrime(_ stream: z_streamp?, _ bits: Int32, _ value: Int32) -> Int32 {
    guard let call = InflateCall(stream) else { return zlib_inflatePrime(stream, bits, value) }
    return call.prime(bits, value)
}

@_cdecl("inflateSetDictionary")
public func zlibABI_inflateSetDictionary(
    _ stream: z_streamp?, _ dictionary: UnsafePointer<Bytef>?, _ byteCount: uInt
) -> Int32 {
    guard let call = InflateCall(stream) else { return zlib_inflateSetDictionary(stream, dictionary, byteCount) }
    return call.setDictionary(dictionary, byteCount)
}

@_cdecl("inflateGetDictionary")
public func zlibABI_inflateGetDictionary(
    _ stream: z_streamp?, _ dictionary: UnsafeMutablePointer<Bytef>?, _ byteCount: UnsafeMutablePointer<uInt>?
) -> Int32 {
    guard let call = InflateCall(stream) else { return zlib_inflateGetDictionary(stream, dictionary, byteCount) }
    return call.getDictionary(dictionary, byteCount)
}

@_cdecl("inflateGetHeader")
public func zlibABI_inflateGetHeader(_ stream: z_streamp?, _ header: gz_headerp?) -> Int32 {
    guard let call = InflateCall(stream) else { return zlib_inflateGetHeader(stream, header) }
    return call.getHeader(header)
}

@_cdecl("inflateSync")
public func zlibABI_inflateSync(_ stream: z_streamp?) -> Int32 {
    guard let call = InflateCall(stream) else { return zlib_inflateSync(stream) }
    return call.sync()
}

@_cdecl("inflateSyncPoint")
public func zlibABI_inflateSyncPoint(_ stream: z_streamp?) -> Int32 {
    guard let call = InflateCall(stream) else { return zlib_inflateSyncPoint(stream) }
    return call.syncPoint()
}

@_cdecl("inflateUndermine")
public func zlibABI_inflateUndermine(_ stream: z_streamp?, _ subvert: Int32) -> Int32 {
    guard let call = InflateCall(stream) else { return zlib_inflateUndermine(stream, subvert) }
    return call.undermine(subvert)
}

@_cdecl("inflateValidate")
public func zlibABI_inflateValidate(_ stream: z_streamp?, _ check: Int32) -> Int32 {
    guard let call = InflateCall(stream) else { return zlib_inflateValidate(stream, check) }
    return call.validate(check)
}

@_cdecl("inflateMark")
public func zlibABI_inflateMark(_ stream: z_streamp?) -> Int {
    guard let call = InflateCall(stream) else { return zlib_inflateMark(stream) }
    return call.mark()
}

@_cdecl("inflateCodesUsed")
public func zlibABI_inflateCodesUsed(_ stream: z_streamp?) -> UInt {
    guard let call = InflateCall(stream) else { return zlib_inflateCodesUsed(stream) }
    return call.codesUsed()
}

@_cdecl("inflateCopy")
public func zlibABI_inflateCopy(_ destination: z_streamp?, _ source: z_streamp?) -> Int32 {
    guard let call = InflateCall(source) else { return zlib_inflateCopy(destination, source) }
    return call.copy(to: destination)
}
#endif
