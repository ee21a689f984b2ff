// SPDX-License-Identifier: Apache-2.0

/// One message for an AEAD, without its tag: where everything lies, and how long it is.
///
/// An address whose byte count is zero is never followed.
public struct AEADMessage {
    public var iv: UnsafeRawPointer
    /// GCM: 1 to 128, CCM (which calls it nonce): 7 to 13.
    public var ivByteCount: Int
    /// What is authenticated and not encrypted.
    public var additionalData: UnsafeRawPointer
    public var additionalByteCount: Int
    public var input: UnsafeRawPointer
    /// Room for `byteCount` bytes; may be `input`, but must not overlap it in another way.
    public var output: UnsafeMutableRawPointer
    public var byteCount: Int

    @inlinable
    public init(
        iv: UnsafeRawPointer, ivByteCount: Int, additionalData: UnsafeRawPointer, additionalByteCount: Int,
        input: UnsafeRawPointer, output: UnsafeMutableRawPointer, byteCount: Int
    ) {
        self.iv = iv
        self.ivByteCount = ivByteCount
        self.additionalData = additionalData
        self.additionalByteCount = additionalByteCount
        self.input = input
        self.output = output
        self.byteCount = byteCount
    }
}

/// What became of a message to be decrypted.
public enum AEADVerdict: Sendable {
    /// The tag is right, the plaintext is in the output.
    case authentic
    /// The tag is wrong. The output holds zeros, and nothing of the plaintext.
    case mismatch
    /// A length is wrong, or the library failed. Nothing can be said of the message; the output holds no plaintext.
    case refused
}
