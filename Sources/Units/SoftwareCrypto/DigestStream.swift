// SPDX-License-Identifier: Apache-2.0

/// A message that the CPU digests piece by piece, in memory of the caller's: chaining value, length and the block that is
/// not full yet, as libcrypto's low-level digests keep them. A copy of the bytes is a second stream.
///
/// A digest context holds one of these and little else, so that what programs do over and over with small messages (make,
/// copy, end, free) costs what it costs with libcrypto alone.
extension DigestAlgorithm {
    /// Bytes that hold a stream of any algorithm. They need the alignment of a 64-bit word.
    public static let largestStreamByteCount = 216

    /// Bytes of a stream of this algorithm.
    @inlinable public var streamByteCount: Int {
        switch self {
        case .md5: 92
        case .sha1: 96
        case .sha224, .sha256, .sm3: 112
        case .sha384, .sha512, .sha512_224, .sha512_256: 216
        }
    }

    /// Begins a message.
    public func startStream(in memory: UnsafeMutableRawPointer) {
        switch self {
        case .md5: MD5Chain.start(memory, DigestInitialValue.md5, 16)
        case .sha1: SHA1Chain.start(memory, DigestInitialValue.sha1, 20)
        case .sha224: SHA256Chain.start(memory, DigestInitialValue.sha224, 28)
        case .sha256: SHA256Chain.start(memory, DigestInitialValue.sha256, 32)
        case .sha384: SHA512Chain.start(memory, DigestInitialValue.sha384, 48)
        case .sha512: SHA512Chain.start(memory, DigestInitialValue.sha512, 64)
        case .sha512_224: SHA512Chain.start(memory, DigestInitialValue.sha512_224, 28)
        case .sha512_256: SHA512Chain.start(memory, DigestInitialValue.sha512_256, 32)
        case .sm3: SM3Chain.start(memory, DigestInitialValue.sm3, 32)
        }
    }

    /// Goes on behind one block, which is in `state` already: the padded key of an HMAC.
    public func startStream(in memory: UnsafeMutableRawPointer, behindOneBlock state: UnsafeRawPointer) {
        let size = digestByteCount
        switch self {
        case .md5: MD5Chain.start(memory, MD5Chain.load(state), size, blockCount: 1)
        case .sha1: SHA1Chain.start(memory, SHA1Chain.load(state), size, blockCount: 1)
        case .sha224, .sha256: SHA256Chain.start(memory, SHA256Chain.load(state), size, blockCount: 1)
        case .sha384, .sha512, .sha512_224, .sha512_256:
            SHA512Chain.start(memory, SHA512Chain.load(state), size, blockCount: 1)
        case .sm3: SM3Chain.start(memory, SM3Chain.load(state), size, blockCount: 1)
        }
    }

    /// Adds a piece to the message. No more than a block's rest waits afterwards.
    @inline(__always)
    public func updateStream(in memory: UnsafeMutableRawPointer, _ data: UnsafeRawPointer, byteCount: Int) {
        switch self {
        case .md5: MD5Chain.absorb(memory.asStream(of: MD5Chain.self), data, byteCount)
        case .sha1: SHA1Chain.absorb(memory.asStream(of: SHA1Chain.self), data, byteCount)
        case .sha224, .sha256: SHA256Chain.absorb(memory.asStream(of: SHA256Chain.self), data, byteCount)
        case .sha384, .sha512, .sha512_224, .sha512_256:
            SHA512Chain.absorb(memory.asStream(of: SHA512Chain.self), data, byteCount)
        case .sm3: SM3Chain.absorb(memory.asStream(of: SM3Chain.self), data, byteCount)
        }
    }

    /// Ends the message and writes its digest, `digestByteCount` bytes. The stream is none until it is started again.
    @inline(__always)
    public func finishStream(in memory: UnsafeMutableRawPointer, digest: UnsafeMutableRawPointer) {
        switch self {
        case .md5: MD5Chain.end(memory.asStream(of: MD5Chain.self), digest)
        case .sha1: SHA1Chain.end(memory.asStream(of: SHA1Chain.self), digest)
        case .sha224, .sha256: SHA256Chain.end(memory.asStream(of: SHA256Chain.self), digest)
        case .sha384, .sha512, .sha512_224, .sha512_256:
            SHA512Chain.end(memory.asStream(of: SHA512Chain.self), digest)
        case .sm3: SM3Chain.end(memory.asStream(of: SM3Chain.self), digest)
        }
    }

    /// Takes a message out of its stream: writes the state of the blocks so far, `stateByteCount` bytes, and the block's
    /// rest, and returns how many bytes that has.
    public func exportStream(
        from memory: UnsafeMutableRawPointer, state: UnsafeMutableRawPointer, rest: UnsafeMutableRawPointer
    ) -> Int {
        switch self {
        case .md5: MD5Chain.export(memory, state, rest)
        case .sha1: SHA1Chain.export(memory, state, rest)
        case .sha224, .sha256: SHA256Chain.export(memory, state, rest)
        case .sha384, .sha512, .sha512_224, .sha512_256: SHA512Chain.export(memory, state, rest)
        case .sm3: SM3Chain.export(memory, state, rest)
        }
    }
}

/// A digest chain with a stream around it.
protocol DigestStreamChain: DigestChain {
    /// What a stream is kept in. Begins with the chaining value's words.
    associatedtype Stream

    /// Initialises all but the words: nothing waits, and so many bytes, fewer than 2^29, are in the words already.
    static func begin(_ stream: UnsafeMutablePointer<Stream>, _ digestByteCount: Int, absorbedByteCount: Int)
    static func absorb(_ stream: UnsafeMutablePointer<Stream>, _ data: UnsafeRawPointer, _ byteCount: Int)
    static func end(_ stream: UnsafeMutablePointer<Stream>, _ digest: UnsafeMutableRawPointer)
    /// Where in a stream the block is that is not full yet.
    static var blockOffset: Int { get }
    static func waitingByteCount(_ stream: UnsafeMutablePointer<Stream>) -> Int
}

extension DigestStreamChain {
    @inline(__always)
    fileprivate static func start(
        _ memory: UnsafeMutableRawPointer, _ words: SIMD8<Word>, _ digestByteCount: Int, blockCount: Int = 0
    ) {
        let chain = memory.assumingMemoryBound(to: Word.self)
        for index in 0..<wordCount { chain[index] = words[index] }
        begin(memory.asStream(of: Self.self), digestByteCount, absorbedByteCount: blockCount &* blockByteCount)
    }

    @inline(__always)
    fileprivate static func export(
        _ memory: UnsafeMutableRawPointer, _ state: UnsafeMutableRawPointer, _ rest: UnsafeMutableRawPointer
    ) -> Int {
        let chain = memory.assumingMemoryBound(to: Word.self)
        var words = SIMD8<Word>()
        for index in 0..<wordCount { words[index] = chain[index] }
        store(words, into: state)
        let count = waitingByteCount(memory.asStream(of: Self.self))
        rest.copyMemory(from: memory + blockOffset, byteCount: count)
        return count
    }
}

extension UnsafeMutableRawPointer {
    @inline(__always)
    fileprivate func asStream<Chain: DigestStreamChain>(of chain: Chain.Type) -> UnsafeMutablePointer<Chain.Stream> {
        assumingMemoryBound(to: Chain.Stream.self)
    }
}
