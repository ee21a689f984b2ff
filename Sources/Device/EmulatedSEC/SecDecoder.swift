// SPDX-License-Identifier: Apache-2.0

import CUacce
import EmulatedQM
import HisiliconABI
import SoftwareCrypto

/// Why a descriptor does not become a job.
enum DecoderStop: Error {
    /// It is wrong, or asks for what there is not.
    case refused(SecErrorType)
    /// It names memory that is not there, and the queue is to stop.
    case fault(UInt64)
    /// It is right, and there is nothing to do.
    case nothingToDo
    /// Its key has no place as long as this batch's earlier jobs wait: run them, begin a batch, decode it again.
    case keyCacheFull
}

/// Turns descriptors into jobs, and believes none of them: whatever a unit relies on is checked here, once.
struct SecDecoder<Descriptor: SecDescriptor>: ~Copyable {
    let addresses: AddressCheck
    let keys: KeyCache
    let lastCipher: UnsafeMutablePointer<DecodedCipher>
    let lastDigest: UnsafeMutablePointer<DecodedDigest>

    init(addresses: AddressCheck) {
        self.addresses = addresses
        keys = KeyCache()
        lastCipher = .allocate(capacity: 1)
        lastCipher.initialize(to: DecodedCipher())
        lastDigest = .allocate(capacity: 1)
        lastDigest.initialize(to: DecodedDigest())
    }

    deinit {
        lastCipher.deallocate()
        lastDigest.deallocate()
    }

    /// Fills in `job` from the descriptor at `entry`, or says why not. Touches nothing but `job`, the key cache, the last
    /// cipher and digest, and the memory it reads the key from.
    @inline(__always)
    func decode(_ entry: UnsafeMutableRawPointer, into job: UnsafeMutablePointer<SecJob>) throws(DecoderStop) {
        job.pointee.error = .none
        job.pointee.hasWrongTag = false
        job.pointee.scattered = ScatteredData()
        job.pointee.additionalByteCount = 0
        let shape = Descriptor.shape(entry)
        let descriptor = entry.assumingMemoryBound(to: Descriptor.self).pointee
        if shape == lastCipher.pointee.shape {
            try decodeAddresses(descriptor, lastCipher.pointee, into: job)
        } else if shape == lastDigest.pointee.shape {
            try decodeDigest(descriptor, lastDigest.pointee, into: job)
        } else {
            try decodeAll(descriptor, shape, into: job)
        }
    }

    @inline(never)
    private func decodeAll(
        _ descriptor: Descriptor, _ shape: SecShape, into job: UnsafeMutablePointer<SecJob>
    ) throws(DecoderStop) {
        guard descriptor.typeCode == Descriptor.typeCode else { throw .refused(.descriptorType) }
        guard !descriptor.isInvalid else { throw .nothingToDo }
        guard let cipher = descriptor.cipher, let auth = descriptor.auth else { throw .refused(.mode) }
        switch (cipher, auth) {
        case (.encrypt, .none): try decodeCipher(descriptor, encrypt: true, shape, into: job)
        case (.decrypt, .none): try decodeCipher(descriptor, encrypt: false, shape, into: job)
        case (.none, .compute): try decodeAuthentication(descriptor, shape, into: job)
        case (.encrypt, .compute): try decodeCipherAndHMAC(descriptor, encrypt: true, into: job)
        case (.decrypt, .verify): try decodeCipherAndHMAC(descriptor, encrypt: false, into: job)
        case (.encrypt, .verify), (.decrypt, .compute): throw .refused(.unsupported)
        case (.none, .none), (.none, .verify), (.copy, _): throw .refused(.mode)
        }
    }

