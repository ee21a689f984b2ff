// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Testing

/// `copyctx`, which OpenSSL 3.5 calls where earlier versions free a context and duplicate another.
@Suite struct DigestCopyTests {
    private typealias Update = @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<UInt8>?, Int) -> Int32
    private typealias Final =
        @convention(c) (
            UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<Int>?, Int
        ) -> Int32
    private typealias Copy = @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) -> Void

    /// Any state takes the place of any other: nothing hashed, bytes that wait in the small or the large buffer, whole
    /// blocks gone to the device.
    @Test(arguments: DigestAlgorithm.all)
    func inAnyState(_ algorithm: DigestAlgorithm) throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        let reference = try library.digest(algorithm.name, from: .reference)
        let functions = try DispatchFunctions(library.provider, OSSL_OP_DIGEST, algorithm.name)
        let update = try #require(functions.find(OSSL_FUNC_DIGEST_UPDATE, as: Update.self))
        let start = try #require(functions.find(OSSL_FUNC_DIGEST_INIT, as: DispatchFunctions.DigestInit.self))
        let finish = try #require(functions.find(OSSL_FUNC_DIGEST_FINAL, as: Final.self))
        let copy = try #require(functions.find(OSSL_FUNC_DIGEST_COPYCTX, as: Copy.self))
        let free = try #require(functions.find(OSSL_FUNC_DIGEST_FREECTX, as: DispatchFunctions.FreeContext.self))

        func end(_ context: UnsafeMutableRawPointer) -> [UInt8] {
            var output = [UInt8](repeating: 0, count: 64)
            var count = 0
            #expect(finish(context, &output, &count, output.count) == 1)
            return Array(output[..<count])
        }
        func digest(_ message: [UInt8]) -> [UInt8] {
            var output = [UInt8](repeating: 0, count: 64)
            var count: UInt32 = 0
            #expect(EVP_Digest(message, message.count, &output, &count, reference.raw, nil) == 1)
            return Array(output[..<Int(count)])
        }
        let message = (0..<20000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let other = [UInt8](message.reversed())
        let lengths = [0, 1, 100, 300, 1000, 9000, 20000]
        for (before, length) in lengths.flatMap({ before in lengths.map { (before, $0) } }) {
            let source = try functions.newContext(OSSL_FUNC_DIGEST_NEWCTX)
            let target = try functions.newContext(OSSL_FUNC_DIGEST_NEWCTX)
            defer {
                free(source)
                free(target)
            }
            #expect(start(source, nil) == 1 && start(target, nil) == 1)
            #expect(update(source, message, length) == 1)
            #expect(update(target, other, before) == 1)
            copy(target, source)
            copy(target, target)
            // The two go on independently.
            #expect(update(target, other, 77) == 1)
            let isIndependent = end(source) == digest(Array(message[..<length]))
            let isContinued = end(target) == digest(Array(message[..<length] + other[..<77]))
            #expect(isIndependent && isContinued, "\(length) bytes over \(before)")
        }
    }
}
