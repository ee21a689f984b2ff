// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// An `EVP_MAC_CTX`.
final class MACContext: @unchecked Sendable {
    private(set) var raw: OpaquePointer
    let mac: MAC

    init(_ mac: MAC) {
        self.mac = mac
        raw = EVP_MAC_CTX_new(mac.raw)!
    }

    /// nil if the copy failed.
    init?(copying other: MACContext) {
        guard let copy = EVP_MAC_CTX_dup(other.raw) else { return nil }
        mac = other.mac
        raw = copy
    }

    deinit { EVP_MAC_CTX_free(raw) }

    /// Starts a message; nil: with the key from before.
    func initialize(key: [UInt8]?, _ parameters: Parameters? = nil) -> Int32 {
        guard let parameters else { return EVP_MAC_init(raw, key, key?.count ?? 0, nil) }
        return parameters.pass { EVP_MAC_init(raw, key, key?.count ?? 0, $0) }
    }

    func update(_ data: UnsafeBufferPointer<UInt8>) -> Int32 { EVP_MAC_update(raw, data.baseAddress, data.count) }

    func set(_ parameters: Parameters) -> Int32 { parameters.pass { EVP_MAC_CTX_set_params(raw, $0) } }

    var size: Int { EVP_MAC_CTX_get_mac_size(raw) }
    var blockSize: Int { EVP_MAC_CTX_get_block_size(raw) }

    /// The MAC, or nil if the final failed.
    func finish(capacity: Int = 64) -> [UInt8]? {
        var length = 0
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { buffer in
            EVP_MAC_final(raw, buffer.baseAddress, &length, capacity) == 1 ? Array(buffer.prefix(length)) : nil
        }
    }
}

/// Two MAC contexts, one of the module under test and one of the default provider, that are given the same calls and
/// compared after each.
final class MACTwin {
    let subject: MACContext
    let reference: MACContext

    private init(_ subject: MACContext, _ reference: MACContext) {
        self.subject = subject
        self.reference = reference
    }

    init(_ name: String, _ library: LibraryContext) throws {
        subject = MACContext(try library.mac(name))
        reference = MACContext(try library.mac(name, from: .reference))
    }

    @discardableResult
    func initialize(key: [UInt8]?, _ parameters: Parameters? = nil) throws -> Bool {
        let accepted = try both("init") { $0.initialize(key: key, parameters) }
        try Difference.check("size", subject.size, reference.size)
        try Difference.check("block size", subject.blockSize, reference.blockSize)
        return accepted
    }

    @discardableResult
    func update(_ data: UnsafeBufferPointer<UInt8>) throws -> Bool {
        try both("update(\(data.count))") { $0.update(data) }
    }

    @discardableResult
    func set(_ what: String, _ parameters: Parameters) throws -> Bool {
        let accepted = try both("set \(what)") { $0.set(parameters) }
        try Difference.check("size after \(what)", subject.size, reference.size)
        return accepted
    }

    @discardableResult
    func finish(capacity: Int = 64) throws -> Bool {
        var macs: [[UInt8]] = []
        let accepted = try both("final") {
            guard let mac = $0.finish(capacity: capacity) else { return 0 }
            macs.append(mac)
            return 1
        }
        if accepted, macs[0] != macs[1] {
            throw Difference("MAC: uacce \(hexadecimal(macs[0])), default \(hexadecimal(macs[1]))")
        }
        return accepted
    }

    /// Any call that returns 1 for success, on both contexts. What is compared of a failure is that there is one: the
    /// default provider's MACs say little about why.
    @discardableResult
    func both(_ what: String, _ call: (MACContext) -> Int32) throws -> Bool {
        ErrorQueue.clear()
        let subjectResult = call(subject)
        let errors = ErrorQueue.drain()
        let referenceResult = call(reference)
        ErrorQueue.clear()
        guard subjectResult == referenceResult else {
            throw Difference("\(what): uacce returned \(subjectResult) \(errors), default \(referenceResult)")
        }
        return referenceResult > 0
    }

    func duplicate() throws -> MACTwin {
        guard let subjectCopy = MACContext(copying: subject), let referenceCopy = MACContext(copying: reference) else {
            throw Difference("a copy failed")
        }
        return MACTwin(subjectCopy, referenceCopy)
    }
}
