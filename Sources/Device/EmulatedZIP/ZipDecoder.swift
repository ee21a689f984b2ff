// SPDX-License-Identifier: Apache-2.0

import CUacce
import EmulatedQM
import HisiliconABI

/// Why a descriptor does not become a job.
struct ZipRefusal: Error {
    let status: ZipStatus
    /// What it named, if memory is not there and the queue is to stop.
    let address: UInt64

    init(_ status: ZipStatus, address: UInt64 = 0) {
        self.status = status
        self.address = address
    }
}

/// Turns descriptors into jobs, and believes none of them.
struct ZipDecoder {
    let version: QueueManagementVersion
    let addresses: AddressCheck

    /// The job of a descriptor, without its data where that is scattered: then input and output are nowhere yet.
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
            if job.inputByteCount > 0 {
                job.input = UnsafePointer(try readable(descriptor.sourceAddress, byteCount: job.inputByteCount))
            }
            if job.room > 0 {
                job.output = try room(descriptor.destinationAddress, byteCount: job.room)
            }
        }
        if descriptor.isStateful {
            _ = try writable(descriptor.contextAddress, byteCount: StreamContext.byteCount)
            job.context = StreamContext(address: descriptor.contextAddress)
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
        let input = (UInt(bitPattern: job.input), descriptor.bufferType == 0 ? job.inputByteCount : 0)
        let output = (UInt(bitPattern: job.output), descriptor.bufferType == 0 ? job.room : 0)
        let context = (UInt(job.context?.address ?? 0), job.context == nil ? 0 : StreamContext.byteCount)
        func meet(_ one: (start: UInt, count: Int), _ other: (start: UInt, count: Int)) -> Bool {
            // Neither ends beyond the address space: that was checked.
            one.count > 0 && other.count > 0 && one.start < other.start &+ UInt(other.count)
                && other.start < one.start &+ UInt(one.count)
        }
        return meet(input, output) || meet(input, context) || meet(output, context)
    }

    private func readable(_ address: UInt64, byteCount: Int) throws(ZipRefusal) -> UnsafeMutablePointer<UInt8> {
        guard addresses.isReadable(address, byteCount: byteCount),
            let pointer = UnsafeMutablePointer<UInt8>(bitPattern: UInt(address))
        else { throw refusal(address) }
        return pointer
    }

    private func writable(_ address: UInt64, byteCount: Int) throws(ZipRefusal) -> UnsafeMutablePointer<UInt8> {
        guard addresses.isWritable(address, byteCount: byteCount),
            let pointer = UnsafeMutablePointer<UInt8>(bitPattern: UInt(address))
        else { throw refusal(address) }
        return pointer
    }

    private func room(_ address: UInt64, byteCount: Int) throws(ZipRefusal) -> UnsafeMutablePointer<UInt8> {
        guard addresses.hasRoom(address, byteCount: byteCount),
            let pointer = UnsafeMutablePointer<UInt8>(bitPattern: UInt(address))
        else { throw refusal(address) }
        return pointer
    }

    /// Of a descriptor that names memory which may not be used.
    func refusal(_ address: UInt64) -> ZipRefusal {
        ZipRefusal(addresses == .guarded ? .translation : .address, address: address)
    }
}
