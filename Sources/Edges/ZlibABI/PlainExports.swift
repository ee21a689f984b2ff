// SPDX-License-Identifier: Apache-2.0
//
// The names of zlib's ABI that know no stream of this library's: checksums, what zlib tells about itself, and inflateBack,
// which calls the program for each piece of data and so has nothing to give to a device. zlib does all
// that, but for long checksums. Offsets have
// 64 bits with either name.

import CZlib

#if hasFeature(Embedded)
@_cdecl("adler32")
public func zlibABI_adler32(_ checksum: uLong, _ bytes: UnsafePointer<Bytef>?, _ byteCount: uInt) -> uLong {
    ChecksumCalls.adler32(checksum, bytes, Int(byteCount))
}

@_cdecl("adler32_z")
public func zlibABI_adler32_z(_ checksum: uLong, _ bytes: UnsafePointer<Bytef>?, _ byteCount: z_size_t) -> uLong {
    ChecksumCalls.adler32(checksum, bytes, byteCount)
}

@_cdecl("adler32_combine")
public func zlibABI_adler32_combine(_ first: uLong, _ second: uLong, _ byteCount: Int) -> uLong {
    zlib_adler32_combine(first, second, byteCount)
}

@_cdecl("adler32_combine64")
public func zlibABI_adler32_combine64(_ first: uLong, _ second: uLong, _ byteCount: Int) -> uLong {
    zlib_adler32_combine(first, second, byteCount)
}

@_cdecl("crc32")
public func zlibABI_crc32(_ checksum: uLong, _ bytes: UnsafePointer<Bytef>?, _ byteCount: uInt) -> uLong {
    ChecksumCalls.crc32(checksum, bytes, Int(byteCount))
}

@_cdecl("crc32_z")
public func zlibABI_crc32_z(_ checksum: uLong, _ bytes: UnsafePointer<Bytef>?, _ byteCount: z_size_t) -> uLong {
    ChecksumCalls.crc32(checksum, bytes, byteCount)
}

@_cdecl("crc32_combine")
public func zlibABI_crc32_combine(_ first: uLong, _ second: uLong, _ byteCount: Int) -> uLong {
    zlib_crc32_combine(first, second, byteCount)
}

@_cdecl("crc32_combine64")
public func zlibABI_crc32_combine64(_ first: uLong, _ second: uLong, _ byteCount: Int) -> uLong {
    zlib_crc32_combine(first, second, byteCount)
}

@_cdecl("crc32_combine_gen")
public func zlibABI_crc32_combine_gen(_ byteCount: Int) -> uLong {
    zlib_crc32_combine_gen(byteCount)
}

@_cdecl("crc32_combine_gen64")
public func zlibABI_crc32_combine_gen64(_ byteCount: Int) -> uLong {
    zlib_crc32_combine_gen(byteCount)
}

@_cdecl("crc32_combine_op")
public func zlibABI_crc32_combine_op(_ first: uLong, _ second: uLong, _ operation: uLong) -> uLong {
    zlib_crc32_combine_op(first, second, operation)
}

@_cdecl("get_crc_table")
public func zlibABI_get_crc_table() -> UnsafePointer<z_crc_t>? {
    zlib_get_crc_table()
}

@_cdecl("zError")
public func zlibABI_zError(_ code: Int32) -> UnsafePointer<CChar>? {
    zlib_zError(code)
}

@_cdecl("zlibVersion")
public func zlibABI_zlibVersion() -> UnsafePointer<CChar>? {
    zlib_zlibVersion()
}

@_cdecl("zlibCompileFlags")
public func zlibABI_zlibCompileFlags() -> uLong {
    zlib_zlibCompileFlags()
}

@_cdecl("inflateBackInit_")
public func zlibABI_inflateBackInit_(
    _ stream: z_streamp?, _ windowBits: Int32, _ window: UnsafeMutablePointer<UInt8>?, _ version: UnsafePointer<CChar>?,
    _ size: Int32
) -> Int32 {
    zlib_inflateBackInit_(stream, windowBits, window, version, size)
}

@_cdecl("inflateBack")
public func zlibABI_inflateBack(
    _ stream: z_streamp?, _ input: in_func?, _ inputContext: UnsafeMutableRawPointer?, _ output: out_func?,
    _ outputContext: UnsafeMutableRawPointer?
) -> Int32 {
    zlib_inflateBack(stream, input, inputContext, output, outputContext)
}

@_cdecl("inflateBackEnd")
public func zlibABI_inflateBackEnd(_ stream: z_streamp?) -> Int32 {
    zlib_inflateBackEnd(stream)
}

/// A constructor calls this when the library is loaded (Sources/Base/LibraryLoad).
@_cdecl("uacce_library_begin")
public func zlibABI_begin() {
    ZlibLibrary.begin()
}

/// The loader calls this when the process ends (DT_FINI), after the program's own handlers.
@_cdecl("uacce_z_end")
public func zlibABI_end() {
    ZlibLibrary.end()
}
#endif
