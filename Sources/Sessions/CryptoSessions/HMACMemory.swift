// SPDX-License-Identifier: Apache-2.0

import CLinux
import SoftwareCrypto

/// What a keyed digest session has of its key: the padded block that descriptors point to, and the states of the inner
/// and the outer digest behind it (RFC 2104), made once for all messages and copies. The stream of the message that the
/// CPU is at follows.
struct HMACMemory {
    private let base: UnsafeMutableRawPointer

    private static let innerOffset = DigestAlgorithm.largestBlockByteCount
    private static let outerOffset = innerOffset + DigestAlgorithm.largestStateByteCount
    private static let streamOffset = outerOffset + DigestAlgorithm.largestStateByteCount
    private static let byteCount = streamOffset + DigestAlgorithm.largestStreamByteCount

    /// nil: there is no memory.
    init?() {
        guard let base = malloc(Self.byteCount) else { return nil }
        self.base = base
    }

    /// Wipes and frees.
    func destroy() {
        linux_wipe(base, Self.byteCount)
        free(base)
    }

    /// Sets the key. One longer than the digest's block is replaced by its digest.
    func setKey(_ key: UnsafeRawPointer, byteCount: Int, _ algorithm: DigestAlgorithm) {
        memset(block, 0, DigestAlgorithm.largestBlockByteCount)
        if byteCount > algorithm.blockByteCount {
            algorithm.digest(message: key, byteCount: byteCount, into: block)
        } else if byteCount > 0 {
            block.copyMemory(from: key, byteCount: byteCount)
        }
        // ipad, and from that opad, and from that the key again.
        pad(0x3636_3636_3636_3636, algorithm, inner)
        pad(0x3636_3636_3636_3636 ^ 0x5c5c_5c5c_5c5c_5c5c, algorithm, outer)
        change(by: 0x5c5c_5c5c_5c5c_5c5c, algorithm)
    }

    private func pad(_ mask: UInt64, _ algorithm: DigestAlgorithm, _ state: UnsafeMutableRawPointer) {
        change(by: mask, algorithm)
        algorithm.initialState(into: state)
        algorithm.compress(state: state, blocks: block, blockCount: 1)
    }

    private func change(by mask: UInt64, _ algorithm: DigestAlgorithm) {
        let words = block.assumingMemoryBound(to: UInt64.self)
        for index in 0..<(algorithm.blockByteCount / 8) { words[index] ^= mask }
    }

    /// Takes over another session's key and, of the stream's bytes, the first so many.
    func copy(from other: HMACMemory, streamByteCount: Int) {
        base.copyMemory(from: other.base, byteCount: Self.streamOffset + streamByteCount)
    }

    /// The key, zeros up to the block of the digest.
    @inline(__always) var block: UnsafeMutableRawPointer { base }
    /// The state that a message starts from.
    @inline(__always) var inner: UnsafeMutableRawPointer { base + Self.innerOffset }
    /// The state that the inner digest goes into.
    @inline(__always) var outer: UnsafeMutableRawPointer { base + Self.outerOffset }
    @inline(__always) var stream: UnsafeMutableRawPointer { base + Self.streamOffset }

    /// Ends the outer digest, given the inner one: `algorithm.digestByteCount` bytes, which may be where the MAC goes.
    func finish(_ algorithm: DigestAlgorithm, innerDigest: UnsafeRawPointer, mac: UnsafeMutableRawPointer) {
        algorithm.startStream(in: stream, behindOneBlock: outer)
        algorithm.updateStream(in: stream, innerDigest, byteCount: algorithm.digestByteCount)
        algorithm.finishStream(in: stream, digest: mac)
    }
}
