// SPDX-License-Identifier: Apache-2.0
//
// libcrypto's own compression functions (SHA-NI, AVX2), reached through the structures of its low-level digests: with
// nothing buffered (`num` zero), an update by whole blocks is a call of the compression function. The length counters
// are theirs to keep and nobody's to read.

import COpenSSL

enum MD5Chain: DigestChain {
    typealias Word = UInt32
    typealias Context = MD5_CTX
    static var wordCount: Int { 4 }
    static var blockByteCount: Int { 64 }
    static var isBigEndian: Bool { false }

    @inline(__always)
    static func prepare(_ context: UnsafeMutablePointer<MD5_CTX>) {
        context.pointee.Nl = 0
        context.pointee.Nh = 0
        context.pointee.num = 0
    }

    @inline(__always)
    static func run(_ context: UnsafeMutablePointer<MD5_CTX>, _ blocks: UnsafeRawPointer, _ blockCount: Int) {
        MD5_Update(context, blocks, blockCount &* 64)
    }
}

enum SHA1Chain: DigestChain {
    typealias Word = UInt32
    typealias Context = SHA_CTX
    static var wordCount: Int { 5 }
    static var blockByteCount: Int { 64 }
    static var isBigEndian: Bool { true }

    @inline(__always)
    static func prepare(_ context: UnsafeMutablePointer<SHA_CTX>) {
        context.pointee.Nl = 0
        context.pointee.Nh = 0
        context.pointee.num = 0
    }

    @inline(__always)
    static func run(_ context: UnsafeMutablePointer<SHA_CTX>, _ blocks: UnsafeRawPointer, _ blockCount: Int) {
        SHA1_Update(context, blocks, blockCount &* 64)
    }
}

enum SHA256Chain: DigestChain {
    typealias Word = UInt32
    typealias Context = SHA256_CTX
    static var wordCount: Int { 8 }
    static var blockByteCount: Int { 64 }
    static var isBigEndian: Bool { true }

    @inline(__always)
    static func prepare(_ context: UnsafeMutablePointer<SHA256_CTX>) {
        context.pointee.Nl = 0
        context.pointee.Nh = 0
        context.pointee.num = 0
    }

    @inline(__always)
    static func run(_ context: UnsafeMutablePointer<SHA256_CTX>, _ blocks: UnsafeRawPointer, _ blockCount: Int) {
        SHA256_Update(context, blocks, blockCount &* 64)
    }
}

enum SHA512Chain: DigestChain {
    typealias Word = UInt64
    typealias Context = SHA512_CTX
    static var wordCount: Int { 8 }
    static var blockByteCount: Int { 128 }
    static var isBigEndian: Bool { true }

    @inline(__always)
    static func prepare(_ context: UnsafeMutablePointer<SHA512_CTX>) {
        context.pointee.Nl = 0
        context.pointee.Nh = 0
        context.pointee.num = 0
    }

    @inline(__always)
    static func run(_ context: UnsafeMutablePointer<SHA512_CTX>, _ blocks: UnsafeRawPointer, _ blockCount: Int) {
        SHA512_Update(context, blocks, blockCount &* 128)
    }
}
