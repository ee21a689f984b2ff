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

    func run(_ jobs: UnsafeMutablePointer<UnsafeMutablePointer<SecJob>>, count: Int) {
        for index in 0..<count { run(jobs[index]) }
    }

    @inline(__always)
    func run(_ job: UnsafeMutablePointer<SecJob>) {
        if let digest = job.pointee.operation.digestAlgorithm {
            runDigest(digest, job)
        } else {
            runCipher(job)
        }
    }

    @inline(__always)
    private func runCipher(_ job: UnsafeMutablePointer<SecJob>) {
        guard let key = job.pointee.key, let cipher = key.pointee.libcrypto ?? expand(key) else {
            // An XTS key of two equal halves, or no memory.
            job.pointee.error = .keyLength
            return
        }
        let isDone = cipher._withUnsafeGuaranteedRef {
            $0.run(
                iv: job.pointee.iv, input: job.pointee.source, output: job.pointee.destination,
                byteCount: job.pointee.byteCount)
        }
        if !isDone { job.pointee.error = .dataLength }
    }

    @inline(never)
    private func expand(_ key: UnsafeMutablePointer<KeyCacheEntry>) -> Unmanaged<SoftwareCipher>? {
        guard let library = library.get(),
            let cipher = SoftwareCipher(
                library, key.pointee.kind, key: UnsafeRawPointer(key), encrypt: key.pointee.encrypt)
        else { return nil }
        let owned = Unmanaged.passRetained(cipher)
        key.pointee.libcrypto = owned
        return owned
    }

    @inline(__always)
    private func runDigest(_ algorithm: DigestAlgorithm, _ job: UnsafeMutablePointer<SecJob>) {
        switch job.pointee.part {
        case .single, .end: finishDigest(algorithm, job)
        case .first:
            // The state is not written before all else is done: data may lie where it goes.
            withState { state in
                algorithm.initialState(into: state)
                compress(algorithm, job, state)
            }
        case .middle:
            withState { state in
                memcpy(state, job.pointee.state, algorithm.stateByteCount)
                compress(algorithm, job, state)
            }
        }
    }

    @inline(__always)
    private func finishDigest(_ algorithm: DigestAlgorithm, _ job: UnsafeMutablePointer<SecJob>) {
        if job.pointee.macByteCount == algorithm.digestByteCount {
            writeDigest(algorithm, job, job.pointee.mac)
        } else {
            withState { digest in
                writeDigest(algorithm, job, digest)
                memcpy(job.pointee.mac, digest, job.pointee.macByteCount)
            }
        }
    }

    @inline(__always)
    private func writeDigest(
        _ algorithm: DigestAlgorithm, _ job: UnsafeMutablePointer<SecJob>, _ digest: UnsafeMutableRawPointer
    ) {
        if job.pointee.part == .single {
            algorithm.digest(message: job.pointee.source, byteCount: job.pointee.byteCount, into: digest)
        } else {
            algorithm.finish(
                state: job.pointee.state, tail: job.pointee.source, tailByteCount: job.pointee.byteCount,
                totalByteCount: job.pointee.totalByteCount, digest: digest)
        }
    }

    @inline(__always)
    private func compress(
        _ algorithm: DigestAlgorithm, _ job: UnsafeMutablePointer<SecJob>, _ state: UnsafeMutableRawPointer
    ) {
        algorithm.compress(
            state: state, blocks: job.pointee.source, blockCount: job.pointee.byteCount / algorithm.blockByteCount)
        memcpy(job.pointee.mac, state, job.pointee.macByteCount)
    }

    /// Room for a state or a digest on the stack, wiped afterwards.
    @inline(__always)
    private func withState(_ body: (UnsafeMutableRawPointer) -> Void) {
        withUnsafeTemporaryAllocation(byteCount: DigestAlgorithm.largestStateByteCount, alignment: 16) {
            body($0.baseAddress!)
            linux_wipe($0.baseAddress!, DigestAlgorithm.largestStateByteCount)
        }
    }
}
