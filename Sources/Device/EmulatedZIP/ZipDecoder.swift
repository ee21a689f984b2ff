// SPDX-License-Identifier: Apache-2.0

import CUacce
import EmulatedQM
import HisiliconABI
import UacceDevice

/// Why a descriptor does not become a job.
struct ZipRefusal: Error {
    let status: ZipStatus
    /// What it named, if memory is not there and the queue is to stop.
    let address: DeviceAddress

    init(_ status: ZipStatus, address: DeviceAddress = DeviceAddress(0)) {
        self.status = status
        self.address = address
    }
}

/// Turns descriptors into jobs, and believes none of them.
struct ZipDecoder {
    let version: QueueManagementVersion
    let memory: DeviceMemory

    /// The job of a descriptor, without its data where that is scattered or shared: then input and output, and the memory of
    /// the context, are nowhere yet.
    func decode(_ descriptor: ZipDescriptor, compresses: Bool) throws(ZipRefusal) -> ZipJob {
        guard descriptor.typeCode == ZipDescriptor.typeCode(version), let format = descriptor.requestType,
            version == .v3 || format != .deflate, descriptor.bufferType <= 1
        else { throw ZipRefusal(.requestType) }
        guard descriptor.inputByteCount <= HISI_ZIP_DATA_LENGTH_MAX, descriptor.windowCode <= ZipWindow.largestCode,
            // A stream that stands alone both begins and, compressing, ends.
            descriptor.isStateful || (descriptor.beginsStream && (descriptor.finishes || !compresses))
        else { throw ZipRefusal(.parameter) }

        let nowhere = UnsafeMutablePointer<UInt8>(bitPattern: 1).unsafelyUnwrapped
        var job = ZipJob(input: UnsafePointer(nowhere), output: nowhere)
        job.format = format
        job.inputByteCount = Int(descriptor.inputByteCount)
        // As the driver does, the device takes a larger output for as much as it can use of it.
        job.room = Int(min(descriptor.outputByteCount, HISI_ZIP_DATA_LENGTH_MAX))
        job.level = min(Int(descriptor.level), 9)
        job.windowBits = ZipWindow.bits(code: descriptor.windowCode)
        job.finishes = descriptor.finishes
        job.beginsStream = descriptor.beginsStream
        if descriptor.bufferType == 0 {
            let source = DeviceAddress(descriptor.sourceAddress)
            let destination = DeviceAddress(descriptor.destinationAddress)
            if job.inputByteCount > 0, let input = try bytes(source, job.inputByteCount, .read) {
                job.input = UnsafePointer(input)
            }
            if job.room > 0, let output = try bytes(destination, job.room, .room) { job.output = output }
        }
        if descriptor.isStateful {
            let address = DeviceAddress(descriptor.contextAddress)
            let context = try bytes(address, StreamContext.byteCount, .write)
            job.context = StreamContext(address: address, memory: context ?? nowhere, isCopy: memory.isShared)
        }
        guard !hasOverlap(job, descriptor) else { throw ZipRefusal(.parameter) }
        if job.beginsStream {
            job.checksum = job.initialChecksum
        } else {
            job.checksum = format == .gzip ? zipWireChecksum(crc32: descriptor.checksum) : descriptor.checksum
            job.streamByteCount = descriptor.streamByteCount
        }
        return job
    }

    /// Whether what is written lies over anything else: units count on it that it does not.
    private func hasOverlap(_ job: ZipJob, _ descriptor: ZipDescriptor) -> Bool {
        let input = (descriptor.sourceAddress, descriptor.bufferType == 0 ? job.inputByteCount : 0)
        let output = (descriptor.destinationAddress, descriptor.bufferType == 0 ? job.room : 0)
        let context = (descriptor.contextAddress, job.context == nil ? 0 : StreamContext.byteCount)
        func meet(_ one: (start: UInt64, count: Int), _ other: (start: UInt64, count: Int)) -> Bool {
            // Neither ends beyond the address space: that was checked.
            one.count > 0 && other.count > 0 && one.start < other.start &+ UInt64(other.count)
                && other.start < one.start &+ UInt64(one.count)
        }
        return meet(input, output) || meet(input, context) || meet(output, context)
    }

    /// Where bytes lie. nil: they are not to be used there, but copied, as another process may change them.
    private func bytes(
        _ address: DeviceAddress, _ byteCount: Int, _ access: MemoryAccess
    ) throws(ZipRefusal) -> UnsafeMutablePointer<UInt8>? {
        do throws(MemoryFault) {
            let span = try memory.span(address, byteCount, access)
            return memory.isShared ? nil : span?.assumingMemoryBound(to: UInt8.self)
        } catch {
            throw refusal(error.address)
        }
    }

    /// Of a descriptor that names memory which may not be used.
    func refusal(_ address: DeviceAddress) -> ZipRefusal {
        ZipRefusal(memory.stopsAtFaults ? .translation : .address, address: address)
    }
}
