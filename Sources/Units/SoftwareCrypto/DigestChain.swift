// SPDX-License-Identifier: Apache-2.0

import CLinux

/// A family of digests that differ in initial value and length of output only, by its compression function.
protocol DigestChain {
    associatedtype Word: FixedWidthInteger & UnsignedInteger & SIMDScalar
    /// What the compression function works on. Begins with the chaining value's words.
    associatedtype Context

    /// Words of the chaining value, at most 8.
    static var wordCount: Int { get }
    static var blockByteCount: Int { get }
    /// Byte order of words in the message, the length field and the digest.
    static var isBigEndian: Bool { get }
    /// Initialises what else a context has; its words may be set before or after.
    static func prepare(_ context: UnsafeMutablePointer<Context>)
    static func run(_ context: UnsafeMutablePointer<Context>, _ blocks: UnsafeRawPointer, _ blockCount: Int)
}

/// The end of a message, and how long the message is.
struct DigestTail {
    let start: UnsafeRawPointer
    let byteCount: Int
    let totalByteCount: UInt64

    init(_ start: UnsafeRawPointer, _ byteCount: Int, totalByteCount: UInt64) {
        self.start = start
        self.byteCount = byteCount
        self.totalByteCount = totalByteCount
    }
}

extension DigestChain {
    /// The chaining value serialised at `state`.
    @inline(__always)
    static func load(_ state: UnsafeRawPointer) -> SIMD8<Word> {
        var words = SIMD8<Word>()
        for index in 0..<wordCount {
            let word = state.loadUnaligned(fromByteOffset: index * MemoryLayout<Word>.size, as: Word.self)
            words[index] = isBigEndian ? Word(bigEndian: word) : Word(littleEndian: word)
        }
        return words
    }

    @inline(__always)
    static func store(_ words: SIMD8<Word>, into state: UnsafeMutableRawPointer) {
        for index in 0..<wordCount {
            let word = isBigEndian ? words[index].bigEndian : words[index].littleEndian
            state.storeBytes(of: word, toByteOffset: index * MemoryLayout<Word>.size, as: Word.self)
        }
    }

    /// Feeds whole blocks into a serialised state.
    static func compress(_ state: UnsafeMutableRawPointer, _ blocks: UnsafeRawPointer, _ blockCount: Int) {
        withContext(load(state)) { context, words in
            run(context, blocks, blockCount)
            store(copy(words), into: state)
        }
    }

    /// Feeds the rest of a message, padding included, and writes the first `digestByteCount` bytes of the state.
    static func finish(
        _ start: SIMD8<Word>, _ tail: DigestTail, _ digest: UnsafeMutableRawPointer, _ digestByteCount: Int
    ) {
        withContext(start) { context, words in
            // The masks and shifts of a power of two; `/` would trap on a negative count in a debug build only.
            let restByteCount = tail.byteCount & (blockByteCount - 1)
            let wholeByteCount = tail.byteCount - restByteCount
            if wholeByteCount != 0 { run(context, tail.start, wholeByteCount / blockByteCount) }
            withUnsafeTemporaryAllocation(byteCount: 2 * blockByteCount, alignment: 16) { buffer in
                let padded = buffer.baseAddress!
                let blockCount = pad(tail.start + wholeByteCount, restByteCount, tail.totalByteCount, into: padded)
                run(context, padded, blockCount)
                if restByteCount != 0 { linux_wipe(padded, restByteCount) }
            }
            storePrefix(words, digestByteCount, into: digest)
        }
    }

    /// The last one or two blocks: the rest of the message, a one bit, zeros, the message's length in bits.
    static func pad(
        _ rest: UnsafeRawPointer, _ byteCount: Int, _ totalByteCount: UInt64, into padded: UnsafeMutableRawPointer
    ) -> Int {
        // The length field has two words' room.
        let blockCount = byteCount + 1 + 2 * MemoryLayout<Word>.size <= blockByteCount ? 1 : 2
        let end = padded + blockCount * blockByteCount
        if byteCount != 0 { memcpy(padded, rest, byteCount) }
        padded.storeBytes(of: 0x80, toByteOffset: byteCount, as: UInt8.self)
        memset(padded + byteCount + 1, 0, end - padded - byteCount - 1)
        let bitCount = totalByteCount &<< 3
        (end - 8).storeBytes(of: isBigEndian ? bitCount.bigEndian : bitCount.littleEndian, as: UInt64.self)
        if MemoryLayout<Word>.size == 8 {
            (end - 16).storeBytes(of: (totalByteCount &>> 61).bigEndian, as: UInt64.self)
        }
        return blockCount
    }

    /// Writes the first `byteCount` bytes of the state, a multiple of four: SHA-512/224 ends in the middle of a word.
    @inline(__always)
    private static func storePrefix(
        _ words: UnsafeMutablePointer<Word>, _ byteCount: Int, into digest: UnsafeMutableRawPointer
    ) {
        let wordByteCount = MemoryLayout<Word>.size
        let wholeCount = byteCount / wordByteCount
        for index in 0..<wholeCount {
            let word = isBigEndian ? words[index].bigEndian : words[index].littleEndian
            digest.storeBytes(of: word, toByteOffset: index * wordByteCount, as: Word.self)
        }
        if wholeCount * wordByteCount != byteCount {
            let upper = UInt32(truncatingIfNeeded: words[wholeCount] >> 32)
            digest.storeBytes(of: upper.bigEndian, toByteOffset: wholeCount * wordByteCount, as: UInt32.self)
        }
    }

    /// A context on the stack, holding `words`, wiped afterwards.
    @inline(__always)
    private static func withContext(
        _ words: SIMD8<Word>, _ body: (UnsafeMutablePointer<Context>, UnsafeMutablePointer<Word>) -> Void
    ) {
        withUnsafeTemporaryAllocation(of: Context.self, capacity: 1) { memory in
            let context = memory.baseAddress!
            let chain = UnsafeMutableRawPointer(context).assumingMemoryBound(to: Word.self)
            prepare(context)
            for index in 0..<wordCount { chain[index] = words[index] }
            body(context, chain)
            linux_wipe(chain, wordCount * MemoryLayout<Word>.size)
        }
    }

    @inline(__always)
    private static func copy(_ chain: UnsafeMutablePointer<Word>) -> SIMD8<Word> {
        var words = SIMD8<Word>()
        for index in 0..<wordCount { words[index] = chain[index] }
        return words
    }
}
