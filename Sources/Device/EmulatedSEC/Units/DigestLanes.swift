// SPDX-License-Identifier: Apache-2.0

import CLinux
import HisiliconABI
import SoftwareCrypto
import VectorKernels

/// Digests and HMACs of many messages side by side, each from its own chaining value, as the descriptors of a stream ask.
///
/// All that is compressed goes through lanes: first the whole blocks of all messages, then their padded ends, then, for
/// HMACs, the blocks of the outer digest. The end of a short message is most of it.
final class DigestLanes {
    private let kernels: UnsafePointer<vector_kernels>
    private let libcrypto: LibcryptoUnit
    private let limit: Int
    private let lanes: UnsafeMutablePointer<digest_lane>
    /// A chaining value for each job ...
    private let states: UnsafeMutableRawPointer
    /// ... and the padded end of its message.
    private let ends: UnsafeMutableRawPointer

    private static let stateStride = DigestAlgorithm.largestStateByteCount
    private static let endStride = 2 * DigestAlgorithm.largestBlockByteCount

    /// - Parameter limit: most jobs in one call of `run`.
    init(_ kernels: UnsafePointer<vector_kernels>, libcrypto: LibcryptoUnit, limit: Int) {
        self.kernels = kernels
        self.libcrypto = libcrypto
        self.limit = limit
        lanes = .allocate(capacity: limit)
        states = .allocate(byteCount: limit * Self.stateStride, alignment: 64)
        ends = .allocate(byteCount: limit * Self.endStride, alignment: 64)
    }

    deinit {
        lanes.deallocate()
        states.deallocate()
        ends.deallocate()
    }

    /// Does `count` jobs of one operation. A job whose key cannot be expanded has an error afterwards.
    func run(_ jobs: UnsafeMutablePointer<UnsafeMutablePointer<SecJob>>, count: Int) {
        let algorithm = jobs[0].pointee.digest
        let isKeyed = jobs[0].pointee.operation.work == .hmac
        let words = DigestWords(algorithm)
        var ready = 0
        for index in 0..<count where start(jobs[index], algorithm, isKeyed: isKeyed, words, place: ready) {
            jobs[ready] = jobs[index]
            ready += 1
        }
        compress(algorithm, ready)
        for place in 0..<ready { addEnd(of: jobs[place], algorithm, isKeyed: isKeyed, place) }
        compress(algorithm, ready)
        if isKeyed {
            for place in 0..<ready { startOuter(jobs[place], algorithm, words, place) }
            compress(algorithm, ready)
        }
        for place in 0..<ready {
            words.swap(state(place))
            memcpy(jobs[place].pointee.mac, state(place), jobs[place].pointee.macByteCount)
        }
        linux_wipe(states, ready * Self.stateStride)
        linux_wipe(ends, ready * Self.endStride)
    }

    private func state(_ place: Int) -> UnsafeMutableRawPointer { states + place * Self.stateStride }
    private func end(_ place: Int) -> UnsafeMutableRawPointer { ends + place * Self.endStride }

    /// Puts the whole blocks of a job's data into a lane, with the state they begin from. False: the job has an error.
    private func start(
        _ job: UnsafeMutablePointer<SecJob>, _ algorithm: DigestAlgorithm, isKeyed: Bool, _ words: DigestWords,
        place: Int
    ) -> Bool {
        switch job.pointee.part {
        case .middle, .end: memcpy(state(place), job.pointee.state, algorithm.stateByteCount)
        case .first, .single:
            if isKeyed {
                guard let key = hmacKey(job) else { return false }
                key.innerState(into: state(place))
            } else {
                algorithm.initialState(into: state(place))
            }
        }
        words.swap(state(place))
        lanes[place] = digest_lane(
            state: state(place), blocks: job.pointee.source.assumingMemoryBound(to: UInt8.self),
            block_count: job.pointee.byteCount / algorithm.blockByteCount)
        return true
    }

