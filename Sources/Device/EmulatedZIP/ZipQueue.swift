// SPDX-License-Identifier: Apache-2.0

import EmulatedQM
import HisiliconABI
import UacceDevice

/// ZIP's half of one queue, for one direction. Requests are done in ring order: a stream's may be posted together.
final class ZipQueue: FunctionBlockQueue {

    private let decoder: ZipDecoder
    private let compression: Compression?
    private let decompression: Decompression?
    private let bounce = BounceBuffer()
    /// Which descriptor of the batch is being executed, and what those before it came to.
    private var current = 0
    private var done = BatchResult()
    /// What the last request that failed with `.translation` named.
    private var faultAddress = DeviceAddress(0)

    init(compressingWith plan: ZipUnitPlan, _ decoder: ZipDecoder) {
        self.decoder = decoder
        compression = Compression(plan)
        decompression = nil
    }

    init(decompressing streams: InflaterStore, _ decoder: ZipDecoder) {
        self.decoder = decoder
        compression = nil
        decompression = Decompression(streams, space: decoder.memory.id)
    }

    func execute(_ batch: DescriptorBatch) -> BatchResult {
        done = BatchResult()
        for index in 0..<batch.count {
            current = index
            let entry = batch.entries[index].assumingMemoryBound(to: ZipDescriptor.self)
            do throws(ZipRefusal) {
                var job = try decoder.decode(entry.pointee, compresses: compression != nil)
                if entry.pointee.bufferType == 0, !decoder.memory.isShared {
                    run(&job)
                } else {
                    runApart(&job, entry.pointee)
                }
                finish(entry, job)
                if job.isGood {
                    // Of the side that is not compressed.
                    done.byteCount &+= compression != nil ? job.consumed : job.produced
                } else {
                    done.errorCount &+= 1
                }
            } catch {
                faultAddress = error.address
                refuse(entry, error.status)
                done.errorCount &+= 1
            }
            if entry.pointee.status == .translation {
                done.faultIndex = index
                done.faultAddress = faultAddress.rawValue
                break
            }
        }
        return done
    }

    /// Requests are done one by one: those before the one that it happened to are complete.
    func abandon(_ batch: DescriptorBatch) -> BatchResult {
        refuse(batch.entries[current].assumingMemoryBound(to: ZipDescriptor.self), .translation)
        bounce.wipe()
        done.errorCount &+= 1
        done.faultIndex = current
        return done
    }

    func reject(_ entry: UnsafeMutableRawPointer) {
        refuse(entry.assumingMemoryBound(to: ZipDescriptor.self), .injected)
    }

    private func run(_ job: inout ZipJob) {
        compression?.run(&job)
        decompression?.run(&job)
    }

    /// Copies a job's input, and the context of a stream where that is shared, runs it, copies the output to where it
    /// belongs. Nothing is begun before all of the room is known to be there.
    ///
    /// Units cannot bear input or a window that is changed meanwhile: they read it more than once, and index with it.
    @inline(never)
    private func runApart(_ job: inout ZipJob, _ descriptor: ZipDescriptor) {
        let source = range(descriptor.sourceAddress, offset: descriptor.inputOffset, of: descriptor)
        let destination = range(descriptor.destinationAddress, offset: descriptor.outputOffset, of: descriptor)
        let room = job.room
        if room > 0, let fault = destination.checkWritable(byteCount: room) { return job.fail(status(of: fault)) }
        let inputByteCount = job.inputByteCount
        // What is decompressed has its state elsewhere.
        let copiesContext = compression != nil && job.context?.isCopy == true
        let contextByteCount = copiesContext ? StreamContext.byteCount : 0
        bounce.withMemory(byteCount: max(contextByteCount + inputByteCount + room, 1)) { memory in
            guard let memory else { return job.fail(.resource) }
            if inputByteCount > 0,
                let fault = source.gather(byteCount: inputByteCount, into: memory + contextByteCount)
            {
                return job.fail(status(of: fault))
            }
            job.input = UnsafePointer((memory + contextByteCount).assumingMemoryBound(to: UInt8.self))
            job.output = (memory + contextByteCount + inputByteCount).assumingMemoryBound(to: UInt8.self)
            var context: ScatteredRange?
            if copiesContext, let address = job.context?.address {
                let range = ScatteredRange.addresses(from: address, decoder.memory)
                if let fault = range.gather(byteCount: contextByteCount, into: memory) {
                    return job.fail(status(of: fault))
                }
                job.context = StreamContext(address: address, memory: memory, isCopy: true)
                context = range
            }
            run(&job)
            guard job.isGood else { return }
            if let context, let fault = context.scatter(memory, byteCount: contextByteCount) {
                return job.fail(status(of: fault))
            }
            if job.produced > 0, let fault = destination.scatter(job.output, byteCount: job.produced) {
                // The list was changed meanwhile.
                job.fail(status(of: fault))
            }
        }
    }

    private func range(_ field: UInt64, offset: UInt32, of descriptor: ZipDescriptor) -> ScatteredRange {
        let address = DeviceAddress(field)
        guard descriptor.bufferType != 0 else { return .addresses(from: address, decoder.memory) }
        return .list(ScatterGatherList(head: address, memory: decoder.memory), offset: Int(offset))
    }

    /// The status that says what is wrong with a list.
    private func status(of fault: ScatterGatherFault) -> ZipStatus {
        switch fault {
        case .address(let address):
            let refusal = decoder.refusal(address)
            faultAddress = refusal.address
            return refusal.status
        case .list: return .scatterGatherList
        }
    }

    /// Writes a job's result into its descriptor.
    private func finish(_ entry: UnsafeMutablePointer<ZipDescriptor>, _ job: ZipJob) {
        entry.pointee.status = job.status
        entry.pointee.isLastBlock = job.isLastBlock
        entry.pointee.consumed = UInt32(job.consumed)
        entry.pointee.produced = UInt32(job.produced)
        entry.pointee.contextWords = (UInt32(job.state.rawValue), 0, 0)
        guard job.isGood else { return }
        entry.pointee.checksum = job.format == .gzip ? zipWireChecksum(crc32: job.checksum) : job.checksum
        if job.format == .deflate { entry.pointee.checksum = 0 }
        entry.pointee.streamByteCount = job.streamByteCount
    }

    private func refuse(_ entry: UnsafeMutablePointer<ZipDescriptor>, _ status: ZipStatus) {
        entry.pointee.status = status
        entry.pointee.isLastBlock = false
        entry.pointee.consumed = 0
        entry.pointee.produced = 0
    }
}

extension ZipJob {
    /// Whether what came of it counts.
    var isGood: Bool {
        status == .ok || status == .expanded || status == .decompressionEnd || status == .wrongChecksum
    }
}
