// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// The C functions that OpenSSL calls for HMAC.
enum HMACFunctions {
    nonisolated(unsafe) static let table = dispatchTable([
        .macNewContext { provider in
            guard let provider else { return nil }
            let context = UnsafeMutablePointer<HMACContext>.allocate(capacity: 1)
            context.initialize(
                to: HMACContext(Unmanaged<ProviderContext>.fromOpaque(provider).takeUnretainedValue()))
            return UnsafeMutableRawPointer(context)
        },
        .macDuplicate { context in
            guard let copy = HMACContext(copying: contextPointer(context).pointee) else { return nil }
            let pointer = UnsafeMutablePointer<HMACContext>.allocate(capacity: 1)
            pointer.initialize(to: copy)
            return UnsafeMutableRawPointer(pointer)
        },
        .macFreeContext { context in
            guard let context else { return }
            let pointer = contextPointer(context)
            pointer.deinitialize(count: 1)
            pointer.deallocate()
        },
        .macInit { context, key, keyByteCount, parameters in
            let pointer = contextPointer(context)
            guard pointer.pointee.set(ParameterSettings(parameters)) else { return 0 }
            return pointer.pointee.start(key: key, byteCount: keyByteCount) ? 1 : 0
        },
        .macUpdate { context, data, byteCount in
            contextPointer(context).pointee.update(data, byteCount: byteCount) ? 1 : 0
        },
        .macFinal { context, output, outputLength, capacity in
            guard let output, let outputLength,
                let byteCount = contextPointer(context).pointee.finish(into: output, capacity: capacity)
            else { return 0 }
            outputLength.pointee = byteCount
            return 1
        },
        .macGetContext { contextPointer($0).pointee.answer(ParameterAnswers($1)) ? 1 : 0 },
        .macGettableContext { _, _ in gettable },
        .macSetContext { contextPointer($0).pointee.set(ParameterSettings($1)) ? 1 : 0 },
        .macSettableContext { _, _ in settable },
    ])

    nonisolated(unsafe) private static let gettable = parameterTable([
        .size(ParameterName.size), .size(ParameterName.macBlockSize),
    ])
    nonisolated(unsafe) private static let settable = parameterTable([
        .text(ParameterName.digest), .text(ParameterName.properties), .octets(ParameterName.key),
        .int(ParameterName.digestNoInit), .int(ParameterName.digestOneShot), .size(ParameterName.tlsDataSize),
    ])

    @inline(__always)
    private static func contextPointer(_ context: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<HMACContext> {
        context.unsafelyUnwrapped.assumingMemoryBound(to: HMACContext.self)
    }
}
