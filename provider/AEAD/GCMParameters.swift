// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import CryptoSessions

/// The parameters of AES-GCM: what can be asked and set, and the answers.
enum GCMParameters {
    static func get(_ context: UnsafeMutablePointer<GCMContext>, _ list: UnsafeMutablePointer<OSSL_PARAM>?) -> Int32 {
        let answers = ParameterAnswers(list)
        let ivByteCount = context.pointee.ivByteCount
        guard answers.set(ParameterName.ivLength, size: ivByteCount),
            answers.set(ParameterName.keyLength, size: context.pointee.session.keyByteCount),
            answers.set(ParameterName.tagLength, size: context.pointee.tagByteCount ?? GCMSession.tagByteCount),
            answers.set(ParameterName.tlsRecordPad, size: context.pointee.recordPadByteCount)
        else { return failToSet() }
        for name in [ParameterName.iv, ParameterName.updatedIV] {
            guard let parameter = answers.buffer(name) else { continue }
            if context.pointee.ivState == .none { return 0 }
            guard parameter.pointee.data_size >= ivByteCount else {
                raiseProviderError(PROV_R_INVALID_IV_LENGTH)
                return 0
            }
            guard answers.set(name, octets: context.pointee.iv, byteCount: ivByteCount) else { return failToSet() }
        }
        if let parameter = answers.buffer(ParameterName.tag) {
            let byteCount = parameter.pointee.data_size
            guard byteCount >= 1, byteCount <= GCMSession.tagByteCount, context.pointee.isEncrypting,
                context.pointee.tagByteCount != nil
            else {
                raiseProviderError(PROV_R_INVALID_TAG)
                return 0
            }
            guard OSSL_PARAM_set_octet_string(parameter, context.pointee.tag, byteCount) == 1 else {
                return failToSet()
            }
        }
        if let parameter = answers.buffer(ParameterName.tlsNextIV) {
            guard let data = parameter.pointee.data, parameter.pointee.data_type == UInt32(OSSL_PARAM_OCTET_STRING)
            else { return 0 }
            return context.pointee.copyNextIV(to: data, byteCount: parameter.pointee.data_size) ? 1 : 0
        }
        return 1
    }

    static func set(_ context: UnsafeMutablePointer<GCMContext>, _ list: UnsafePointer<OSSL_PARAM>?) -> Int32 {
        guard list != nil else { return 1 }
        let settings = ParameterSettings(list)
        if let parameter = settings.parameter(ParameterName.tag) {
            let byteCount = parameter.pointee.data_size
            guard parameter.pointee.data_type == UInt32(OSSL_PARAM_OCTET_STRING),
                byteCount <= GCMSession.tagByteCount, parameter.pointee.data != nil || byteCount == 0
            else { return failToGet() }
            guard byteCount > 0, !context.pointee.isEncrypting, let data = parameter.pointee.data else {
                raiseProviderError(PROV_R_INVALID_TAG)
                return 0
            }
            context.pointee.setTag(data, byteCount: byteCount)
        }
        do throws(ParameterSettings.WrongType) {
            if let byteCount = try settings.size(ParameterName.ivLength) {
                guard byteCount > 0, byteCount <= GCMContext.largestIVByteCount else {
                    raiseProviderError(PROV_R_INVALID_IV_LENGTH)
                    return 0
                }
                context.pointee.setIVByteCount(byteCount)
            }
        } catch {
            return failToGet()
        }
        if let parameter = settings.parameter(ParameterName.tlsHeader) {
            guard parameter.pointee.data_type == UInt32(OSSL_PARAM_OCTET_STRING) else { return failToGet() }
            guard let data = parameter.pointee.data,
                context.pointee.setTLSHeader(data, byteCount: parameter.pointee.data_size)
            else {
                raiseProviderError(PROV_R_INVALID_AAD)
                return 0
            }
        }
        if let parameter = settings.parameter(ParameterName.tlsFixedIV) {
            // A length of -1 stands for the whole IV.
            let byteCount = parameter.pointee.data_size == -1 ? nil : parameter.pointee.data_size
            guard parameter.pointee.data_type == UInt32(OSSL_PARAM_OCTET_STRING), let data = parameter.pointee.data,
                context.pointee.setFixedIV(data, byteCount: byteCount)
            else { return failToGet() }
        }
        if let parameter = settings.parameter(ParameterName.tlsInvocation) {
            guard parameter.pointee.data_type == UInt32(OSSL_PARAM_OCTET_STRING), let data = parameter.pointee.data
            else { return 0 }
            return context.pointee.setInvocation(data, byteCount: parameter.pointee.data_size) ? 1 : 0
        }
        return 1
    }

    private static func failToSet() -> Int32 {
        raiseProviderError(PROV_R_FAILED_TO_SET_PARAMETER)
        return 0
    }

    private static func failToGet() -> Int32 {
        raiseProviderError(PROV_R_FAILED_TO_GET_PARAMETER)
        return 0
    }
}
