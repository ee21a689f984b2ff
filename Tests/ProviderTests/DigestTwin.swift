// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Foundation

/// An `EVP_MD_CTX`.
final class DigestContext: @unchecked Sendable {
    let raw = EVP_MD_CTX_new()!
    let digest: Digest

    init(_ digest: Digest) { self.digest = digest }
    deinit { EVP_MD_CTX_free(raw) }

    func initialize(selecting: Bool = true, _ parameters: Parameters? = nil) -> Int32 {
        let chosen = selecting ? digest.raw : nil
        guard let parameters else { return EVP_DigestInit_ex2(raw, chosen, nil) }
        return parameters.pass { EVP_DigestInit_ex2(raw, chosen, $0) }
    }

    /// The digest so far, or nil if the final failed.
    func finish() -> [UInt8]? {
        var length: UInt32 = 0
        let result = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(EVP_MAX_MD_SIZE)) { buffer in
            EVP_DigestFinal_ex(raw, buffer.baseAddress, &length) == 1 ? Array(buffer.prefix(Int(length))) : nil
        }
        return result
    }
}

/// Two digest contexts, one of the module under test and one of the default provider, that are given the same calls
/// and compared after each.
final class DigestTwin {
    let subject: DigestContext
    let reference: DigestContext

    init(_ subject: Digest, _ reference: Digest) {
        self.subject = DigestContext(subject)
        self.reference = DigestContext(reference)
    }

    @discardableResult
    func initialize(selecting: Bool = true, _ parameters: Parameters? = nil) throws -> Bool {
        try both("init") { $0.initialize(selecting: selecting, parameters) }
    }

    @discardableResult
    func update(_ data: UnsafeBufferPointer<UInt8>) throws -> Bool {
        try both("update(\(data.count))") { EVP_DigestUpdate($0.raw, data.baseAddress, data.count) }
    }

    @discardableResult
    func finish() throws -> Bool {
        var digests: [[UInt8]] = []
        let accepted = try both("final") {
            guard let digest = $0.finish() else { return 0 }
            digests.append(digest)
            return 1
        }
        if accepted, digests[0] != digests[1] {
            throw Difference("digest: uacce \(hexadecimal(digests[0])), default \(hexadecimal(digests[1]))")
        }
        return accepted
    }

    /// Any call that returns 1 for success, on both contexts.
    @discardableResult
    func both(_ what: String, _ call: (DigestContext) -> Int32) throws -> Bool {
        ErrorQueue.clear()
        let subjectResult = call(subject)
        let subjectErrors = subjectResult > 0 ? nil : ErrorQueue.drain()
        ErrorQueue.clear()
        let referenceResult = call(reference)
        let referenceErrors = referenceResult > 0 ? nil : ErrorQueue.drain()
        guard subjectResult == referenceResult else {
            throw Difference(
                "\(what): uacce returned \(subjectResult) \(subjectErrors.map(\.description) ?? ""), "
                    + "default \(referenceResult) \(referenceErrors.map(\.description) ?? "")")
        }
        if let subjectErrors, let referenceErrors, subjectErrors.reasons != referenceErrors.reasons {
            throw Difference("\(what): reasons: uacce \(subjectErrors), default \(referenceErrors)")
        }
        return referenceResult > 0
    }

    func duplicate() throws -> DigestTwin {
        let copy = DigestTwin(subject.digest, reference.digest)
        let subjectResult = EVP_MD_CTX_copy_ex(copy.subject.raw, subject.raw)
        let referenceResult = EVP_MD_CTX_copy_ex(copy.reference.raw, reference.raw)
        try Difference.check("copy", subjectResult, referenceResult)
        return copy
    }
}
