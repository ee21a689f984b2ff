// SPDX-License-Identifier: Apache-2.0

/// The digests, as functions of a chaining state that the caller keeps.
///
/// A state is `stateByteCount` bytes in the digest's own byte order (big-endian words; MD5: little-endian), at any
/// alignment, so that after the last block its first `digestByteCount` bytes are the digest. Nothing here allocates,
/// and no copy of a state stays on the stack.
public enum DigestAlgorithm: UInt8, CaseIterable, Sendable {
    case md5
    case sha1
    case sha224
    case sha256
    case sha384
    case sha512
    case sha512_224
    case sha512_256
    case sm3

    /// Bytes of one block: 64 or 128.
    @inlinable public var blockByteCount: Int {
        switch self {
        case .md5, .sha1, .sha224, .sha256, .sm3: 64
        case .sha384, .sha512, .sha512_224, .sha512_256: 128
        }
    }

    /// Bytes of the whole chaining state, at most `largestStateByteCount`.
    @inlinable public var stateByteCount: Int {
        switch self {
        case .md5: 16
        case .sha1: 20
        case .sha224, .sha256, .sm3: 32
        case .sha384, .sha512, .sha512_224, .sha512_256: 64
        }
    }

    /// Bytes of the digest.
    @inlinable public var digestByteCount: Int {
        switch self {
        case .md5: 16
        case .sha1: 20
        case .sha224, .sha512_224: 28
        case .sha256, .sha512_256, .sm3: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    /// Bytes that hold the state, and the digest, of any algorithm.
    public static let largestStateByteCount = 64

    /// Bytes that hold a block of any algorithm.
    public static let largestBlockByteCount = 128

    /// Writes the state that a message starts from.
    public func initialState(into state: UnsafeMutableRawPointer) {
        switch self {
        case .md5: MD5Chain.store(DigestInitialValue.md5, into: state)
        case .sha1: SHA1Chain.store(DigestInitialValue.sha1, into: state)
        case .sha224: SHA256Chain.store(DigestInitialValue.sha224, into: state)
        case .sha256: SHA256Chain.store(DigestInitialValue.sha256, into: state)
        case .sha384: SHA512Chain.store(DigestInitialValue.sha384, into: state)
        case .sha512: SHA512Chain.store(DigestInitialValue.sha512, into: state)
        case .sha512_224: SHA512Chain.store(DigestInitialValue.sha512_224, into: state)
        case .sha512_256: SHA512Chain.store(DigestInitialValue.sha512_256, into: state)
        case .sm3: SM3Chain.store(DigestInitialValue.sm3, into: state)
        }
    }

    /// Feeds whole blocks into a state.
    ///
    /// - Parameters:
    ///   - state: `stateByteCount` bytes, replaced.
    ///   - blocks: `blockCount * blockByteCount` bytes.
    public func compress(state: UnsafeMutableRawPointer, blocks: UnsafeRawPointer, blockCount: Int) {
        switch self {
        case .md5: MD5Chain.compress(state, blocks, blockCount)
        case .sha1: SHA1Chain.compress(state, blocks, blockCount)
        case .sha224, .sha256: SHA256Chain.compress(state, blocks, blockCount)
        case .sha384, .sha512, .sha512_224, .sha512_256: SHA512Chain.compress(state, blocks, blockCount)
        case .sm3: SM3Chain.compress(state, blocks, blockCount)
        }
    }

    /// Feeds the rest of a message into a state, pads, and writes the digest.
    ///
    /// - Parameters:
    ///   - state: `stateByteCount` bytes, left as they are.
    ///   - tail: what the state has not seen yet, of any length.
    ///   - totalByteCount: of the whole message, tail included.
    ///   - digest: room for `digestByteCount` bytes; may overlap `state` and `tail`.
    public func finish(
        state: UnsafeRawPointer, tail: UnsafeRawPointer, tailByteCount: Int, totalByteCount: UInt64,
        digest: UnsafeMutableRawPointer
    ) {
        let rest = DigestTail(tail, tailByteCount, totalByteCount: totalByteCount)
        let size = digestByteCount
        switch self {
        case .md5: MD5Chain.finish(MD5Chain.load(state), rest, digest, size)
        case .sha1: SHA1Chain.finish(SHA1Chain.load(state), rest, digest, size)
        case .sha224, .sha256: SHA256Chain.finish(SHA256Chain.load(state), rest, digest, size)
        case .sha384, .sha512, .sha512_224, .sha512_256:
            SHA512Chain.finish(SHA512Chain.load(state), rest, digest, size)
        case .sm3: SM3Chain.finish(SM3Chain.load(state), rest, digest, size)
        }
    }

    /// Makes the last block or two of a message: its rest, the padding and its length. Returns how many they are.
    ///
    /// - Parameters:
    ///   - rest: fewer bytes than a block has.
    ///   - totalByteCount: of the whole message, rest included.
    ///   - padded: room for two blocks.
    public func pad(
        _ rest: UnsafeRawPointer, byteCount: Int, totalByteCount: UInt64, into padded: UnsafeMutableRawPointer
    ) -> Int {
        switch self {
        case .md5: MD5Chain.pad(rest, byteCount, totalByteCount, into: padded)
        case .sha1: SHA1Chain.pad(rest, byteCount, totalByteCount, into: padded)
        case .sha224, .sha256: SHA256Chain.pad(rest, byteCount, totalByteCount, into: padded)
        case .sha384, .sha512, .sha512_224, .sha512_256:
            SHA512Chain.pad(rest, byteCount, totalByteCount, into: padded)
        case .sm3: SM3Chain.pad(rest, byteCount, totalByteCount, into: padded)
        }
    }

    /// Digests a whole message of `byteCount` bytes.
    ///
    /// - Parameter digest: room for `digestByteCount` bytes; may overlap `message`.
    public func digest(message: UnsafeRawPointer, byteCount: Int, into digest: UnsafeMutableRawPointer) {
        let whole = DigestTail(message, byteCount, totalByteCount: UInt64(byteCount))
        switch self {
        case .md5: MD5Chain.finish(DigestInitialValue.md5, whole, digest, 16)
        case .sha1: SHA1Chain.finish(DigestInitialValue.sha1, whole, digest, 20)
        case .sha224: SHA256Chain.finish(DigestInitialValue.sha224, whole, digest, 28)
        case .sha256: SHA256Chain.finish(DigestInitialValue.sha256, whole, digest, 32)
        case .sha384: SHA512Chain.finish(DigestInitialValue.sha384, whole, digest, 48)
        case .sha512: SHA512Chain.finish(DigestInitialValue.sha512, whole, digest, 64)
        case .sha512_224: SHA512Chain.finish(DigestInitialValue.sha512_224, whole, digest, 28)
        case .sha512_256: SHA512Chain.finish(DigestInitialValue.sha512_256, whole, digest, 32)
        case .sm3: SM3Chain.finish(DigestInitialValue.sm3, whole, digest, 32)
        }
    }
}
