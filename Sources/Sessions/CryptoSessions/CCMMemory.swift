// SPDX-License-Identifier: Apache-2.0

import CUacce
import HisiliconABI
import HisiliconDriver

/// The part of a CCM session that the device sees. It stays at one address for as long as the session lives.
///
/// SEC2 does CCM a whole message at once, and wants the additional data right before the payload. They do not lie so:
/// the additional data is here or in a buffer of its own, the payload is the caller's. Scatter-gather lists put them
/// together, as UADK has it for data in pieces, and the payload is not copied.
struct CCMMemory: SessionMemory {
    let base: UnsafeMutableRawPointer

    /// nil: there is no memory.
    init?() {
        guard let base = Self.makeBase() else { return nil }
        self.base = base
    }

    private static let firstBlockOffset = 224
    private static let counterBlockOffset = 240
    private static let tagOffset = 256
    private static let chainOffset = 272
    private static let sourceListOffset = 320
    private static let destinationListOffset = 512
    private static let associatedOffset = 704
    static let byteCount = associatedOffset + associatedCapacity
    /// Bytes at `associated`: records' headers and the like. More lies elsewhere.
    static let associatedCapacity = 64

    /// B0, which the authentication begins with (SP 800-38C, A.2.1).
    @inline(__always) var firstBlock: UnsafeMutableRawPointer { base + Self.firstBlockOffset }
    /// The counter block of the payload's first block (A.3); the device finds that of the tag by itself.
    @inline(__always) var counterBlock: UnsafeMutableRawPointer { base + Self.counterBlockOffset }
    /// 16 bytes.
    @inline(__always) var tag: UnsafeMutableRawPointer { base + Self.tagOffset }
    /// What authenticates the message so far, where its additional data was too long to be kept: 16 bytes.
    @inline(__always) var chain: UnsafeMutableRawPointer { base + Self.chainOffset }
    @inline(__always) var associated: UnsafeMutableRawPointer { base + Self.associatedOffset }

    /// What both blocks say of a message.
    ///
    /// UADK and Linux write no more of the length than its last two bytes. The standard's whole length is the same for
    /// messages shorter than 64 KiB. What the nonce leaves no room for is cut off.
    func writeBlocks(_ nonce: UnsafeRawPointer, nonceByteCount: Int, tagByteCount: Int, byteCount: Int) {
        let lengthCode = UInt8(truncatingIfNeeded: 14 - nonceByteCount)
        firstBlock.storeBytes(
            of: UInt8(truncatingIfNeeded: (tagByteCount - 2) / 2) << 3 | lengthCode, as: UInt8.self)
        firstBlock.storeBytes(of: UInt64(byteCount).bigEndian, toByteOffset: 8, as: UInt64.self)
        counterBlock.storeBytes(of: lengthCode, as: UInt8.self)
        counterBlock.storeBytes(of: UInt64(1).bigEndian, toByteOffset: 8, as: UInt64.self)
        (firstBlock + 1).copyMemory(from: nonce, byteCount: nonceByteCount)
        (counterBlock + 1).copyMemory(from: nonce, byteCount: nonceByteCount)
    }

    /// One message, whose blocks are written: its additional data and payload.
    struct Message {
        var associated: UnsafeRawPointer
        var associatedByteCount: Int
        var input: UnsafeRawPointer
        /// `input` itself, or apart from it.
        var output: UnsafeMutableRawPointer
        var byteCount: Int
        var tagByteCount: Int
        var isEncrypting: Bool
        var keyByteCount: Int
    }

    @inline(__always)
    func prepare(_ message: Message, version: QueueManagementVersion) {
        let additionalFlag: UInt8 = message.associatedByteCount == 0 ? 0 : 1 << 6
        let flags = firstBlock.load(as: UInt8.self) & ~(1 << 6) | additionalFlag
        firstBlock.storeBytes(of: flags, as: UInt8.self)
        switch version {
        case .v2: prepare(SecBD2.self, message)
        case .v3: prepare(SecBD3.self, message)
        }
    }

    private func prepare<Descriptor: SecDescriptor>(_ type: Descriptor.Type, _ message: Message) {
        var descriptor = Descriptor.cipher(
            message.isEncrypting ? .encrypt : .decrypt, .aes, .ccm,
            keyCode: SecKeyLength.code(.aes, byteCount: message.keyByteCount) ?? 0)
        descriptor.authenticatesFirst = !message.isEncrypting
        descriptor.cipherKeyAddress = address(key)
        descriptor.cipherIVAddress = address(counterBlock)
        descriptor.authStateAddress = address(firstBlock)
        descriptor.macAddress = address(tag)
        descriptor.icvByteCount = UInt8(truncatingIfNeeded: message.tagByteCount)
        descriptor.authByteCount = UInt32(truncatingIfNeeded: message.associatedByteCount)
        descriptor.cipherByteCount = UInt32(truncatingIfNeeded: message.byteCount)
        descriptor.cipherSourceOffset = UInt16(truncatingIfNeeded: message.associatedByteCount)
        if message.associatedByteCount == 0 {
            descriptor.sourceAddress = address(message.input)
            descriptor.destinationAddress = address(message.output)
        } else if message.byteCount == 0 {
            descriptor.sourceAddress = address(message.associated)
            descriptor.destinationAddress = address(message.associated)
        } else {
            // The device copies the additional data to where it is.
            writeList(Self.sourceListOffset, message, message.input)
            descriptor.sourceIsList = true
            descriptor.sourceAddress = address(base + Self.sourceListOffset)
            descriptor.destinationIsList = true
            descriptor.destinationAddress = descriptor.sourceAddress
            if message.input != UnsafeRawPointer(message.output) {
                writeList(Self.destinationListOffset, message, UnsafeRawPointer(message.output))
                descriptor.destinationAddress = address(base + Self.destinationListOffset)
            }
        }
        request.descriptor(as: type).initialize(to: descriptor)
    }

    /// Entries of a list: the additional data, and a payload of up to 16 MiB.
    private static let entriesPerList = 3

    private func writeList(_ offset: Int, _ message: Message, _ payload: UnsafeRawPointer) {
        var count = 0
        func append(_ start: UnsafeRawPointer, _ byteCount: Int) {
            var entry = hisi_qm_sge()
            entry.buffer = address(start)
            entry.length = UInt32(truncatingIfNeeded: byteCount)
            let place = offset + MemoryLayout<hisi_qm_sgl>.size + count * MemoryLayout<hisi_qm_sge>.size
            base.storeBytes(of: entry, toByteOffset: place, as: hisi_qm_sge.self)
            count += 1
        }
        append(message.associated, message.associatedByteCount)
        let first = min(message.byteCount, Int(HISI_QM_SGE_LENGTH_MAX))
        append(payload, first)
        if first < message.byteCount { append(payload + first, message.byteCount - first) }
        var head = hisi_qm_sgl()
        head.entry_sum_in_chain = UInt16(truncatingIfNeeded: count)
        head.entry_sum_in_sgl = UInt16(truncatingIfNeeded: count)
        head.entry_length_in_sgl = UInt16(truncatingIfNeeded: Self.entriesPerList)
        base.storeBytes(of: head, toByteOffset: offset, as: hisi_qm_sgl.self)
    }

    @inline(__always)
    private func address(_ pointer: UnsafeRawPointer) -> UInt64 { Request.address(of: pointer) }
}
