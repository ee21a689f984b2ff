// SPDX-License-Identifier: Apache-2.0

import CLinux
import COpenSSL
import CryptoSessions
import HisiliconABI
import Host
import PlainText
import QueueScheduler

/// The parameters of ciphers: what can be asked and set, and the answers.
enum CipherParameters {
    nonisolated(unsafe) static let gettable = parameterTable([
        .uint(ParameterName.mode), .size(ParameterName.keyLength), .size(ParameterName.ivLength),
        .size(ParameterName.blockSize), .int(ParameterName.isAEAD), .int(ParameterName.hasCustomIV),
        .int(ParameterName.isCiphertextStealing), .int(ParameterName.isTLSMultiblock),
        .int(ParameterName.hasRandomKey),
    ])

    private static let commonGettable: [ParameterRow] = [
        .size(ParameterName.keyLength), .size(ParameterName.ivLength), .uint(ParameterName.padding),
        .uint(ParameterName.number), .octets(ParameterName.iv), .octets(ParameterName.updatedIV),
    ]
    private static let commonSettable: [ParameterRow] = [.uint(ParameterName.padding), .uint(ParameterName.number)]

    nonisolated(unsafe) static let contextGettable = parameterTable(
        commonGettable + [.octetPointer(ParameterName.tlsMAC)])
    nonisolated(unsafe) static let contextSettable = parameterTable(
        commonSettable + [
            .uint(ParameterName.useBits), .uint(ParameterName.tlsVersion), .size(ParameterName.tlsMACSize),
        ])
    nonisolated(unsafe) static let tripleDESGettable = parameterTable(
        commonGettable + [.octets(ParameterName.randomKey)])
    nonisolated(unsafe) static let stealingGettable = parameterTable(
        commonGettable + [.text(ParameterName.stealingMode)])
    nonisolated(unsafe) static let stealingSettable = parameterTable(
        commonSettable + [.text(ParameterName.stealingMode)])
    nonisolated(unsafe) static let tweakedSettable = parameterTable([.size(ParameterName.keyLength)])

    /// What is true of every context of a cipher.
    static func describe(_ cipher: CipherAlgorithm, _ parameters: UnsafeMutablePointer<OSSL_PARAM>?) -> Int32 {
        let answers = ParameterAnswers(parameters)
        guard answers.set(ParameterName.mode, uint: cipher.modeNumber),
            answers.set(ParameterName.isAEAD, int: 0),
            answers.set(ParameterName.hasCustomIV, int: cipher.mode == .xts ? 1 : 0),
            answers.set(ParameterName.isCiphertextStealing, int: cipher.mode == .cbcCiphertextStealing ? 1 : 0),
            answers.set(ParameterName.isTLSMultiblock, int: 0),
            answers.set(ParameterName.hasRandomKey, int: cipher.algorithm == .tripleDES ? 1 : 0),
            answers.set(ParameterName.keyLength, size: cipher.keyByteCount),
            answers.set(ParameterName.blockSize, size: cipher.reportedBlockByteCount),
            answers.set(ParameterName.ivLength, size: cipher.ivByteCount)
        else {
            raiseProviderError(PROV_R_FAILED_TO_SET_PARAMETER)
            return 0
        }
        return 1
    }

    static func get(_ context: UnsafeMutablePointer<CipherContext>, _ list: UnsafeMutablePointer<OSSL_PARAM>?) -> Int32
    {
        let answers = ParameterAnswers(list)
        let cipher = context.pointee.session.algorithm
        if cipher.mode == .cbcCiphertextStealing {
            let name: StaticString
            switch context.pointee.session.stealing {
            case .cs1: name = "CS1"
            case .cs2: name = "CS2"
            case .cs3: name = "CS3"
            }
            guard answers.set(ParameterName.stealingMode, text: name.cString) else { return failToSet() }
        }
        guard answers.set(ParameterName.ivLength, size: cipher.ivByteCount),
            answers.set(ParameterName.padding, uint: context.pointee.isPadding ? 1 : 0),
            context.pointee.withOriginalIV({ iv in
                answers.set(ParameterName.iv, octets: iv, byteCount: cipher.ivByteCount)
            }),
            answers.set(ParameterName.number, uint: UInt32(context.pointee.session.streamOffset)),
            answers.set(ParameterName.keyLength, size: cipher.keyByteCount),
            answers.set(
                ParameterName.tlsMAC, octetPointer: context.pointee.tls.mac.map { UnsafeRawPointer($0) },
                byteCount: context.pointee.tls.macByteCount)
        else { return failToSet() }
        // Only where it is asked for: in the middle of a stream it takes a request to know.
        if answers.buffer(ParameterName.updatedIV) != nil {
            guard let iv = context.pointee.copyRunningIV(),
                answers.set(ParameterName.updatedIV, octets: iv, byteCount: cipher.ivByteCount)
            else { return failToSet() }
        }
        if cipher.algorithm == .tripleDES, let key = answers.buffer(ParameterName.randomKey) {
            return makeTripleDESKey(key, byteCount: cipher.keyByteCount)
        }
        return 1
    }

