// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import CryptoSessions

/// The parameters of AES-GCM: what can be asked and set, and the answers.
extension GCMContext {
    mutating func answer(_ answers: ParameterAnswers) -> Bool {
        guard answerSizes(answers) else { return false }
        for name in [ParameterName.iv, ParameterName.updatedIV] {
            guard let parameter = answers.buffer(name) else { continue }
            if stage == .withoutIV { return false }
            guard parameter.pointee.data_size >= ivByteCount else { return refuse(PROV_R_INVALID_IV_LENGTH) }
            guard answers.set(name, octets: iv, byteCount: ivByteCount) else {
                return refuse(PROV_R_FAILED_TO_SET_PARAMETER)
            }
        }
        if let parameter = answers.buffer(ParameterName.tag) {
            let byteCount = parameter.pointee.data_size
            guard byteCount >= 1, byteCount <= GCMSession.tagByteCount, isEncrypting, knownTagByteCount != nil else {
                return refuse(PROV_R_INVALID_TAG)
            }
            guard OSSL_PARAM_set_octet_string(parameter, tag, byteCount) == 1 else {
                return refuse(PROV_R_FAILED_TO_SET_PARAMETER)
            }
        }
        if let parameter = answers.buffer(ParameterName.tlsNextIV) {
            guard let data = parameter.pointee.data, parameter.pointee.data_type == UInt32(OSSL_PARAM_OCTET_STRING)
            else { return false }
            return copyNextIV(to: data, byteCount: parameter.pointee.data_size)
        }
        return true
    }

    mutating func set(_ settings: ParameterSettings) -> Bool {
        if settings.isEmpty { return true }
        if let parameter = settings.parameter(ParameterName.tag) {
            let byteCount = parameter.pointee.data_size
            guard parameter.pointee.data_type == UInt32(OSSL_PARAM_OCTET_STRING),
                byteCount <= GCMSession.tagByteCount, parameter.pointee.data != nil || byteCount == 0
            else { return refuse(PROV_R_FAILED_TO_GET_PARAMETER) }
            guard byteCount > 0, !isEncrypting, let data = parameter.pointee.data else {
                return refuse(PROV_R_INVALID_TAG)
            }
            setTag(data, byteCount: byteCount)
        }
        do throws(ParameterSettings.WrongType) {
            if let byteCount = try settings.size(ParameterName.ivLength) {
                guard byteCount > 0, byteCount <= AEADMemory.ivCapacity else {
                    return refuse(PROV_R_INVALID_IV_LENGTH)
                }
                setIVByteCount(byteCount)
            }
        } catch {
            return refuse(PROV_R_FAILED_TO_GET_PARAMETER)
        }
        if let parameter = settings.parameter(ParameterName.tlsHeader) {
            guard parameter.pointee.data_type == UInt32(OSSL_PARAM_OCTET_STRING) else {
                return refuse(PROV_R_FAILED_TO_GET_PARAMETER)
            }
            guard let data = parameter.pointee.data, setTLSHeader(data, byteCount: parameter.pointee.data_size) else {
                return refuse(PROV_R_INVALID_AAD)
            }
        }
        if let parameter = settings.parameter(ParameterName.tlsFixedIV) {
            // A length of -1 stands for the whole IV.
            let byteCount = parameter.pointee.data_size == -1 ? nil : parameter.pointee.data_size
            guard parameter.pointee.data_type == UInt32(OSSL_PARAM_OCTET_STRING), let data = parameter.pointee.data,
                setFixedIV(data, byteCount: byteCount)
            else { return refuse(PROV_R_FAILED_TO_GET_PARAMETER) }
        }
        if let parameter = settings.parameter(ParameterName.tlsInvocation) {
            guard parameter.pointee.data_type == UInt32(OSSL_PARAM_OCTET_STRING), let data = parameter.pointee.data
            else { return false }
            return setInvocation(data, byteCount: parameter.pointee.data_size)
        }
        return true
    }
}
