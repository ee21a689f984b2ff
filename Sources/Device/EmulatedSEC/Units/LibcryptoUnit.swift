// SPDX-License-Identifier: Apache-2.0

import CLinux
import HisiliconABI
import SoftwareCrypto

/// libcrypto, one job after the other: does everything there is a unit for.
final class LibcryptoUnit: SecUnit {
    private let library: LibcryptoHolder

    init(library: LibcryptoHolder) {
        self.library = library
    }

    func canRun(_ job: UnsafeMutablePointer<SecJob>) -> Bool { true }

    func run(_ jobs: UnsafeMutablePointer<UnsafeMutablePointer<SecJob>>, count: Int) {
        for index in 0..<count { run(jobs[index]) }
    }

    /// Not inlined: all that is called from here is, and it is called from many places.
    @inline(never)
    func run(_ job: UnsafeMutablePointer<SecJob>) {
        switch job.pointee.operation.work {
        case .cipher: runCipher(job)
        case .digest: runDigest(job.pointee.digest, job)
        case .hmac: runHMAC(job.pointee.digest, job)
        case .aead: runAEAD(job)
        case .blockMAC: runBlockMAC(job)
        case .gmac: runGMAC(job)
        case .ghash: runGHASH(job)
        case .gcmPart: runGCMPart(job)
        case .cipherAndHMAC: runCipherAndHMAC(job)
        case .none: break
        }
    }

    /// What a key was expanded to, now if need be. nil leaves an error in the job.
    @inline(__always)
    func expansion(
        of entry: UnsafeMutablePointer<KeyCacheEntry>?, for job: UnsafeMutablePointer<SecJob>
    ) -> LibcryptoKey? {
        guard let entry, let key = entry.pointee.libcrypto ?? expand(entry) else {
            // No memory.
            job.pointee.error = .keyLength
            return nil
        }
        return key
    }

    @inline(never)
    private func expand(_ entry: UnsafeMutablePointer<KeyCacheEntry>) -> LibcryptoKey? {
        let key = LibcryptoKey(entry, library)
        entry.pointee.libcrypto = key
        return key
    }

    @inline(__always)
    private func runCipher(_ job: UnsafeMutablePointer<SecJob>) {
        let isDone: Bool
        switch expansion(of: job.pointee.key, for: job) {
        case .cipher(let cipher):
            isDone = cipher._withUnsafeGuaranteedRef {
                $0.run(
                    iv: job.pointee.iv, input: job.pointee.source, output: job.pointee.destination,
                    byteCount: job.pointee.byteCount)
            }
        case .tweaked(let cipher): isDone = runTweaked(cipher, job)
        case .stealing(let cipher): isDone = runStealing(cipher, job)
        default: return
        }
        if !isDone { job.pointee.error = .dataLength }
    }

    @inline(never)
    private func runTweaked(_ cipher: Unmanaged<TweakedCipher>, _ job: UnsafeMutablePointer<SecJob>) -> Bool {
        guard let iv = job.pointee.iv else { return false }
        return cipher._withUnsafeGuaranteedRef {
            $0.run(
                iv: iv, standard: job.pointee.hasNationalTweaks ? .national : .ieee, input: job.pointee.source,
                output: job.pointee.destination, byteCount: job.pointee.byteCount)
        }
    }

    @inline(never)
    private func runStealing(_ cipher: Unmanaged<StealingCipher>, _ job: UnsafeMutablePointer<SecJob>) -> Bool {
        guard let iv = job.pointee.iv else { return false }
        return cipher._withUnsafeGuaranteedRef {
            $0.run(
                iv: iv, input: job.pointee.source, output: job.pointee.destination, byteCount: job.pointee.byteCount)
        }
    }

    @inline(__always)
    private func runDigest(_ algorithm: DigestAlgorithm, _ job: UnsafeMutablePointer<SecJob>) {
        switch job.pointee.part {
        case .single:
            writeMAC(job, byteCount: algorithm.digestByteCount) {
                algorithm.digest(message: job.pointee.source, byteCount: job.pointee.byteCount, into: $0)
            }
        case .end:
            writeMAC(job, byteCount: algorithm.digestByteCount) {
                algorithm.finish(
                    state: job.pointee.state, tail: job.pointee.source, tailByteCount: job.pointee.byteCount,
                    totalByteCount: job.pointee.totalByteCount, digest: $0)
            }
        case .first:
            compress(algorithm, job) { algorithm.initialState(into: $0) }
        case .middle:
            compress(algorithm, job) { memcpy($0, job.pointee.state, algorithm.stateByteCount) }
        }
    }

    /// Feeds a job's blocks into the state that `start` writes, and stores it. Not before all else is done: data may lie
    /// where it goes.
    @inline(__always)
    func compress(
        _ algorithm: DigestAlgorithm, _ job: UnsafeMutablePointer<SecJob>, start: (UnsafeMutableRawPointer) -> Void
    ) {
        withState { state in
            start(state)
            algorithm.compress(
                state: state, blocks: job.pointee.source, blockCount: job.pointee.byteCount / algorithm.blockByteCount)
            memcpy(job.pointee.mac, state, job.pointee.macByteCount)
        }
    }

    /// Has `write` write the MAC, `byteCount` bytes: where it belongs, or aside if only its beginning is wanted.
    @inline(__always)
    func writeMAC(
        _ job: UnsafeMutablePointer<SecJob>, byteCount: Int, _ write: (UnsafeMutableRawPointer) -> Void
    ) {
        if job.pointee.macByteCount == byteCount {
            write(job.pointee.mac)
        } else {
            withState { mac in
                write(mac)
                memcpy(job.pointee.mac, mac, job.pointee.macByteCount)
            }
        }
    }

    /// Room for a state or a MAC on the stack, wiped afterwards.
    @inline(__always)
    func withState(_ body: (UnsafeMutableRawPointer) -> Void) {
        withUnsafeTemporaryAllocation(byteCount: DigestAlgorithm.largestStateByteCount, alignment: 16) {
            body($0.baseAddress!)
            linux_wipe($0.baseAddress!, DigestAlgorithm.largestStateByteCount)
        }
    }
}
