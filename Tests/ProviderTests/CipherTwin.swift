// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Foundation

/// Two cipher contexts, one of the module under test and one of the default provider, that are given the same calls.
///
/// Every call compares what came back: the return code, the count, the bytes, the reasons in the error queue, and then
/// everything the getters tell. The first difference is thrown.
final class CipherTwin {
    let subject: CipherContext
    let reference: CipherContext
    let scratch: Scratch
    /// In place: how far into the message the two have read and written.
    private var consumed = 0
    private var produced = 0

    init(_ subject: Cipher, _ reference: Cipher, _ scratch: Scratch) {
        self.subject = CipherContext(subject)
        self.reference = CipherContext(reference)
        self.scratch = scratch
    }

    // MARK: Setting up

    /// EVP_CipherInit_ex2 with what is given; true if both accepted.
    @discardableResult
    func initialize(
        selecting: Bool = true, key: [UInt8]? = nil, iv: [UInt8]? = nil, direction: Direction? = nil,
        _ parameters: Parameters? = nil
    ) throws -> Bool {
        let code = direction?.rawValue ?? -1
        return try both("init(key \(key != nil), iv \(iv != nil), direction \(code))") {
            $0.initialize(selecting: selecting, key: key, iv: iv, direction: code, parameters)
        }
    }

    @discardableResult
    func setPadding(_ on: Bool) throws -> Bool {
        try both("set_padding(\(on))") { EVP_CIPHER_CTX_set_padding($0.raw, on ? 1 : 0) }
    }

    @discardableResult
    func set(_ what: String, _ parameters: Parameters) throws -> Bool {
        try both("set \(what)") { $0.set(parameters) }
    }

    /// Any call that returns 1 for success, on both contexts.
    @discardableResult
    func both(_ what: String, _ call: (CipherContext) -> Int32) throws -> Bool {
        ErrorQueue.clear()
        let subjectResult = call(subject)
        let subjectErrors = subjectResult > 0 ? nil : ErrorQueue.drain()
        ErrorQueue.clear()
        let referenceResult = call(reference)
        try compare(what, subjectResult, subjectErrors, referenceResult)
        try compareState(what)
        return referenceResult > 0
    }

    /// A copy in mid-stream, with buffers of its own.
    func duplicate(_ scratch: Scratch) throws -> CipherTwin {
        let copy = CipherTwin(subject.cipher, reference.cipher, scratch)
        ErrorQueue.clear()
        let subjectResult = EVP_CIPHER_CTX_copy(copy.subject.raw, subject.raw)
        let subjectErrors = subjectResult > 0 ? nil : ErrorQueue.drain()
        let referenceResult = EVP_CIPHER_CTX_copy(copy.reference.raw, reference.raw)
        try compare("copy", subjectResult, subjectErrors, referenceResult)
        try copy.compareState("the copy")
        return copy
    }

    // MARK: Out of place

    /// EVP_CipherUpdate from one buffer to another, `inputOffset` and `outputOffset` bytes from aligned.
    @discardableResult
    func update(_ data: UnsafeBufferPointer<UInt8>, inputOffset: Int = 0, outputOffset: Int = 0) throws -> Bool {
        try process("update(\(data.count))", data, inputOffset, outputOffset) { context, output, length, input in
            EVP_CipherUpdate(context.raw, output, &length, input, Int32(data.count))
        }
    }

    @discardableResult
    func update(_ data: [UInt8]) throws -> Bool { try data.withUnsafeBufferPointer { try update($0) } }

    /// EVP_Cipher, the call beneath update that some programs make.
    @discardableResult
    func cipher(_ data: UnsafeBufferPointer<UInt8>, inputOffset: Int = 0, outputOffset: Int = 0) throws -> Bool {
        try process("EVP_Cipher(\(data.count))", data, inputOffset, outputOffset) { context, output, length, input in
            length = EVP_Cipher(context.raw, output, input, UInt32(data.count))
            return length >= 0 ? 1 : length
        }
    }

    @discardableResult
    func finish() throws -> Bool {
        try process("final", UnsafeBufferPointer(start: nil, count: 0), 0, 0) { context, output, length, _ in
            EVP_CipherFinal_ex(context.raw, output, &length)
        }
    }

