// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import CryptoSessions

/// The parameters of AES-CCM: what can be asked and set, and the answers.
extension CCMContext {
    mutating func answer(_ answers: ParameterAnswers) -> Bool {
        guard answerSizes(answers) else { return false }
        for name in [ParameterName.iv, ParameterName.updatedIV] {
            guard let parameter = answers.buffer(name) else { continue }
            let capacity = parameter.pointee.data_size
            guard capacity >= ivByteCount else { return refuse(PROV_R_INVALID_IV_LENGTH) }
            // As many bytes as are asked for, up to the longest IV there is with its length: OpenSSL does the same.
            guard answers.set(name, octets: iv, byteCount: min(capacity, 16)) else {
                return refuse(PROV_R_FAILED_TO_SET_PARAMETER)
            }
        }
        if let parameter = answers.buffer(ParameterName.tag) {
            guard isEncrypting, hasTag else { return refuse(PROV_R_TAG_NOT_SET) }
            guard parameter.pointee.data_type == UInt32(OSSL_PARAM_OCTET_STRING) else {
                return refuse(PROV_R_FAILED_TO_SET_PARAMETER)
            }
            guard let target = parameter.pointee.data, parameter.pointee.data_size == keyedTagByteCount else {
                return false
            }
            copyTag(to: target)
        }
        return true
    }

    mutating func set(_ settings: ParameterSettings) -> Bool {
        if settings.isEmpty { return true }
        if let parameter = settings.parameter(ParameterName.tag) {
            guard parameter.pointee.data_type == UInt32(OSSL_PARAM_OCTET_STRING) else {
                return refuse(PROV_R_FAILED_TO_GET_PARAMETER)
            }
            let byteCount = parameter.pointee.data_size
            guard CCMSession.tagByteCounts.contains(byteCount), byteCount & 1 == 0 else {
                return refuse(PROV_R_INVALID_TAG_LENGTH)
            }
            guard parameter.pointee.data == nil || !isEncrypting else { return refuse(PROV_R_TAG_NOT_NEEDED) }
            setTag(parameter.pointee.data, byteCount: byteCount)
        }
        do throws(ParameterSettings.WrongType) {
            if let byteCount = try settings.size(ParameterName.ivLength) {
                guard CCMSession.nonceByteCounts.contains(byteCount) else { return refuse(PROV_R_INVALID_IV_LENGTH) }
                setIVByteCount(byteCount)
            }
            if let header = try settings.octets(ParameterName.tlsHeader) {
                guard let start = header.baseAddress, setTLSHeader(start, byteCount: header.count) else {
                    return refuse(PROV_R_INVALID_DATA)
                }
            }
            if let iv = try settings.octets(ParameterName.tlsFixedIV) {
                guard let start = iv.baseAddress, setFixedIV(start, byteCount: iv.count) else {
                    return refuse(PROV_R_INVALID_IV_LENGTH)
                }
            }
        } catch {
            return refuse(PROV_R_FAILED_TO_GET_PARAMETER)
        }
        return true
    }
}
