// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// One authenticated cipher as OpenSSL lists it, among the ciphers.
struct AEADRow {
    /// All its names and its OID, exactly as OpenSSL's default provider has them (prov/names.h).
    let names: StaticString
    let mode: Mode
    let keyByteCount: Int

    enum Mode {
        case gcm
        case ccm
    }

    private init(_ names: StaticString, _ mode: Mode, _ keyByteCount: Int) {
        self.names = names
        self.mode = mode
        self.keyByteCount = keyByteCount
    }

    /// The row number is what `AEADFunctions.newContext` and `.getParameters` know of it.
    static let all: [AEADRow] = [
        AEADRow("AES-128-GCM:id-aes128-GCM:2.16.840.1.101.3.4.1.6", .gcm, 16),
        AEADRow("AES-192-GCM:id-aes192-GCM:2.16.840.1.101.3.4.1.26", .gcm, 24),
        AEADRow("AES-256-GCM:id-aes256-GCM:2.16.840.1.101.3.4.1.46", .gcm, 32),
        AEADRow("AES-128-CCM:id-aes128-CCM:2.16.840.1.101.3.4.1.7", .ccm, 16),
        AEADRow("AES-192-CCM:id-aes192-CCM:2.16.840.1.101.3.4.1.27", .ccm, 24),
        AEADRow("AES-256-CCM:id-aes256-CCM:2.16.840.1.101.3.4.1.47", .ccm, 32),
    ]

    /// What is true of every context of this cipher. Of CCM the IV's length is not: OpenSSL says 12 here too, and starts
    /// contexts with 7.
    func describe(_ parameters: UnsafeMutablePointer<OSSL_PARAM>?) -> Int32 {
        let answers = ParameterAnswers(parameters)
        let isAnswered =
            answers.set(ParameterName.mode, uint: UInt32(mode == .gcm ? EVP_CIPH_GCM_MODE : EVP_CIPH_CCM_MODE))
            && answers.set(ParameterName.isAEAD, int: 1)
            && answers.set(ParameterName.hasCustomIV, int: 1)
            && answers.set(ParameterName.isCiphertextStealing, int: 0)
            && answers.set(ParameterName.isTLSMultiblock, int: 0)
            && answers.set(ParameterName.hasRandomKey, int: 0)
            && answers.set(ParameterName.keyLength, size: keyByteCount)
            && answers.set(ParameterName.blockSize, size: 1)
            && answers.set(ParameterName.ivLength, size: 12)
        return isAnswered || refuse(PROV_R_FAILED_TO_SET_PARAMETER) ? 1 : 0
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