    static func set(_ context: UnsafeMutablePointer<CipherContext>, _ list: UnsafePointer<OSSL_PARAM>?) -> Int32 {
        guard list != nil else { return 1 }
        let settings = ParameterSettings(list)
        let cipher = context.pointee.session.algorithm
        do throws(ParameterSettings.WrongType) {
            if cipher.mode == .xts {
                // The only thing to be set is what it is.
                guard let byteCount = try settings.size(ParameterName.keyLength) else { return 1 }
                return byteCount == cipher.keyByteCount ? 1 : 0
            }
            if cipher.mode == .cbcCiphertextStealing, let mode = settings.parameter(ParameterName.stealingMode) {
                guard let stealing = stealingMode(mode) else { return failToSet() }
                context.pointee.session.setStealing(stealing)
            }
            if let padding = try settings.uint(ParameterName.padding) { context.pointee.isPadding = padding != 0 }
            if let bits = try settings.uint(ParameterName.useBits) { context.pointee.usesBits = bits != 0 }
            if let version = try settings.uint(ParameterName.tlsVersion) { context.pointee.tls.version = version }
            if let size = try settings.size(ParameterName.tlsMACSize) { context.pointee.tls.macByteCount = size }
            if let number = try settings.uint(ParameterName.number) {
                guard
                    Int(number) < cipher.reportedBlockByteCount
                        || cipher.isStream && Int(number) < cipher.blockByteCount
                else {
                    throw ParameterSettings.WrongType()
                }
                // Between two blocks of the counter there is no keystream: OpenSSL mixes with zeros, or with an old one.
                if cipher.mode == .ctr, number != 0, context.pointee.session.streamOffset == 0 { return failToSet() }
                if cipher.isStream, !context.pointee.setStreamOffset(Int(number)) { return 0 }
            }
        } catch {
            raiseProviderError(PROV_R_FAILED_TO_GET_PARAMETER)
            return 0
        }
        return 1
    }

    private static func failToSet() -> Int32 {
        raiseProviderError(PROV_R_FAILED_TO_SET_PARAMETER)
        return 0
    }

    private static func stealingMode(_ parameter: UnsafePointer<OSSL_PARAM>) -> SecCiphertextStealing? {
        guard parameter.pointee.data_type == UInt32(OSSL_PARAM_UTF8_STRING), let data = parameter.pointee.data else {
            return nil
        }
        switch String(cString: data.assumingMemoryBound(to: CChar.self)).asciiUppercased {
        case "CS1": return .cs1
        case "CS2": return .cs2
        case "CS3": return .cs3
        default: return nil
        }
    }

    /// A random key, each byte with odd parity (FIPS 46-3).
    private static func makeTripleDESKey(_ parameter: UnsafeMutablePointer<OSSL_PARAM>, byteCount: Int) -> Int32 {
        // EVP_CIPHER_CTX_rand_key hands over a buffer for the key without saying how large it is.
        guard let data = parameter.pointee.data, getentropy(data, byteCount) == 0
        else {
            raiseProviderError(PROV_R_FAILED_TO_GENERATE_KEY)
            return 0
        }
        let key = data.assumingMemoryBound(to: UInt8.self)
        for index in 0..<byteCount where key[index].nonzeroBitCount % 2 == 0 { key[index] ^= 1 }
        parameter.pointee.return_size = byteCount
        return 1
    }
}
