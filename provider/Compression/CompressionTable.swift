// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import CompressionStreams
import Host

/// One algorithm of the compression operation. OpenSSL has no names for them.
struct CompressionRow {
    let name: StaticString
    let format: CompressionFormat

    static let all: [CompressionRow] = [
        CompressionRow(name: "DEFLATE", format: .raw),
        CompressionRow(name: "ZLIB", format: .zlib),
        CompressionRow(name: "GZIP", format: .gzip),
    ]
}

extension ProviderContext {
    /// Answers OSSL_PROVIDER_get_capabilities: for the compression operation, one call of `callback` for each
    /// algorithm. True for capabilities that nobody knows here, too: there is nothing to tell, and libssl asks every
    /// provider for groups and takes a refusal for a failure.
    func tellCapability(
        _ capability: UnsafePointer<CChar>?,
        _ callback: (@convention(c) (UnsafePointer<OSSL_PARAM>?, UnsafeMutableRawPointer?) -> Int32)?,
        _ argument: UnsafeMutableRawPointer?
    ) -> Bool {
        guard let capability, let callback, strcasecmp(capability, UACCE_COMPRESS_CAPABILITY) == 0 else { return true }
        var operation = UACCE_OP_COMPRESS
        var version = UACCE_COMPRESS_VERSION
        return withUnsafeMutablePointer(to: &operation) { operation in
            withUnsafeMutablePointer(to: &version) { version in
                withUnsafeTemporaryAllocation(of: OSSL_PARAM.self, capacity: 5) { list in
                    for index in compressionRows {
                        list[0] = parameter(ParameterName.providerName, text: CompressionRow.all[index].name.cString)
                        list[1] = OSSL_PARAM_construct_int(ParameterName.operation.cString, operation)
                        list[2] = OSSL_PARAM_construct_int(ParameterName.providerVersion.cString, version)
                        list[3] = parameter(ParameterName.properties, text: propertyDefinition)
                        list[4] = OSSL_PARAM_construct_end()
                        guard callback(list.baseAddress, argument) == 1 else { return false }
                    }
                    return true
                }
            }
        }
    }
}

/// Text that is only read.
private func parameter(_ name: StaticString, text: UnsafePointer<CChar>) -> OSSL_PARAM {
    OSSL_PARAM_construct_utf8_string(name.cString, UnsafeMutablePointer(mutating: text), strlen(text))
}
