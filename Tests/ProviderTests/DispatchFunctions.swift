// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Testing

/// One algorithm's functions, found by number, to be called as libcrypto calls them.
struct DispatchFunctions {
    typealias NewContext = @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?
    typealias FreeContext = @convention(c) (UnsafeMutableRawPointer?) -> Void
    typealias DigestInit = @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<OSSL_PARAM>?) -> Int32

    let provider: OpaquePointer
    private let table: UnsafePointer<OSSL_DISPATCH>

    init(_ provider: OpaquePointer, _ operation: Int32, _ name: String) throws {
        var noCache: Int32 = 0
        var algorithm = try #require(OSSL_PROVIDER_query_operation(provider, operation, &noCache))
        while let names = algorithm.pointee.algorithm_names {
            if String(cString: names).split(separator: ":").contains(Substring(name)) { break }
            algorithm += 1
        }
        self.provider = provider
        table = try #require(algorithm.pointee.implementation, "\(name) is not offered")
    }

    func find<Function>(_ number: Int32, as type: Function.Type) -> Function? {
        var entry = table
        while entry.pointee.function_id != 0 {
            if entry.pointee.function_id == number { return unsafeBitCast(entry.pointee.function, to: type) }
            entry += 1
        }
        return nil
    }

    func newContext(_ number: Int32) throws -> UnsafeMutableRawPointer {
        let new = try #require(find(number, as: NewContext.self))
        return try #require(new(OSSL_PROVIDER_get0_provider_ctx(provider)))
    }
}
