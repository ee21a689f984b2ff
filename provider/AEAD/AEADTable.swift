// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// One authenticated cipher as OpenSSL lists it, among the ciphers.
struct AEADRow {
    /// All its names and its OID, exactly as OpenSSL's default provider has them (prov/names.h).
    let names: StaticString
    let keyByteCount: Int

    private init(_ names: StaticString, _ keyByteCount: Int) {
        self.names = names
        self.keyByteCount = keyByteCount
    }

    /// The row number is what the functions of `GCMFunctions.newContext` and `.getParameters` know of it.
    static let all: [AEADRow] = [
        AEADRow("AES-128-GCM:id-aes128-GCM:2.16.840.1.101.3.4.1.6", 16),
        AEADRow("AES-192-GCM:id-aes192-GCM:2.16.840.1.101.3.4.1.26", 24),
        AEADRow("AES-256-GCM:id-aes256-GCM:2.16.840.1.101.3.4.1.46", 32),
    ]

    /// What is true of every context of this cipher.
    func describe(_ parameters: UnsafeMutablePointer<OSSL_PARAM>?) -> Int32 {
        let answers = ParameterAnswers(parameters)
        guard answers.set(ParameterName.mode, uint: UInt32(EVP_CIPH_GCM_MODE)),
            answers.set(ParameterName.isAEAD, int: 1),
            answers.set(ParameterName.hasCustomIV, int: 1),
            answers.set(ParameterName.isCiphertextStealing, int: 0),
            answers.set(ParameterName.isTLSMultiblock, int: 0),
            answers.set(ParameterName.hasRandomKey, int: 0),
            answers.set(ParameterName.keyLength, size: keyByteCount),
            answers.set(ParameterName.blockSize, size: 1),
            answers.set(ParameterName.ivLength, size: 12)
        else {
            raiseProviderError(PROV_R_FAILED_TO_SET_PARAMETER)
            return 0
        }
        return 1
    }

    nonisolated(unsafe) static let contextGettable = parameterTable([
        .size(ParameterName.keyLength), .size(ParameterName.ivLength), .size(ParameterName.tagLength),
        .octets(ParameterName.iv), .octets(ParameterName.updatedIV), .octets(ParameterName.tag),
        .size(ParameterName.tlsRecordPad), .octets(ParameterName.tlsNextIV),
    ])
    nonisolated(unsafe) static let contextSettable = parameterTable([
        .size(ParameterName.ivLength), .octets(ParameterName.tag), .octets(ParameterName.tlsHeader),
        .octets(ParameterName.tlsFixedIV), .octets(ParameterName.tlsInvocation),
    ])
}
