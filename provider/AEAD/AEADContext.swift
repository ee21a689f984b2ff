// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// What OpenSSL holds between `newctx` and `freectx` of an authenticated cipher.
///
/// Functions return false or nil after putting the reason on the error queue, with the same reasons as OpenSSL's
/// default provider, which for some failures has none.
protocol AEADContext: ~Copyable {
    /// nil: there is no memory for it, here and below.
    init?(_ provider: ProviderContext, keyByteCount: Int)
    init?(copying other: borrowing Self)

    mutating func initialize(
        isEncrypting: Bool, key: UnsafePointer<UInt8>?, keyByteCount: Int, iv: UnsafePointer<UInt8>?, ivByteCount: Int
    ) -> Bool

    /// Additional data where there is no output, else payload; or a whole TLS record. Returns how many bytes it has
    /// processed.
    mutating func update(
        _ input: UnsafePointer<UInt8>?, byteCount: Int, into output: UnsafeMutablePointer<UInt8>?, capacity: Int
    ) -> Int?

    /// Ends the message. nil: where it is decrypted, the tag may be wrong; the plaintext must not be believed.
    mutating func finish() -> Int?

    /// `EVP_Cipher`: update, or final where there is no input. Returns `byteCount` where it has done something.
    mutating func raw(
        _ input: UnsafePointer<UInt8>?, byteCount: Int, into output: UnsafeMutablePointer<UInt8>?, capacity: Int
    ) -> Int?

    mutating func answer(_ answers: ParameterAnswers) -> Bool
    mutating func set(_ settings: ParameterSettings) -> Bool

    var keyByteCount: Int { get }
    var ivByteCount: Int { get }
    var tagByteCount: Int { get }
    /// Bytes that a TLS record grows by.
    var recordPadByteCount: Int { get }
}

extension AEADContext where Self: ~Copyable {
    /// Answers what all authenticated ciphers tell in the same way.
    func answerSizes(_ answers: ParameterAnswers) -> Bool {
        answers.set(ParameterName.ivLength, size: ivByteCount)
            && answers.set(ParameterName.keyLength, size: keyByteCount)
            && answers.set(ParameterName.tagLength, size: tagByteCount)
            && answers.set(ParameterName.tlsRecordPad, size: recordPadByteCount)
            || refuse(PROV_R_FAILED_TO_SET_PARAMETER)
    }

    func fail(_ reason: Int32, line: Int32 = #line) -> Int? {
        raiseProviderError(reason, line: line)
        return nil
    }
}
