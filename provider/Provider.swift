// SPDX-License-Identifier: Apache-2.0

import AllocationReserve
import COpenSSL
import CProcess
import Host

/// What OpenSSL calls when it has loaded the module: the only symbol that it exports.
@c(OSSL_provider_init)
public func providerInit(
    _ handle: OpaquePointer?, _ coreFunctions: UnsafePointer<OSSL_DISPATCH>?,
    _ providerFunctions: UnsafeMutablePointer<UnsafePointer<OSSL_DISPATCH>?>?,
    _ providerContext: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> Int32 {
    // Files are read here, and a thread that is cancelled meanwhile would take libcrypto's locks with it.
    let cancellation = process_forbid_cancellation()
    defer { process_allow_cancellation(cancellation) }
    let reserved = allocation_reserve_byte_count()
    _ = ErrorTexts.library
    guard let providerFunctions, let providerContext,
        let context = ProviderContext(Core(handle, coreFunctions))
    else { return 0 }
    guard allocation_reserve_byte_count() <= reserved else {
        raiseNoMemory()
        return 0
    }
    providerContext.pointee = Unmanaged.passRetained(context).toOpaque()
    providerFunctions.pointee = ProviderFunctions.table
    return 1
}

/// The C functions that OpenSSL calls on the provider as a whole.
private enum ProviderFunctions {
    nonisolated(unsafe) static let table = dispatchTable([
        .teardown { context in
            guard let context else { return }
            Unmanaged<ProviderContext>.fromOpaque(context).release()
        },
        .gettableParameters { _ in gettable },
        .getParameters { context, list in
            provider(context).answer(ParameterAnswers(list)) ? 1 : 0
        },
        .queryOperation { context, operation, noCache in
            noCache?.pointee = 0
            return provider(context).algorithms(operation)
        },
        .getCapabilities { context, capability, callback, argument in
            provider(context).tellCapability(capability, callback, argument) ? 1 : 0
        },
        .selfTest { context in
            let provider = provider(context)
            if provider.engine.passesSelfTest() { return 1 }
            provider.core.raise(.selfTestFailed)
            return 0
        },
    ])

    nonisolated(unsafe) private static let gettable = parameterTable([
        .textPointer(ParameterName.providerName), .textPointer(ParameterName.providerVersion),
        .textPointer(ParameterName.providerBuildInformation), .int(ParameterName.providerStatus),
        .text(ParameterName.statistics),
    ])

    private static func provider(_ context: UnsafeMutableRawPointer?) -> ProviderContext {
        Unmanaged<ProviderContext>.fromOpaque(context.unsafelyUnwrapped).takeUnretainedValue()
    }
}