    private func process(
        _ what: String, _ data: UnsafeBufferPointer<UInt8>, _ inputOffset: Int, _ outputOffset: Int,
        _ call: (CipherContext, UnsafeMutablePointer<UInt8>, inout Int32, UnsafePointer<UInt8>) -> Int32
    ) throws -> Bool {
        precondition(data.count + inputOffset <= scratch.capacity && data.count + outputOffset <= scratch.capacity)
        let input = scratch.input + inputOffset
        let output = scratch.subjectOutput + outputOffset
        let expected = scratch.referenceOutput + outputOffset
        if data.count > 0 { memcpy(input, data.baseAddress!, data.count) }
        memset(output, Int32(Scratch.fill), data.count + 2 * Scratch.margin)

        ErrorQueue.clear()
        var subjectLength: Int32 = 0
        let subjectResult = call(subject, output, &subjectLength, input)
        let subjectErrors = subjectResult > 0 ? nil : ErrorQueue.drain()
        ErrorQueue.clear()
        var referenceLength: Int32 = 0
        let referenceResult = call(reference, expected, &referenceLength, input)

        try compare(what, subjectResult, subjectErrors, referenceResult)
        if data.count > 0, memcmp(input, data.baseAddress!, data.count) != 0 {
            throw Difference("\(what): the input was written to")
        }
        // EVP promises its callers no more than the input and one block.
        if !Scratch.isUntouched(output + data.count + subject.cipher.blockLength, Scratch.margin) {
            throw Difference("\(what): wrote past the output")
        }
        if referenceResult > 0 {
            try Difference.check("\(what): count", subjectLength, referenceLength)
            try Difference.check("\(what): output", output, expected, Int(referenceLength))
        }
        try compareState(what)
        return referenceResult > 0
    }

    // MARK: In place

    /// Lays the message where both will work on it in place.
    func layOut(_ message: UnsafeBufferPointer<UInt8>) {
        precondition(message.count <= scratch.capacity)
        if message.count > 0 {
            memcpy(scratch.subjectOutput, message.baseAddress!, message.count)
            memcpy(scratch.referenceOutput, message.baseAddress!, message.count)
        }
        memset(scratch.subjectOutput + message.count, Int32(Scratch.fill), 2 * Scratch.margin)
        consumed = 0
        produced = 0
    }

    /// Works on the next `count` bytes laid out. The output goes on where the last ended, so between updates that are
    /// no whole blocks it lies up to a block before the input.
    @discardableResult
    func updateInPlace(_ count: Int) throws -> Bool {
        try processInPlace("update in place(\(count))") { context, base, length in
            EVP_CipherUpdate(context.raw, base + produced, &length, base + consumed, Int32(count))
        } advance: {
            consumed += count
        }
    }

    @discardableResult
    func finishInPlace() throws -> Bool {
        try processInPlace("final in place") { context, base, length in
            EVP_CipherFinal_ex(context.raw, base + produced, &length)
        } advance: {
        }
    }

    private func processInPlace(
        _ what: String, _ call: (CipherContext, UnsafeMutablePointer<UInt8>, inout Int32) -> Int32, advance: () -> Void
    ) throws -> Bool {
        ErrorQueue.clear()
        var subjectLength: Int32 = 0
        let subjectResult = call(subject, scratch.subjectOutput, &subjectLength)
        let subjectErrors = subjectResult > 0 ? nil : ErrorQueue.drain()
        ErrorQueue.clear()
        var referenceLength: Int32 = 0
        let referenceResult = call(reference, scratch.referenceOutput, &referenceLength)
        try compare(what, subjectResult, subjectErrors, referenceResult)
        advance()
        if referenceResult > 0 {
            try Difference.check("\(what): count", subjectLength, referenceLength)
            try Difference.check(
                "\(what): output", scratch.subjectOutput + produced, scratch.referenceOutput + produced,
                Int(referenceLength))
            produced += Int(referenceLength)
        }
        try compareState(what)
        return referenceResult > 0
    }

    // MARK: Comparing

    private func compare(
        _ what: String, _ subjectResult: Int32, _ subjectErrors: ErrorQueue?, _ referenceResult: Int32
    ) throws {
        let referenceErrors = referenceResult > 0 ? nil : ErrorQueue.drain()
        guard subjectResult == referenceResult else {
            throw Difference(
                "\(what): uacce returned \(subjectResult) \(subjectErrors.map(\.description) ?? ""), "
                    + "default \(referenceResult) \(referenceErrors.map(\.description) ?? "")")
        }
        if let subjectErrors, let referenceErrors, subjectErrors.reasons != referenceErrors.reasons {
            throw Difference("\(what): reasons: uacce \(subjectErrors), default \(referenceErrors)")
        }
    }

    func compareState(_ what: String) throws {
        let subjectState = subject.state()
        let referenceState = reference.state()
        if subjectState != referenceState {
            throw Difference("after \(what): state: uacce \(subjectState), default \(referenceState)")
        }
    }
}
