// SPDX-License-Identifier: Apache-2.0

import CUacce
import EmulatedQM
import HisiliconABI
import SoftwareCrypto
import UacceDevice

/// Why a descriptor does not become a job.
enum DecoderStop: Error {
    /// It is wrong, or asks for what there is not.
    case refused(SecErrorType)
    /// It names memory that is not there, and the queue is to stop.
    case fault(DeviceAddress)
    /// It is right, and there is nothing to do.
    case nothingToDo
    /// Its key has no place as long as this batch's earlier jobs wait: run them, begin a batch, decode it again.
    case keyCacheFull
}

/// Turns descriptors into jobs, and believes none of them: whatever a unit relies on is checked here, once.
struct SecDecoder<Descriptor: SecDescriptor>: ~Copyable {
    let memory: DeviceMemory
    let keys: KeyCache
    let lastCipher: UnsafeMutablePointer<DecodedCipher>
    let lastDigest: UnsafeMutablePointer<DecodedDigest>

    init(memory: DeviceMemory) {
        self.memory = memory
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
        job.pointee.scattered.parts = []
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
            job.pointee.scattered.parts.insert(.sourceList)
            job.pointee.scattered.source = DeviceAddress(descriptor.sourceAddress)
            job.pointee.scattered.offset = Int(offset)
        } else if let source = try span(descriptor.sourceAddress, offset: offset, byteCount: byteCount, .read) {
            job.pointee.source = UnsafeRawPointer(source)
        } else {
            job.pointee.scattered.parts.insert(.sourceRange)
            job.pointee.scattered.source = DeviceAddress(descriptor.sourceAddress &+ UInt64(offset))
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
            job.pointee.scattered.parts.insert(.destinationList)
            job.pointee.scattered.destination = DeviceAddress(address)
            job.pointee.scattered.offset = Int(offset)
        } else if let destination = try span(address, offset: offset, byteCount: byteCount, .write) {
            job.pointee.destination = destination
        } else {
            job.pointee.scattered.parts.insert(.destinationRange)
            job.pointee.scattered.destination = DeviceAddress(address &+ UInt64(offset))
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
        if !job.pointee.scattered.has(.source) {
            job.pointee.additional = job.pointee.source
            job.pointee.source += additionalByteCount
        }
        if !job.pointee.scattered.has(.destination) {
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
            ? try result(descriptor.macAddress, byteCount: byteCount, of: job)
            : try operand(.mac, descriptor.macAddress, byteCount: byteCount, of: job)
        job.pointee.macByteCount = byteCount
    }

    /// The cached key for `purpose` at an address.
    @inline(__always)
    func key(
        for purpose: KeyPurpose, at address: UInt64, byteCount: Int, of job: UnsafeMutablePointer<SecJob>
    ) throws(DecoderStop) -> UnsafeMutablePointer<KeyCacheEntry> {
        let key = try operand(.key, address, byteCount: byteCount, of: job)
        guard let entry = keys.entry(for: purpose, key: key, byteCount: byteCount, hint: address) else {
            throw .keyCacheFull
        }
        return entry
    }

    /// Where `byteCount` bytes of an operand can be read, not zero: in place, or, where memory is shared, in the job's own.
    @inline(__always)
    func operand(
        _ operand: Operand, _ field: UInt64, byteCount: Int, of job: UnsafeMutablePointer<SecJob>
    ) throws(DecoderStop) -> UnsafeMutableRawPointer {
        guard memory.isTrusting else { return try copy(operand, field, byteCount: byteCount, of: job) }
        return try span(field, byteCount: byteCount, .read).unsafelyUnwrapped
    }

    /// Where `byteCount` bytes of a result are written, not zero: to their place, or, where memory is shared, to the job's
    /// own, from where they are copied when all is done.
    @inline(__always)
    func result(
        _ field: UInt64, byteCount: Int, of job: UnsafeMutablePointer<SecJob>
    ) throws(DecoderStop) -> UnsafeMutableRawPointer {
        guard memory.isTrusting else { return try divert(field, byteCount: byteCount, of: job) }
        return try span(field, byteCount: byteCount, .write).unsafelyUnwrapped
    }

    @inline(never)
    private func copy(
        _ operand: Operand, _ field: UInt64, byteCount: Int, of job: UnsafeMutablePointer<SecJob>
    ) throws(DecoderStop) -> UnsafeMutableRawPointer {
        if !memory.isShared { return try span(field, byteCount: byteCount, .read).unsafelyUnwrapped }
        let place = job.pointee.operands + operand.rawValue
        job.pointee.scattered.parts.insert(.operands)
        do throws(MemoryFault) {
            try memory.read(DeviceAddress(field), byteCount, into: place)
        } catch {
            throw stop(at: error.address)
        }
        return place
    }

    @inline(never)
    private func divert(
        _ field: UInt64, byteCount: Int, of job: UnsafeMutablePointer<SecJob>
    ) throws(DecoderStop) -> UnsafeMutableRawPointer {
        let place = try span(field, byteCount: byteCount, .write)
        if !memory.isShared { return place.unsafelyUnwrapped }
        job.pointee.scattered.parts.insert(.result)
        job.pointee.scattered.result = DeviceAddress(field)
        return job.pointee.operands + Operand.mac.rawValue
    }

    /// Where `byteCount` bytes lie, not zero, at `offset` from what a field says. nil: in several pieces, as they may where
    /// memory is shared.
    @inline(__always)
    private func span(
        _ field: UInt64, offset: UInt16 = 0, byteCount: Int, _ access: MemoryAccess
    ) throws(DecoderStop) -> UnsafeMutableRawPointer? {
        guard let address = DeviceAddress(field).advanced(by: UInt64(offset)) else {
            throw stop(at: DeviceAddress(field &+ UInt64(offset)))
        }
        do throws(MemoryFault) {
            return try memory.span(address, byteCount, access)
        } catch {
            throw stop(at: error.address)
        }
    }

    /// How SEC stops at an address that it may not use.
    @inline(never)
    private func stop(at address: DeviceAddress) -> DecoderStop {
        memory.stopsAtFaults ? .fault(address) : .refused(.address)
    }
}

extension SecDescriptor {
    /// What api v2's hardware cannot do: cipher modes other than ECB, CBC and XTS, and empty messages.
    @inline(__always)
    static var isVersion2: Bool { typeCode == SecBD2.typeCode }
}
