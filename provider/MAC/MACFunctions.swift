// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import CryptoSessions

/// What OpenSSL holds between `newctx` and `freectx` of a MAC.
///
/// Functions return false or nil after putting the reason on the error queue, where there is one to tell.
protocol MACContext: ~Copyable {
    /// nil: there is no memory for it, here and below.
    init?(_ provider: ProviderContext)
    init?(copying other: borrowing Self)
    /// Whether there is something to be copied, as the default provider sees it.
    var isCopyable: Bool { get }

    /// Starts a message. nil key: with the key from before.
    mutating func start(key: UnsafeRawPointer?, byteCount: Int) -> Bool
    mutating func update(_ data: UnsafeRawPointer?, byteCount: Int) -> Bool
    /// Ends the message. Returns how many bytes were written.
    mutating func finish(into mac: UnsafeMutableRawPointer, capacity: Int) -> Int?
    mutating func set(_ settings: ParameterSettings) -> Bool
}

extension MACContext where Self: ~Copyable {
    var isCopyable: Bool { true }
}

/// The dispatch tables of MACs, with the C functions that OpenSSL calls. A C function cannot be generic: hence one for
/// each type of context.
enum MACFunctions {
    private typealias HMAC = MACCalls<HMACContext>
    nonisolated(unsafe) static let hmac = dispatchTable([
        .macNewContext { HMAC.make($0) },
        .macDuplicate { HMAC.duplicate($0) },
        .macFreeContext { HMAC.free($0) },
        .macInit { HMAC.initialize($0, $1, $2, $3) },
        .macUpdate { HMAC.update($0, $1, $2) },
        .macFinal { HMAC.finish($0, $1, $2, $3) },
        .macGetContext { HMAC.pointer($0).pointee.answer(ParameterAnswers($1)) ? 1 : 0 },
        .macGettableContext { _, _ in sizes },
        .macSetContext { HMAC.set($0, $1) },
        .macSettableContext { _, _ in hmacSettable },
    ])

    private typealias CMAC = MACCalls<CMACContext>
    nonisolated(unsafe) static let cmac = dispatchTable([
        .macNewContext { CMAC.make($0) },
        .macDuplicate { CMAC.duplicate($0) },
        .macFreeContext { CMAC.free($0) },
        .macInit { CMAC.initialize($0, $1, $2, $3) },
        .macUpdate { CMAC.update($0, $1, $2) },
        .macFinal { CMAC.finish($0, $1, $2, $3) },
        .macGetContext { CMAC.pointer($0).pointee.answer(ParameterAnswers($1)) ? 1 : 0 },
        .macGettableContext { _, _ in sizes },
        .macSetContext { CMAC.set($0, $1) },
        .macSettableContext { _, _ in cmacSettable },
    ])

    private typealias GMAC = MACCalls<GMACContext>
    nonisolated(unsafe) static let gmac = dispatchTable([
        .macNewContext { GMAC.make($0) },
        .macDuplicate { GMAC.duplicate($0) },
        .macFreeContext { GMAC.free($0) },
        .macInit { GMAC.initialize($0, $1, $2, $3) },
        .macUpdate { GMAC.update($0, $1, $2) },
        .macFinal { GMAC.finish($0, $1, $2, $3) },
        .macGetParameters { parameters in
            ParameterAnswers(parameters).set(ParameterName.size, size: GMACSession.macByteCount) ? 1 : 0
        },
        .macGettable { _ in gmacGettable },
        .macSetContext { GMAC.set($0, $1) },
        .macSettableContext { _, _ in gmacSettable },
    ])

    nonisolated(unsafe) private static let sizes = parameterTable([
        .size(ParameterName.size), .size(ParameterName.macBlockSize),
    ])
    nonisolated(unsafe) private static let gmacGettable = parameterTable([.size(ParameterName.size)])
    nonisolated(unsafe) private static let hmacSettable = parameterTable([
        .text(ParameterName.digest), .text(ParameterName.properties), .octets(ParameterName.key),
        .int(ParameterName.digestNoInit), .int(ParameterName.digestOneShot), .size(ParameterName.tlsDataSize),
    ])
    nonisolated(unsafe) private static let cmacSettable = parameterTable([
        .text(ParameterName.cipher), .text(ParameterName.properties), .octets(ParameterName.key),
    ])
    nonisolated(unsafe) private static let gmacSettable = parameterTable([
        .text(ParameterName.cipher), .text(ParameterName.properties), .octets(ParameterName.key),
        .octets(ParameterName.iv),
    ])
}

/// What the C functions do with the context that OpenSSL hands them.
private enum MACCalls<Context: MACContext & ~Copyable> {
    static func make(_ provider: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let provider else { return nil }
        return ContextMemory.hold(Context(Unmanaged<ProviderContext>.fromOpaque(provider).takeUnretainedValue()))
    }

    static func duplicate(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard pointer(context).pointee.isCopyable else { return nil }
        return ContextMemory.hold(Context(copying: pointer(context).pointee))
    }

    static func free(_ context: UnsafeMutableRawPointer?) {
        ContextMemory.release(context, Context.self)
    }

    static func initialize(
        _ context: UnsafeMutableRawPointer?, _ key: UnsafePointer<UInt8>?, _ keyByteCount: Int,
        _ parameters: UnsafePointer<OSSL_PARAM>?
    ) -> Int32 {
        guard set(context, parameters) == 1 else { return 0 }
        return pointer(context).pointee.start(key: key, byteCount: keyByteCount) ? 1 : 0
    }

    @inline(__always)
    static func update(_ context: UnsafeMutableRawPointer?, _ data: UnsafePointer<UInt8>?, _ byteCount: Int) -> Int32 {
        pointer(context).pointee.update(data, byteCount: byteCount) ? 1 : 0
    }

    @inline(__always)
    static func finish(
        _ context: UnsafeMutableRawPointer?, _ output: UnsafeMutablePointer<UInt8>?,
        _ outputLength: UnsafeMutablePointer<Int>?, _ capacity: Int
    ) -> Int32 {
        guard let output, let outputLength,
            let byteCount = pointer(context).pointee.finish(into: output, capacity: capacity)
        else { return 0 }
        outputLength.pointee = byteCount
        return 1
    }

    static func set(_ context: UnsafeMutableRawPointer?, _ parameters: UnsafePointer<OSSL_PARAM>?) -> Int32 {
        pointer(context).pointee.set(ParameterSettings(parameters)) ? 1 : 0
    }

    @inline(__always)
    static func pointer(_ context: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<Context> {
        context.unsafelyUnwrapped.assumingMemoryBound(to: Context.self)
    }
}