    /// A cipher without authentication, or with its own.
    @inline(__always)
    private func decodeCipher(
        _ descriptor: Descriptor, encrypt: Bool, _ shape: SecShape, into job: UnsafeMutablePointer<SecJob>
    ) throws(DecoderStop) {
        switch descriptor.cipherMode {
        case .gcm, .ccm: try decodeAEAD(descriptor, encrypt: encrypt, into: job)
        default: try decodePlainCipher(descriptor, encrypt: encrypt, shape: shape, into: job)
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

    /// Additional data and the data that follows it, `additionalByteCount` and `byteCount` bytes, and room for both.
    func decodeMessage(
        _ descriptor: Descriptor, additionalByteCount: Int, byteCount: Int, into job: UnsafeMutablePointer<SecJob>
    ) throws(DecoderStop) {
        // The two may not be apart: they are gathered, and copied, as one.
        let offset = additionalByteCount == 0 ? descriptor.cipherSourceOffset : descriptor.authSourceOffset
        guard Int(offset) &+ additionalByteCount == Int(descriptor.cipherSourceOffset) else {
            throw .refused(.dataLength)
        }
        let total = additionalByteCount &+ byteCount
        try decodeSource(descriptor, offset: offset, byteCount: total, into: job)
        try decodeDestination(descriptor, offset: offset, byteCount: total, into: job)
        job.pointee.additionalByteCount = additionalByteCount
        job.pointee.byteCount = byteCount
        // Where data is scattered these come later.
        if !descriptor.sourceIsList {
            job.pointee.additional = job.pointee.source
            job.pointee.source += additionalByteCount
        }
        if job.pointee.scattered.destination == nil {
            job.pointee.additionalCopy = job.pointee.destination
            job.pointee.destination += additionalByteCount
        }
    }

    /// Where `byteCount` bytes of MAC or tag go, or where those are that must be right.
    @inline(__always)
    func decodeTag(
        _ descriptor: Descriptor, byteCount: Int, encrypt: Bool, into job: UnsafeMutablePointer<SecJob>
    ) throws(DecoderStop) {
        job.pointee.mac =
            encrypt
            ? try writable(descriptor.macAddress, byteCount: byteCount)
            : try readable(descriptor.macAddress, byteCount: byteCount)
        job.pointee.macByteCount = byteCount
    }

    /// The cached key for `purpose` at an address.
    @inline(__always)
    func key(
        for purpose: KeyPurpose, at address: UInt64, byteCount: Int
    ) throws(DecoderStop) -> UnsafeMutablePointer<KeyCacheEntry> {
        let key = try readable(address, byteCount: byteCount)
        guard let entry = keys.entry(for: purpose, key: key, byteCount: byteCount) else { throw .keyCacheFull }
        return entry
    }

    /// The address itself, if `byteCount` bytes at `offset` from it may be read. `byteCount` is not zero.
    @inline(__always)
    func readable(_ address: UInt64, offset: UInt64 = 0, byteCount: Int) throws(DecoderStop) -> UnsafeMutableRawPointer
    {
        let (start, overflow) = address.addingReportingOverflow(offset)
        guard !overflow, addresses.isReadable(start, byteCount: byteCount),
            let pointer = UnsafeMutableRawPointer(bitPattern: UInt(start))
        else { throw addresses == .guarded ? .fault(start) : .refused(.address) }
        return pointer
    }

    /// The address itself, if `byteCount` bytes at `offset` from it may be written. `byteCount` is not zero.
    @inline(__always)
    func writable(_ address: UInt64, offset: UInt64 = 0, byteCount: Int) throws(DecoderStop) -> UnsafeMutableRawPointer
    {
        let (start, overflow) = address.addingReportingOverflow(offset)
        guard !overflow, addresses.isWritable(start, byteCount: byteCount),
            let pointer = UnsafeMutableRawPointer(bitPattern: UInt(start))
        else { throw addresses == .guarded ? .fault(start) : .refused(.address) }
        return pointer
    }
}

extension SecDescriptor {
    /// What api v2's hardware cannot do: cipher modes other than ECB, CBC and XTS, and empty messages.
    @inline(__always)
    static var isVersion2: Bool { typeCode == SecBD2.typeCode }
}
