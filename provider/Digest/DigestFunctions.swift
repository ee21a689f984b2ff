// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import CryptoSessions
import SoftwareCrypto

/// The C functions that OpenSSL calls for digests, and the dispatch tables they make.
enum DigestFunctions {
    /// Dispatch table of row `index`.
    static func table(_ index: Int) -> UnsafePointer<OSSL_DISPATCH> { tables[index] }

    nonisolated(unsafe) private static let tables: [UnsafePointer<OSSL_DISPATCH>] = DigestRow.all.indices.map { index in
        var entries: [OSSL_DISPATCH] = [
            .digestNewContext(newContext[index]),
            .digestGetParameters(getParameters[index]),
            .digestGettable { _ in gettable },
            .digestInit { context, parameters in
                contextPointer(context).pointee.session.start()
                return parameters == nil ? 1 : setParameters(context, parameters)
            },
            // A copy that failed for want of memory leaves EVP, from OpenSSL 3.5 on, with a digest and no context of it.
            .digestUpdate { context, data, byteCount in
                guard let context else { return 0 }
                return DigestContext.update(contextPointer(context), data, byteCount: byteCount) ? 1 : 0
            },
            .digestFinal { context, output, outputLength, capacity in
                guard let context, let output, let outputLength,
                    let byteCount = DigestContext.finish(contextPointer(context), into: output, capacity: capacity)
                else { return 0 }
                outputLength.pointee = byteCount
                return 1
            },
            .digestFreeContext { context in
                guard let context else { return }
                DigestContext.free(contextPointer(context))
            },
            .digestDuplicate { context in
                guard let context else { return nil }
                return DigestContext.make(copying: contextPointer(context)).map { UnsafeMutableRawPointer($0) }
            },
            .digestCopy { target, source in
                guard let target, let source, target != source else { return }
                contextPointer(target).pointee.become(contextPointer(source).pointee)
            },
        ]
        if DigestRow.all[index].algorithm == .sha1 {
            entries.append(.digestSetContext { setParameters($0, $1) })
            entries.append(.digestSettableContext { _, _ in ssl3Settable })
        }
        return dispatchTable(entries)
    }

    nonisolated(unsafe) private static let gettable = parameterTable([
        .size(ParameterName.blockSize), .size(ParameterName.size), .int(ParameterName.isXOF),
        .int(ParameterName.isAlgorithmIdentifierAbsent),
    ])
    nonisolated(unsafe) private static let ssl3Settable = parameterTable([.octets(ParameterName.ssl3MasterSecret)])

    // A C function cannot capture which algorithm it is for: hence one for each row, which knows its number or algorithm.
    private static let newContext: [openssl_digest_newctx_function] = [
        { make($0, .md5) }, { make($0, .sha1) }, { make($0, .sha224) }, { make($0, .sha256) }, { make($0, .sha384) },
        { make($0, .sha512) }, { make($0, .sha512_224) }, { make($0, .sha512_256) }, { make($0, .sm3) },
    ]
    private static let getParameters: [openssl_digest_get_params_function] = [
        { describe($0, 0) }, { describe($0, 1) }, { describe($0, 2) }, { describe($0, 3) }, { describe($0, 4) },
        { describe($0, 5) }, { describe($0, 6) }, { describe($0, 7) }, { describe($0, 8) },
    ]

    @inline(__always)
    private static func make(_ provider: UnsafeMutableRawPointer?, _ algorithm: DigestAlgorithm)
        -> UnsafeMutableRawPointer?
    {
        guard let provider else { return nil }
        let context = DigestContext.make(Unmanaged<ProviderContext>.fromOpaque(provider), algorithm)
        return context.map { UnsafeMutableRawPointer($0) }
    }

    private static func describe(_ parameters: UnsafeMutablePointer<OSSL_PARAM>?, _ index: Int) -> Int32 {
        let row = DigestRow.all[index]
        let answers = ParameterAnswers(parameters)
        guard answers.set(ParameterName.blockSize, size: row.algorithm.blockByteCount),
            answers.set(ParameterName.size, size: row.algorithm.digestByteCount),
            answers.set(ParameterName.isXOF, int: 0),
            answers.set(ParameterName.isAlgorithmIdentifierAbsent, int: row.isAlgorithmIdentifierAbsent ? 1 : 0)
        else {
            raiseProviderError(PROV_R_FAILED_TO_SET_PARAMETER)
            return 0
        }
        return 1
    }

    private static func setParameters(_ context: UnsafeMutableRawPointer?, _ list: UnsafePointer<OSSL_PARAM>?) -> Int32
    {
        let pointer = contextPointer(context)
        guard list != nil, pointer.pointee.session.algorithm == .sha1,
            let parameter = ParameterSettings(list).parameter(ParameterName.ssl3MasterSecret),
            parameter.pointee.data_type == UInt32(OSSL_PARAM_OCTET_STRING), let secret = parameter.pointee.data
        else { return 1 }
        return DigestContext.applySSL3MasterSecret(pointer, secret, byteCount: parameter.pointee.data_size) ? 1 : 0
    }

    @inline(__always)
    private static func contextPointer(_ context: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<DigestContext> {
        context.unsafelyUnwrapped.assumingMemoryBound(to: DigestContext.self)
    }
}
