// SPDX-License-Identifier: Apache-2.0

import CLinux

/// HMAC (RFC 2104) under one key: the states of the inner and the outer digest with the padded key behind them.
///
/// Like `DigestAlgorithm`, it leaves the message's state to the caller: that begins as `innerState`, goes through
/// `algorithm.compress`, and ends in `finish`. A key never changes, so several threads and contexts may share one. It
/// is wiped when the object goes.
public final class HMACKey: @unchecked Sendable {
    public let algorithm: DigestAlgorithm
    /// The inner state, then the outer one.
    private let states: UnsafeMutableRawPointer

    /// - Parameters:
    ///   - key: `byteCount` bytes, any number of them. A key longer than a block is replaced by its digest.
    public init(_ algorithm: DigestAlgorithm, key: UnsafeRawPointer, byteCount: Int) {
        self.algorithm = algorithm
        let stateByteCount = algorithm.stateByteCount
        states = .allocate(byteCount: 2 * stateByteCount, alignment: 16)
        let blockByteCount = algorithm.blockByteCount
        withUnsafeTemporaryAllocation(byteCount: DigestAlgorithm.largestBlockByteCount, alignment: 16) {
            let block = $0.baseAddress!
            memset(block, 0, blockByteCount)
            if byteCount > blockByteCount {
                algorithm.digest(message: key, byteCount: byteCount, into: block)
            } else if byteCount != 0 {
                memcpy(block, key, byteCount)
            }
            // ipad, and from that opad.
            exclusiveOr(block, 0x3636_3636_3636_3636, byteCount: blockByteCount)
            algorithm.initialState(into: states)
            algorithm.compress(state: states, blocks: block, blockCount: 1)
            exclusiveOr(block, 0x3636_3636_3636_3636 ^ 0x5c5c_5c5c_5c5c_5c5c, byteCount: blockByteCount)
            algorithm.initialState(into: states + stateByteCount)
            algorithm.compress(state: states + stateByteCount, blocks: block, blockCount: 1)
            linux_wipe(block, blockByteCount)
        }
    }

    deinit {
        linux_wipe(states, 2 * algorithm.stateByteCount)
        states.deallocate()
    }

    /// Bytes of the MAC.
    public var macByteCount: Int { algorithm.digestByteCount }

    /// Writes the state that a message starts from, `algorithm.stateByteCount` bytes: one block, the padded key, is in
    /// it.
    public func innerState(into state: UnsafeMutableRawPointer) {
        memcpy(state, states, algorithm.stateByteCount)
    }

    /// Writes the state that the inner digest goes into, `algorithm.stateByteCount` bytes, the padded key in it.
    public func outerState(into state: UnsafeMutableRawPointer) {
        memcpy(state, states + algorithm.stateByteCount, algorithm.stateByteCount)
    }

    /// Feeds the rest of a message into a state and writes the MAC.
    ///
    /// - Parameters:
    ///   - state: `algorithm.stateByteCount` bytes that began as `innerState`, left as they are.
    ///   - tail: what the state has not seen yet, of any length.
    ///   - totalByteCount: of the whole message, tail included, padded key not.
    ///   - mac: room for `macByteCount` bytes; may overlap `state` and `tail`.
    public func finish(
        state: UnsafeRawPointer, tail: UnsafeRawPointer, tailByteCount: Int, totalByteCount: UInt64,
        mac: UnsafeMutableRawPointer
    ) {
        withUnsafeTemporaryAllocation(byteCount: DigestAlgorithm.largestStateByteCount, alignment: 16) {
            let inner = $0.baseAddress!
            let blockByteCount = UInt64(algorithm.blockByteCount)
            algorithm.finish(
                state: state, tail: tail, tailByteCount: tailByteCount,
                totalByteCount: totalByteCount &+ blockByteCount, digest: inner)
            finish(innerDigest: inner, mac: mac)
            linux_wipe(inner, algorithm.digestByteCount)
        }
    }

    /// Writes the MAC, given the digest of padded key and message.
    ///
    /// - Parameters:
    ///   - innerDigest: `algorithm.digestByteCount` bytes.
    ///   - mac: room for `macByteCount` bytes; may be `innerDigest`.
    public func finish(innerDigest: UnsafeRawPointer, mac: UnsafeMutableRawPointer) {
        let digestByteCount = algorithm.digestByteCount
        algorithm.finish(
            state: states + algorithm.stateByteCount, tail: innerDigest, tailByteCount: digestByteCount,
            totalByteCount: UInt64(algorithm.blockByteCount + digestByteCount), digest: mac)
    }

    /// The MAC of a whole message of `byteCount` bytes.
    ///
    /// - Parameter mac: room for `macByteCount` bytes; may overlap `message`.
    public func authenticate(message: UnsafeRawPointer, byteCount: Int, mac: UnsafeMutableRawPointer) {
        finish(state: states, tail: message, tailByteCount: byteCount, totalByteCount: UInt64(byteCount), mac: mac)
    }
}

/// Combines every word at `start`, which is aligned, with `mask`.
private func exclusiveOr(_ start: UnsafeMutableRawPointer, _ mask: UInt64, byteCount: Int) {
    let words = start.assumingMemoryBound(to: UInt64.self)
    for index in 0..<(byteCount / 8) { words[index] ^= mask }
}
