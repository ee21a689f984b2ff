// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Foundation

/// An `EVP_CIPHER_CTX`, with the state a user can ask it for.
final class CipherContext: @unchecked Sendable {
    let raw = EVP_CIPHER_CTX_new()!
    let cipher: Cipher

    /// What the getters say, laid out so that two of them compare with one memcmp.
    struct State: Equatable, CustomStringConvertible {
        var result: Int32 = 0
        var keyLength = 0
        var ivLength = 0
        var padding: UInt32 = 0
        var number: UInt32 = 0
        var iv: (UInt64, UInt64) = (0, 0)
        var updatedIV: (UInt64, UInt64) = (0, 0)

        static func == (left: State, right: State) -> Bool {
            left.result == right.result && left.keyLength == right.keyLength && left.ivLength == right.ivLength
                && left.padding == right.padding && left.number == right.number && left.iv == right.iv
                && left.updatedIV == right.updatedIV
        }

        var description: String {
            let ivText = withUnsafeBytes(of: iv) { hexadecimal($0.prefix(ivLength)) }
            let updatedText = withUnsafeBytes(of: updatedIV) { hexadecimal($0.prefix(ivLength)) }
            return "(result \(result) keylen \(keyLength) ivlen \(ivLength) padding \(padding) num \(number) "
                + "iv \(ivText) updated-iv \(updatedText))"
        }
    }

    init(_ cipher: Cipher) { self.cipher = cipher }

    deinit { EVP_CIPHER_CTX_free(raw) }

    /// EVP_CipherInit_ex2; nil leaves out what the call may leave out.
    func initialize(
        selecting: Bool = true, key: [UInt8]? = nil, iv: [UInt8]? = nil, direction: Int32 = -1,
        _ parameters: Parameters? = nil
    ) -> Int32 {
        let chosen = selecting ? cipher.raw : nil
        guard let parameters else { return EVP_CipherInit_ex2(raw, chosen, key, iv, direction, nil) }
        return parameters.pass { EVP_CipherInit_ex2(raw, chosen, key, iv, direction, $0) }
    }

    func set(_ parameters: Parameters) -> Int32 { parameters.pass { EVP_CIPHER_CTX_set_params(raw, $0) } }
    func get(_ parameters: Parameters) -> Int32 { parameters.pass { EVP_CIPHER_CTX_get_params(raw, $0) } }

    func state() -> State {
        var state = State()
        withUnsafeMutablePointer(to: &state.keyLength) { keyLength in
            withUnsafeMutablePointer(to: &state.ivLength) { ivLength in
                withUnsafeMutablePointer(to: &state.padding) { padding in
                    withUnsafeMutablePointer(to: &state.number) { number in
                        withUnsafeMutableBytes(of: &state.iv) { iv in
                            withUnsafeMutableBytes(of: &state.updatedIV) { updatedIV in
                                state.result = Self.get(raw, keyLength, ivLength, padding, number, iv, updatedIV)
                            }
                        }
                    }
                }
            }
        }
        return state
    }

    private static func get(
        _ context: OpaquePointer, _ keyLength: UnsafeMutablePointer<Int>, _ ivLength: UnsafeMutablePointer<Int>,
        _ padding: UnsafeMutablePointer<UInt32>, _ number: UnsafeMutablePointer<UInt32>,
        _ iv: UnsafeMutableRawBufferPointer, _ updatedIV: UnsafeMutableRawBufferPointer
    ) -> Int32 {
        withUnsafeTemporaryAllocation(of: OSSL_PARAM.self, capacity: 7) { list in
            list[0] = OSSL_PARAM_construct_size_t(Key.keyLength, keyLength)
            list[1] = OSSL_PARAM_construct_size_t(Key.ivLength, ivLength)
            list[2] = OSSL_PARAM_construct_uint(Key.padding, padding)
            list[3] = OSSL_PARAM_construct_uint(Key.number, number)
            list[4] = OSSL_PARAM_construct_octet_string(Key.iv, iv.baseAddress, iv.count)
            list[5] = OSSL_PARAM_construct_octet_string(Key.updatedIV, updatedIV.baseAddress, updatedIV.count)
            list[6] = OSSL_PARAM_construct_end()
            return EVP_CIPHER_CTX_get_params(context, list.baseAddress)
        }
    }

    /// Parameter names that outlive every call.
    private enum Key {
        nonisolated(unsafe) static let keyLength = UnsafePointer(strdup(OSSL_CIPHER_PARAM_KEYLEN)!)
        nonisolated(unsafe) static let ivLength = UnsafePointer(strdup(OSSL_CIPHER_PARAM_IVLEN)!)
        nonisolated(unsafe) static let padding = UnsafePointer(strdup(OSSL_CIPHER_PARAM_PADDING)!)
        nonisolated(unsafe) static let number = UnsafePointer(strdup(OSSL_CIPHER_PARAM_NUM)!)
        nonisolated(unsafe) static let iv = UnsafePointer(strdup(OSSL_CIPHER_PARAM_IV)!)
        nonisolated(unsafe) static let updatedIV = UnsafePointer(strdup(OSSL_CIPHER_PARAM_UPDATED_IV)!)
    }
}
