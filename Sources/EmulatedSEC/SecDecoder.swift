// SPDX-License-Identifier: Apache-2.0

import CUacce
import EmulatedQM
import HisiliconABI
import SoftwareCrypto

/// Why a descriptor does not become a job.
enum DecoderStop: Error {
    /// It is wrong, or asks for what there is not.
    case refused(SecErrorType)
    /// It is right, and there is nothing to do.
    case nothingToDo
    /// Its key has no place as long as this batch's earlier jobs wait: run them, begin a batch, decode it again.
    case keyCacheFull
}

/// Turns descriptors into jobs, and believes none of them: whatever a unit relies on is checked here, once.
struct SecDecoder<Descriptor: SecDescriptor>: ~Copyable {
    let addresses: AddressCheck
    let keys: KeyCache

    init(addresses: AddressCheck) {
        self.addresses = addresses
        keys = KeyCache()
    }

    /// Fills in `job`, or says why not. Touches nothing but `job`, the key cache and the memory it reads the key from.
    @inline(__always)
    func decode(_ descriptor: Descriptor, into job: UnsafeMutablePointer<SecJob>) throws(DecoderStop) {
        guard descriptor.typeCode == Descriptor.typeCode else { throw .refused(.descriptorType) }
        guard !descriptor.isInvalid else { throw .nothingToDo }
        guard let cipher = descriptor.cipher, let auth = descriptor.auth else { throw .refused(.mode) }
        job.pointee.error = .none
        job.pointee.scattered = ScatteredData()
        switch (cipher, auth) {
        case (.encrypt, .none): try decodeCipher(descriptor, encrypt: true, into: job)
        case (.decrypt, .none): try decodeCipher(descriptor, encrypt: false, into: job)
        case (.none, .compute): try decodeDigest(descriptor, into: job)
        case (.encrypt, .compute), (.encrypt, .verify), (.decrypt, .compute), (.decrypt, .verify):
            throw .refused(.unsupported)
        case (.none, .none), (.none, .verify), (.copy, _): throw .refused(.mode)
        }
    }

    /// Where a descriptor's data begins: a readable address, or the scatter-gather list it is in.
    @inline(__always)
    func decodeSource(
        _ descriptor: Descriptor, offset: UInt16, byteCount: Int, into job: UnsafeMutablePointer<SecJob>
    ) throws(DecoderStop) {
        if descriptor.sourceIsList {
            job.pointee.scattered.source = descriptor.sourceAddress
            job.pointee.scattered.offset = Int(offset)
        } else {
            job.pointee.source = UnsafeRawPointer(
                try readable(descriptor.sourceAddress, offset: UInt64(offset), byteCount: byteCount))
        }
    }

    /// The same for what is written. Without a destination, data is processed in place.
    @inline(__always)
    func decodeDestination(
        _ descriptor: Descriptor, offset: UInt16, byteCount: Int, into job: UnsafeMutablePointer<SecJob>
    ) throws(DecoderStop) {
        let isList = descriptor.hasDestination ? descriptor.destinationIsList : descriptor.sourceIsList
        let address = descriptor.hasDestination ? descriptor.destinationAddress : descriptor.sourceAddress
        if isList {
            job.pointee.scattered.destination = address
            job.pointee.scattered.offset = Int(offset)
        } else {
            job.pointee.destination = try writable(address, offset: UInt64(offset), byteCount: byteCount)
        }
    }

    /// The address itself, if `byteCount` bytes at `offset` from it may be read. `byteCount` is not zero.
    @inline(__always)
    func readable(_ address: UInt64, offset: UInt64 = 0, byteCount: Int) throws(DecoderStop) -> UnsafeMutableRawPointer
    {
        let (start, overflow) = address.addingReportingOverflow(offset)
        guard !overflow, addresses.isReadable(start, byteCount: byteCount),
            let pointer = UnsafeMutableRawPointer(bitPattern: UInt(start))
        else { throw .refused(.address) }
        return pointer
    }

    /// The address itself, if `byteCount` bytes at `offset` from it may be written. `byteCount` is not zero.
    @inline(__always)
    func writable(_ address: UInt64, offset: UInt64 = 0, byteCount: Int) throws(DecoderStop) -> UnsafeMutableRawPointer
    {
        let (start, overflow) = address.addingReportingOverflow(offset)
        guard !overflow, addresses.isWritable(start, byteCount: byteCount),
            let pointer = UnsafeMutableRawPointer(bitPattern: UInt(start))
        else { throw .refused(.address) }
        return pointer
    }
}

extension SecDescriptor {
    /// What api v2's hardware cannot do: cipher modes other than ECB, CBC and XTS, and empty messages.
    @inline(__always)
    static var isVersion2: Bool { typeCode == SecBD2.typeCode }
}
