// SPDX-License-Identifier: Apache-2.0

import CUacce
import EmulatedQM
import HisiliconABI
import SoftwareCrypto

/// SEC's half of one queue, for descriptors of one version.
final class SecQueue<Descriptor: SecDescriptor>: FunctionBlockQueue {
    private let decoder: SecDecoder<Descriptor>
    private let units: UnitTable
    private let groups = BatchGroups()
    private let bounce = BounceBuffer()
    /// One per descriptor of a batch.
    private let jobs: UnsafeMutablePointer<SecJob>
    /// Where the jobs' descriptors are.
    private let states: UnsafeMutablePointer<SlotState>

    /// How far a descriptor of a batch has come.
    private enum SlotState {
        /// Its job waits for a unit.
        case waiting
        /// Its job is done; `error` tells how.
        case finished
        /// There was no job.
        case stopped(SecErrorType)
    }

    init(library: LibcryptoHolder, addresses: AddressCheck) {
        decoder = SecDecoder(addresses: addresses)
        units = UnitTable(library: library)
        jobs = .allocate(capacity: DescriptorBatch.limit)
        jobs.initialize(repeating: .idle, count: DescriptorBatch.limit)
        states = .allocate(capacity: DescriptorBatch.limit)
        states.initialize(repeating: .finished, count: DescriptorBatch.limit)
    }

    deinit {
        jobs.deallocate()
        states.deallocate()
    }

    func execute(_ batch: DescriptorBatch) -> BatchResult {
        batch.count == 1 ? executeOne(batch.entries[0]) : executeMany(batch)
    }

    func reject(_ entry: UnsafeMutableRawPointer) {
        complete(entry, .injected)
    }

    private func executeOne(_ entry: UnsafeMutableRawPointer) -> BatchResult {
        decoder.keys.beginBatch()
        let job = jobs
        do throws(DecoderStop) {
            try decoder.decode(entry.assumingMemoryBound(to: Descriptor.self).pointee, into: job)
        } catch {
            switch error {
            case .refused(let refusal):
                complete(entry, refusal)
                return BatchResult(errorCount: 1)
            case .nothingToDo, .keyCacheFull:  // An empty batch leaves room in every set.
                complete(entry, .none)
                return BatchResult()
            }
        }
        if job.pointee.scattered.isEmpty {
            units.run(job)
        } else {
            runScattered(job)
        }
        let failure = job.pointee.error
        complete(entry, failure)
        return failure == .none ? BatchResult(byteCount: job.pointee.byteCount) : BatchResult(errorCount: 1)
    }

    private func executeMany(_ batch: DescriptorBatch) -> BatchResult {
        decoder.keys.beginBatch()
        for index in 0..<batch.count { states[index] = admit(batch.entries[index], jobs + index) }
        groups.runAll(units)

        var result = BatchResult()
        for index in 0..<batch.count {
            let job = jobs + index
            let failure: SecErrorType
            switch states[index] {
            case .waiting, .finished:
                failure = job.pointee.error
                if failure == .none { result.byteCount &+= job.pointee.byteCount }
            case .stopped(let reason):
                failure = reason
            }
            if failure != .none { result.errorCount &+= 1 }
            complete(batch.entries[index], failure)
        }
        return result
    }

    /// Decodes a descriptor of a batch and puts its job where it belongs. Scattered data has only one buffer to be put
    /// together in, so such a job is done at once.
    private func admit(_ entry: UnsafeMutableRawPointer, _ job: UnsafeMutablePointer<SecJob>) -> SlotState {
        while true {
            do throws(DecoderStop) {
                try decoder.decode(entry.assumingMemoryBound(to: Descriptor.self).pointee, into: job)
            } catch {
                switch error {
                case .refused(let refusal): return .stopped(refusal)
                case .nothingToDo: return .stopped(.none)
                case .keyCacheFull:
                    groups.runAll(units)
                    decoder.keys.beginBatch()
                    continue
                }
            }
            guard job.pointee.scattered.isEmpty else {
                runScattered(job)
                return .finished
            }
            groups.add(job)
            return .waiting
        }
    }

    /// Gathers a job's data, runs it, scatters the result. Nothing is written before everything could be.
    @inline(never)
    private func runScattered(_ job: UnsafeMutablePointer<SecJob>) {
        let scattered = job.pointee.scattered
        let byteCount = job.pointee.byteCount
        let destination = scattered.destination.map { ScatterGatherList(head: $0, addresses: decoder.addresses) }
        bounce.withMemory(byteCount: byteCount) { memory in
            guard let memory else { return job.pointee.error = .scatterGatherList }
            if let destination {
                job.pointee.error = destination.checkWritable(offset: scattered.offset, byteCount: byteCount)
                job.pointee.destination = memory
            }
            if job.pointee.error == .none, let head = scattered.source {
                let source = ScatterGatherList(head: head, addresses: decoder.addresses)
                job.pointee.error = source.gather(offset: scattered.offset, byteCount: byteCount, into: memory)
                job.pointee.source = UnsafeRawPointer(memory)
            }
            guard job.pointee.error == .none else { return }
            units.run(job)
            if job.pointee.error == .none, let destination {
                job.pointee.error = destination.scatter(memory, offset: scattered.offset, byteCount: byteCount)
            }
        }
    }

    /// Writes a descriptor's result: done, one way or the other.
    @inline(__always)
    private func complete(_ entry: UnsafeMutableRawPointer, _ error: SecErrorType) {
        var result = hisi_sec_result()
        result.done = 1
        result.error_type = error.rawValue
        entry.storeBytes(of: result, toByteOffset: Int(HISI_SEC_RESULT_OFFSET), as: hisi_sec_result.self)
    }
}
