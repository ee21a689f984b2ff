// SPDX-License-Identifier: Apache-2.0

import CLinux
import CUacce
import EmulatedQM
import HisiliconABI
import SoftwareCrypto
import UacceDevice

/// SEC's half of one queue, for descriptors of one version.
final class SecQueue<Descriptor: SecDescriptor>: FunctionBlockQueue {
    private let decoder: SecDecoder<Descriptor>
    private let units: UnitTable
    private let groups = BatchGroups()
    private let bounce = BounceBuffer()
    /// One per descriptor of a batch. A descriptor that is no job leaves its error there, and no bytes.
    private let jobs: UnsafeMutablePointer<SecJob>
    /// The jobs' own memory for small operands. nil: no other process can change those in use.
    private let operands: UnsafeMutableRawPointer?
    /// What the last job that failed with `.translation` named.
    private var faultAddress = DeviceAddress(0)

    init(library: LibcryptoHolder, choices: UnitChoices, memory: DeviceMemory) {
        decoder = SecDecoder(memory: memory)
        units = UnitTable(library: library, choices: choices)
        jobs = .allocate(capacity: DescriptorBatch.limit)
        jobs.initialize(repeating: .idle, count: DescriptorBatch.limit)
        operands = memory.isShared ? .allocate(byteCount: Self.operandsByteCount, alignment: 64) : nil
        if let operands {
            memset(operands, 0, Self.operandsByteCount)
            for index in 0..<DescriptorBatch.limit { jobs[index].operands = operands + index * Operand.byteCount }
        }
    }

    private static var operandsByteCount: Int { DescriptorBatch.limit * Operand.byteCount }

    deinit {
        wipeOperands()
        operands?.deallocate()
        jobs.deallocate()
    }

    func execute(_ batch: DescriptorBatch) -> BatchResult {
        batch.count == 1 ? executeOne(batch.entries[0]) : executeMany(batch)
    }

    func reject(_ entry: UnsafeMutableRawPointer) {
        complete(entry, .injected)
    }

    /// Jobs of a batch run in any order and complete together: all of them are lost.
    func abandon(_ batch: DescriptorBatch) -> BatchResult {
        for index in 0..<batch.count { complete(batch.entries[index], .translation) }
        decoder.keys.forgetAll()
        bounce.wipe()
        wipeOperands()
        return BatchResult(errorCount: batch.count, faultIndex: batch.count - 1)
    }

    private func wipeOperands() {
        if let operands { linux_wipe(operands, Self.operandsByteCount) }
    }

    private func executeOne(_ entry: UnsafeMutableRawPointer) -> BatchResult {
        decoder.keys.beginBatch()
        let job = jobs
        // The key cache cannot be full of a batch that has only begun.
        if decode(entry, job) == .ready {
            if job.pointee.scattered.parts.isEmpty {
                units.run(job)
            } else {
                runElsewhere(job)
            }
        }
        var result = BatchResult()
        finish(entry, job, &result)
        if job.pointee.error == .translation { noteFault(0, in: &result) }
        return result
    }

    private func executeMany(_ batch: DescriptorBatch) -> BatchResult {
        decoder.keys.beginBatch()
        var count = 0
        var hasFault = false
        while count < batch.count, !hasFault {
            admit(batch.entries[count], jobs + count)
            hasFault = jobs[count].error == .translation
            count &+= 1
        }
        groups.runAll(units)
        if operands != nil {
            for index in 0..<count {
                deliver(jobs + index)
                // The memory was there when the descriptor was decoded.
                if jobs[index].error == .translation {
                    hasFault = true
                    count = index + 1
                    break
                }
            }
        }

        var result = BatchResult()
        for index in 0..<count { finish(batch.entries[index], jobs + index, &result) }
        if hasFault { noteFault(count - 1, in: &result) }
        return result
    }

    @inline(never)
    private func noteFault(_ index: Int, in result: inout BatchResult) {
        result.faultIndex = index
        result.faultAddress = faultAddress.rawValue
    }

    /// Decodes a descriptor of a batch and puts its job where it belongs. Scattered data has only one buffer to be put
    /// together in, so such a job is done at once.
    private func admit(_ entry: UnsafeMutableRawPointer, _ job: UnsafeMutablePointer<SecJob>) {
        var outcome = decode(entry, job)
        if outcome == .keyCacheFull {
            groups.runAll(units)
            decoder.keys.beginBatch()
            outcome = decode(entry, job)
        }
        guard outcome == .ready else { return }
        if job.pointee.scattered.isInPlace {
            groups.add(job)
        } else {
            runScattered(job)
        }
    }

    private enum DecodeOutcome {
        case ready
        /// No job: `error` tells why, if it is an error.
        case stopped
        case keyCacheFull
    }