    /// Puts the end of a job's message into its lane; nothing, if the message goes on.
    private func addEnd(
        of job: UnsafeMutablePointer<SecJob>, _ algorithm: DigestAlgorithm, isKeyed: Bool, _ place: Int
    ) {
        lanes[place].block_count = 0
        guard job.pointee.endsMessage else { return }
        let byteCount = job.pointee.byteCount
        let total = job.pointee.part == .single ? UInt64(byteCount) : job.pointee.totalByteCount
        // The padded key is part of what an HMAC digests.
        let before = isKeyed ? UInt64(algorithm.blockByteCount) : 0
        let whole = byteCount / algorithm.blockByteCount * algorithm.blockByteCount
        fill(place, algorithm, job.pointee.source + whole, byteCount - whole, totalByteCount: before &+ total)
    }

    /// Puts the inner digest into a job's lane, with the state that has the outer key in it.
    private func startOuter(
        _ job: UnsafeMutablePointer<SecJob>, _ algorithm: DigestAlgorithm, _ words: DigestWords, _ place: Int
    ) {
        lanes[place].block_count = 0
        guard job.pointee.endsMessage, let key = hmacKey(job) else { return }
        words.swap(state(place))
        fill(
            place, algorithm, state(place), algorithm.digestByteCount,
            totalByteCount: UInt64(algorithm.blockByteCount + algorithm.digestByteCount))
        key.outerState(into: state(place))
        words.swap(state(place))
    }

    /// Makes a lane's next blocks of the rest of a message.
    private func fill(
        _ place: Int, _ algorithm: DigestAlgorithm, _ rest: UnsafeRawPointer, _ byteCount: Int, totalByteCount: UInt64
    ) {
        lanes[place].block_count = algorithm.pad(
            rest, byteCount: byteCount, totalByteCount: totalByteCount, into: end(place))
        lanes[place].blocks = UnsafePointer(end(place).assumingMemoryBound(to: UInt8.self))
    }

    private func hmacKey(_ job: UnsafeMutablePointer<SecJob>) -> HMACKey? {
        guard case .hmac(let key) = libcrypto.expansion(of: job.pointee.key, for: job) else { return nil }
        return key.takeUnretainedValue()
    }

    private func compress(_ algorithm: DigestAlgorithm, _ count: Int) {
        switch algorithm {
        case .md5: kernels.pointee.md5_lanes(lanes, count)
        case .sha1: kernels.pointee.sha1_lanes(lanes, count)
        case .sha224, .sha256: kernels.pointee.sha256_lanes(lanes, count)
        case .sha384, .sha512, .sha512_224, .sha512_256: kernels.pointee.sha512_lanes(lanes, count)
        case .sm3: kernels.pointee.sm3_lanes(lanes, count)
        }
    }
}

extension SecJob {
    /// Whether the data of a digest or an HMAC is the last of its message.
    fileprivate var endsMessage: Bool { part == .single || part == .end }
}

/// How the words of a digest's state lie in memory: descriptors have them as the digest's output has, kernels want them
/// in the processor's order.
private struct DigestWords {
    private let byteCount: Int
    private let isLittleEndian: Bool
    private let is64Bit: Bool

    init(_ algorithm: DigestAlgorithm) {
        byteCount = algorithm.stateByteCount
        isLittleEndian = algorithm == .md5
        is64Bit = algorithm.blockByteCount == 128
    }

    /// From one form to the other, in place, at an aligned address.
    @inline(__always)
    func swap(_ state: UnsafeMutableRawPointer) {
        if is64Bit {
            let words = state.assumingMemoryBound(to: UInt64.self)
            for index in 0..<(byteCount / 8) { words[index] = words[index].bigEndian }
        } else {
            let words = state.assumingMemoryBound(to: UInt32.self)
            for index in 0..<(byteCount / 4) {
                words[index] = isLittleEndian ? words[index].littleEndian : words[index].bigEndian
            }
        }
    }
}
