// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import CompressionStreams

/// The dispatch tables of the compression operation, with the C functions that programs call. They differ in what makes
/// a context: a C function knows its row by being another one.
enum CompressionFunctions {
    nonisolated(unsafe) private static let tables: [UnsafePointer<OSSL_DISPATCH>] = [
        dispatchTable([.compressNewContext { make($0, 0) }] + shared),
        dispatchTable([.compressNewContext { make($0, 1) }] + shared),
        dispatchTable([.compressNewContext { make($0, 2) }] + shared),
    ]

    /// The table of a row of `CompressionRow.all`.
    static func table(_ index: Int) -> UnsafePointer<OSSL_DISPATCH> { tables[index] }

    private static let shared: [OSSL_DISPATCH] = [
        .compressFreeContext { context in
            guard let context else { return }
            Unmanaged<CompressionContext>.fromOpaque(context).release()
        },
        .compressDuplicate { held($0)?.copy().map { Unmanaged.passRetained($0).toOpaque() } },
        .compressInit { held($0)?.begin(.compress, ParameterSettings($1)) == true ? 1 : 0 },
        .decompressInit { held($0)?.begin(.decompress, ParameterSettings($1)) == true ? 1 : 0 },
        .compressUpdate { update($0, $1, $2, $3, $4, $5, $6, $7) },
        .compressReset { held($0)?.reset() == true ? 1 : 0 },
        .compressWhole { whole($0, $1, $2, $3, $4, $5) },
        .compressBound { held($0)?.bound($1) ?? 0 },
        .compressGetContext { held($0)?.answer(ParameterAnswers($1)) == true ? 1 : 0 },
        .compressSetContext { held($0)?.set(ParameterSettings($1)) == true ? 1 : 0 },
        .compressGettableContext { _, _ in gettable },
        .compressSettableContext { _, _ in settable },
    ]

    nonisolated(unsafe) private static let gettable = parameterTable([
        .int(ParameterName.level), .int(ParameterName.strategy), .int(ParameterName.windowBits),
        .int(ParameterName.memoryLevel), .size(ParameterName.totalInput), .size(ParameterName.totalOutput),
        .uint(ParameterName.checksum),
    ])
    nonisolated(unsafe) private static let settable = parameterTable([
        .int(ParameterName.level), .int(ParameterName.strategy), .int(ParameterName.windowBits),
        .int(ParameterName.memoryLevel), .octets(ParameterName.dictionary),
    ])

    // MARK: - Calls

    private static func make(_ provider: UnsafeMutableRawPointer?, _ index: Int) -> UnsafeMutableRawPointer? {
        guard let provider else { return nil }
        let context = CompressionContext.make(
            Unmanaged<ProviderContext>.fromOpaque(provider), CompressionRow.all[index].format)
        return context.map { Unmanaged.passRetained($0).toOpaque() }
    }

    /// nil where a program hands over none.
    private static func held(_ context: UnsafeMutableRawPointer?) -> CompressionContext? {
        context.map { Unmanaged<CompressionContext>.fromOpaque($0).takeUnretainedValue() }
    }

    private static func update(
        _ context: UnsafeMutableRawPointer?, _ output: UnsafeMutablePointer<UInt8>?,
        _ written: UnsafeMutablePointer<Int>?, _ room: Int, _ input: UnsafePointer<UInt8>?,
        _ consumed: UnsafeMutablePointer<Int>?, _ byteCount: Int, _ flush: Int32
    ) -> Int32 {
        guard let context = held(context), let written, let consumed, output != nil || room == 0,
            input != nil || byteCount == 0
        else {
            raiseProviderError(Int32(ERR_R_PASSED_NULL_PARAMETER))
            return UACCE_COMPRESS_ERROR
        }
        return context.update(
            UnsafeRawBufferPointer(start: input, count: byteCount), consumed,
            UnsafeMutableRawBufferPointer(start: output, count: room), written, flush)
    }

    private static func whole(
        _ context: UnsafeMutableRawPointer?, _ output: UnsafeMutablePointer<UInt8>?,
        _ written: UnsafeMutablePointer<Int>?, _ room: Int, _ input: UnsafePointer<UInt8>?, _ byteCount: Int
    ) -> Int32 {
        guard let context = held(context), let written, output != nil || room == 0, input != nil || byteCount == 0
        else {
            raiseProviderError(Int32(ERR_R_PASSED_NULL_PARAMETER))
            return UACCE_COMPRESS_ERROR
        }
        return context.whole(
            UnsafeRawBufferPointer(start: input, count: byteCount),
            UnsafeMutableRawBufferPointer(start: output, count: room), written)
    }
}
