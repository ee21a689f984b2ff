// SPDX-License-Identifier: Apache-2.0

import CLinux
import COpenSSL
import Host

/// What libssl tells a CBC cipher about the records of TLS 1.0 to 1.2 and DTLS, and the padding and MAC at their end.
///
/// Whether padding is right, how long it is and where the MAC begins are secrets: an attacker who learns them from the
/// time that a record takes can decrypt it (Lucky Thirteen). So everything below that depends on the record's content
/// runs over the same bytes in the same order whatever they are.
struct TLSRecordParameters: ~Copyable {
    /// SSL3_VERSION and up; 0: no TLS.
    var version: UInt32 = 0
    /// Bytes of MAC inside each record; 0 with encrypt-then-MAC.
    var macByteCount = 0
    /// The MAC of the record that was opened last: `macByteCount` bytes, or nil.
    private(set) var mac: UnsafeMutableRawPointer?
    /// Whether `mac` is memory of its own, rather than the end of the record.
    private var ownsMAC = false

    /// EVP_MAX_MD_SIZE.
    static let largestMACByteCount = 64

    init() {}

    /// The parameters, without the MAC of a record: a copy of a context has opened none.
    init(copying other: borrowing TLSRecordParameters) {
        version = other.version
        macByteCount = other.macByteCount
    }

    deinit {
        if ownsMAC { free(mac) }
    }

    private mutating func setMAC(_ newMAC: UnsafeMutableRawPointer?, isOwned: Bool) {
        if ownsMAC { free(mac) }
        mac = newMAC
        ownsMAC = isOwned
    }

    /// Writes the padding of a record to be encrypted (RFC 5246, 6.2.3.2): each byte says how many there are besides
    /// the last.
    func pad(_ record: UnsafeMutablePointer<UInt8>, from start: Int, to end: Int) {
        let value = UInt8(truncatingIfNeeded: end - start - 1)
        memset(record + start, version == UInt32(SSL3_VERSION_NUMBER) ? 0 : Int32(value), end - start)
        record[end - 1] = value
    }

    /// Takes padding and MAC off a decrypted record, and puts the MAC aside.
    ///
    /// - Returns: bytes of payload, or nil where the record's length alone shows that it is invalid. With bad padding
    ///   the MAC is a random one, which will not match: the caller finds out with the same work as ever.
    mutating func open(_ record: UnsafeMutablePointer<UInt8>, byteCount: Int, blockByteCount: Int) -> Int? {
        setMAC(nil, isOwned: false)
        var record = record
        var length = byteCount
        switch version {
        case 0x0302, 0x0303, 0xfeff, 0xfefd, 0x0100:
            // TLS 1.1, 1.2, DTLS 1.0, 1.2 and the early DTLS that Cisco used: the first block is the IV.
            guard length >= blockByteCount else { return nil }
            record += blockByteCount
            length -= blockByteCount
        case UInt32(SSL3_VERSION_NUMBER), 0x0301: break
        default: return nil
        }
        guard length >= macByteCount + 1, macByteCount <= Self.largestMACByteCount else { return nil }
        let padding = UInt64(record[length - 1])
        let good =
            version == UInt32(SSL3_VERSION_NUMBER)
            ? ssl3PaddingMask(padding, length, blockByteCount) : tlsPaddingMask(record, padding, length)
        let end = UInt64(length) &- (good & (padding &+ 1))
        guard macByteCount > 0 else {
            // With no MAC inside, the record is authentic already and there is nothing to hide.
            return good == 0 ? nil : Int(end)
        }
        guard let copy = copyMAC(record, length, end: end, good: good) else { return nil }
        setMAC(copy, isOwned: true)
        return Int(end) - macByteCount
    }

    /// Takes the MAC off the end of a decrypted record without padding (a stream cipher's), where its place is no
    /// secret. Returns bytes of payload, or nil where the record is too short.
    mutating func splitMAC(_ record: UnsafeMutablePointer<UInt8>, byteCount: Int) -> Int? {
        guard macByteCount > 0 else { return byteCount }
        guard byteCount >= macByteCount else { return nil }
        setMAC(UnsafeMutableRawPointer(record + (byteCount - macByteCount)), isOwned: false)
        return byteCount - macByteCount
    }

    /// All ones where SSL 3.0 padding is right: no longer than a block, with any content.
    private func ssl3PaddingMask(_ padding: UInt64, _ length: Int, _ blockByteCount: Int) -> UInt64 {
        ConstantTimeMask.isGreaterOrEqual(UInt64(length), padding &+ UInt64(macByteCount) &+ 1)
            & ConstantTimeMask.isGreaterOrEqual(UInt64(blockByteCount), padding &+ 1)
    }

    /// All ones where TLS padding is right: it fits, and each of its bytes says its length.
    private func tlsPaddingMask(_ record: UnsafeMutablePointer<UInt8>, _ padding: UInt64, _ length: Int) -> UInt64 {
        var good = ConstantTimeMask.isGreaterOrEqual(UInt64(length), padding &+ UInt64(macByteCount) &+ 1)
        // As many bytes as any padding could have, whatever this one has.
        let checked = min(256, length)
        for index in 0..<checked {
            let isPadding = ConstantTimeMask.isGreaterOrEqual(padding, UInt64(index))
            let difference = padding ^ UInt64(record[length - 1 - index])
            good &= ~(isPadding & (0 &- difference | difference) &>> 63 &* UInt64.max)
        }
        return ConstantTimeMask.isZero(~good)
    }

    /// Copies the `macByteCount` bytes before `end`, which is secret, into new memory; random bytes where `good` is 0.
    private func copyMAC(
        _ record: UnsafeMutablePointer<UInt8>, _ length: Int, end: UInt64, good: UInt64
    ) -> UnsafeMutableRawPointer? {
        let count = macByteCount
        let start = end &- UInt64(count)
        guard let copy = malloc(count) else { return nil }
        let bytes = copy.assumingMemoryBound(to: UInt8.self)
        var random: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0)
        let hasRandom = withUnsafeMutableBytes(of: &random) { getentropy($0.baseAddress!, count) == 0 }
        guard hasRandom else {
            free(copy)
            return nil
        }
        // Where the MAC can begin at all is public: padding has at most 256 bytes.
        let first = max(0, length - count - 256)
        withUnsafeBytes(of: &random) { random in
            for index in 0..<count {
                var byte: UInt64 = 0
                for position in first..<length {
                    let isHere = ConstantTimeMask.isZero(UInt64(position) ^ (start &+ UInt64(index)))
                    byte |= UInt64(record[position]) & isHere
                }
                bytes[index] = UInt8(truncatingIfNeeded: (byte & good) | (UInt64(random[index]) & ~good))
            }
        }
        return copy
    }
}

/// SSL 3.0's version number (openssl/ssl3.h).
private let SSL3_VERSION_NUMBER = 0x0300
