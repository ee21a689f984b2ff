// SPDX-License-Identifier: Apache-2.0
//
// Streams of the digests that libcrypto has low-level functions for: its own structures, updated and ended by its own
// functions. The chaining value is set from here, because libcrypto does not make the start of SHA-512/224 and /256
// public.

import COpenSSL

extension MD5Chain: DigestStreamChain {
    typealias Stream = MD5_CTX
    static var blockOffset: Int { 24 }

    @inline(__always)
    static func begin(_ stream: UnsafeMutablePointer<MD5_CTX>, _ digestByteCount: Int, absorbedByteCount: Int) {
        stream.pointee.Nl = UInt32(truncatingIfNeeded: absorbedByteCount &* 8)
        stream.pointee.Nh = 0
        stream.pointee.num = 0
    }

    @inline(__always)
    static func absorb(_ stream: UnsafeMutablePointer<MD5_CTX>, _ data: UnsafeRawPointer, _ byteCount: Int) {
        MD5_Update(stream, data, byteCount)
    }

    @inline(__always)
    static func end(_ stream: UnsafeMutablePointer<MD5_CTX>, _ digest: UnsafeMutableRawPointer) {
        MD5_Final(digest.assumingMemoryBound(to: UInt8.self), stream)
    }

    @inline(__always)
    static func waitingByteCount(_ stream: UnsafeMutablePointer<MD5_CTX>) -> Int { Int(stream.pointee.num) }
}

extension SHA1Chain: DigestStreamChain {
    typealias Stream = SHA_CTX
    static var blockOffset: Int { 28 }

    @inline(__always)
    static func begin(_ stream: UnsafeMutablePointer<SHA_CTX>, _ digestByteCount: Int, absorbedByteCount: Int) {
        stream.pointee.Nl = UInt32(truncatingIfNeeded: absorbedByteCount &* 8)
        stream.pointee.Nh = 0
        stream.pointee.num = 0
    }

    @inline(__always)
    static func absorb(_ stream: UnsafeMutablePointer<SHA_CTX>, _ data: UnsafeRawPointer, _ byteCount: Int) {
        SHA1_Update(stream, data, byteCount)
    }

    @inline(__always)
    static func end(_ stream: UnsafeMutablePointer<SHA_CTX>, _ digest: UnsafeMutableRawPointer) {
        SHA1_Final(digest.assumingMemoryBound(to: UInt8.self), stream)
    }

    @inline(__always)
    static func waitingByteCount(_ stream: UnsafeMutablePointer<SHA_CTX>) -> Int { Int(stream.pointee.num) }
}

extension SHA256Chain: DigestStreamChain {
    typealias Stream = SHA256_CTX
    static var blockOffset: Int { 40 }

    @inline(__always)
    static func begin(_ stream: UnsafeMutablePointer<SHA256_CTX>, _ digestByteCount: Int, absorbedByteCount: Int) {
        stream.pointee.Nl = UInt32(truncatingIfNeeded: absorbedByteCount &* 8)
        stream.pointee.Nh = 0
        stream.pointee.num = 0
        stream.pointee.md_len = UInt32(truncatingIfNeeded: digestByteCount)
    }

    @inline(__always)
    static func absorb(_ stream: UnsafeMutablePointer<SHA256_CTX>, _ data: UnsafeRawPointer, _ byteCount: Int) {
        SHA256_Update(stream, data, byteCount)
    }

    @inline(__always)
    static func end(_ stream: UnsafeMutablePointer<SHA256_CTX>, _ digest: UnsafeMutableRawPointer) {
        SHA256_Final(digest.assumingMemoryBound(to: UInt8.self), stream)
    }

    @inline(__always)
    static func waitingByteCount(_ stream: UnsafeMutablePointer<SHA256_CTX>) -> Int { Int(stream.pointee.num) }
}

extension SHA512Chain: DigestStreamChain {
    typealias Stream = SHA512_CTX
    static var blockOffset: Int { 80 }

    @inline(__always)
    static func begin(_ stream: UnsafeMutablePointer<SHA512_CTX>, _ digestByteCount: Int, absorbedByteCount: Int) {
        stream.pointee.Nl = UInt64(truncatingIfNeeded: absorbedByteCount &* 8)
        stream.pointee.Nh = 0
        stream.pointee.num = 0
        stream.pointee.md_len = UInt32(truncatingIfNeeded: digestByteCount)
    }

    @inline(__always)
    static func absorb(_ stream: UnsafeMutablePointer<SHA512_CTX>, _ data: UnsafeRawPointer, _ byteCount: Int) {
        SHA512_Update(stream, data, byteCount)
    }

    @inline(__always)
    static func end(_ stream: UnsafeMutablePointer<SHA512_CTX>, _ digest: UnsafeMutableRawPointer) {
        SHA512_Final(digest.assumingMemoryBound(to: UInt8.self), stream)
    }

    @inline(__always)
    static func waitingByteCount(_ stream: UnsafeMutablePointer<SHA512_CTX>) -> Int { Int(stream.pointee.num) }
}