    @inline(__always)
    private func decode(_ entry: UnsafeMutableRawPointer, _ job: UnsafeMutablePointer<SecJob>) -> DecodeOutcome {
        do throws(DecoderStop) {
            try decoder.decode(entry, into: job)
            return .ready
        } catch {
            job.pointee.byteCount = 0
            job.pointee.additionalByteCount = 0
            job.pointee.hasWrongTag = false
            switch error {
            case .refused(let refusal):
                job.pointee.error = refusal
                return .stopped
            case .fault(let address):
                faultAddress = address
                job.pointee.error = .translation
                return .stopped
            case .nothingToDo:
                job.pointee.error = .none
                return .stopped
            case .keyCacheFull:
                // Should it ever be the last word, it is no success.
                job.pointee.error = .unsupported
                return .keyCacheFull
            }
        }
    }

    /// Runs a job that has no company and not everything where units want it.
    @inline(never)
    private func runElsewhere(_ job: UnsafeMutablePointer<SecJob>) {
        if job.pointee.scattered.isInPlace {
            units.run(job)
        } else {
            runScattered(job)
        }
        if operands != nil { deliver(job) }
    }

    /// Gathers a job's data, runs it, scatters what comes of it. Nothing is written before everything could be.
    @inline(never)
    private func runScattered(_ job: UnsafeMutablePointer<SecJob>) {
        let scattered = job.pointee.scattered
        let additionalByteCount = job.pointee.additionalByteCount
        let byteCount = additionalByteCount + job.pointee.byteCount
        let source = range(scattered.source, .source, .sourceList, of: scattered)
        let destination = range(scattered.destination, .destination, .destinationList, of: scattered)
        bounce.withMemory(byteCount: byteCount) { memory in
            guard let memory else { return job.pointee.error = .scatterGatherList }
            if let destination {
                job.pointee.error = error(of: destination.checkWritable(byteCount: byteCount))
                job.pointee.additionalCopy = memory
                job.pointee.destination = memory + additionalByteCount
            }
            if job.pointee.error == .none, let source {
                job.pointee.error = error(of: source.gather(byteCount: byteCount, into: memory))
                job.pointee.additional = UnsafeRawPointer(memory)
                job.pointee.source = UnsafeRawPointer(memory + additionalByteCount)
            }
            guard job.pointee.error == .none else { return }
            units.run(job)
            if job.pointee.error == .none, !job.pointee.hasWrongTag, let destination {
                job.pointee.error = error(of: destination.scatter(memory, byteCount: byteCount))
            }
        }
    }

    /// Where one side of a job's data lies. nil: where the job says.
    private func range(
        _ address: DeviceAddress, _ side: ScatteredData.Parts, _ list: ScatteredData.Parts, of scattered: ScatteredData
    ) -> ScatteredRange? {
        guard scattered.has(side) else { return nil }
        guard scattered.has(list) else { return .addresses(from: address, decoder.memory) }
        return .list(ScatterGatherList(head: address, memory: decoder.memory), offset: scattered.offset)
    }

    /// Where memory is shared: writes the state, digest, MAC or tag of a job to where it belongs, and forgets the operands.
    @inline(never)
    private func deliver(_ job: UnsafeMutablePointer<SecJob>) {
        if job.pointee.scattered.has(.result), job.pointee.error == .none, !job.pointee.hasWrongTag {
            do throws(MemoryFault) {
                try decoder.memory.write(
                    job.pointee.mac, job.pointee.macByteCount, to: job.pointee.scattered.result)
            } catch {
                job.pointee.error = self.error(of: .address(error.address))
            }
        }
        linux_wipe(job.pointee.operands, Operand.byteCount)
    }

    /// How SEC tells what is wrong with a list; nil: nothing is.
    private func error(of fault: ScatterGatherFault?) -> SecErrorType {
        switch fault {
        case .address(let address):
            guard decoder.memory.stopsAtFaults else { return .address }
            faultAddress = address
            return .translation
        case .list: return .scatterGatherList
        case nil: return .none
        }
    }

    @inline(__always)
    private func finish(
        _ entry: UnsafeMutableRawPointer, _ job: UnsafeMutablePointer<SecJob>, _ result: inout BatchResult
    ) {
        let error = job.pointee.error
        complete(entry, error, tagMatch: job.pointee.hasWrongTag ? secTagMismatch : 0)
        if error == .none {
            result.byteCount &+= job.pointee.byteCount &+ job.pointee.additionalByteCount
        } else {
            result.errorCount &+= 1
        }
    }

    /// Writes a descriptor's result: done, one way or the other.
    @inline(__always)
    private func complete(_ entry: UnsafeMutableRawPointer, _ error: SecErrorType, tagMatch: UInt16 = 0) {
        var result = hisi_sec_result()
        result.done = 1
        result.icv = tagMatch
        result.error_type = error.rawValue
        entry.storeBytes(of: result, toByteOffset: Int(HISI_SEC_RESULT_OFFSET), as: hisi_sec_result.self)
    }
}
