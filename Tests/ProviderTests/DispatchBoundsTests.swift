// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Testing

/// EVP always passes room enough; libssl and later OpenSSL versions need not. So the provider's own functions are
/// called here as libcrypto calls them, with too little room for the output.
@Suite struct DispatchBoundsTests {
    private typealias CipherInit =
        @convention(c) (
            UnsafeMutableRawPointer?, UnsafePointer<UInt8>?, Int, UnsafePointer<UInt8>?, Int, UnsafePointer<OSSL_PARAM>?
        ) -> Int32
    private typealias CipherUpdate =
        @convention(c) (
            UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<Int>?, Int,
            UnsafePointer<UInt8>?, Int
        ) -> Int32
    private typealias CipherFinal =
        @convention(c) (
            UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<Int>?, Int
        ) -> Int32
    private typealias DigestFinal = CipherFinal

    /// What a call did: its result, the count if it succeeded, the reasons if not, and what is in the output.
    private struct Outcome: Equatable {
        var result: Int32
        var count: Int
        var reasons: [Int32]
        var bytes: [UInt8]
    }

    @Test(arguments: CipherAlgorithm.all, Direction.allCases)
    func cipherOutputTooSmall(_ algorithm: CipherAlgorithm, _ direction: Direction) throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        func outcomes(_ provider: OpaquePointer, padding: Bool, length: Int, room: Int) throws -> [Outcome] {
            let functions = try DispatchFunctions(provider, OSSL_OP_CIPHER, algorithm.name)
            let context = try functions.newContext(OSSL_FUNC_CIPHER_NEWCTX)
            defer { functions.find(OSSL_FUNC_CIPHER_FREECTX, as: DispatchFunctions.FreeContext.self)!(context) }
            let initialize = try #require(
                functions.find(
                    direction == .encrypt ? OSSL_FUNC_CIPHER_ENCRYPT_INIT : OSSL_FUNC_CIPHER_DECRYPT_INIT,
                    as: CipherInit.self))
            let cipher = try library.cipher(algorithm.name, from: .reference)
            let key = (0..<cipher.keyLength).map { UInt8($0) }
            let iv = (0..<cipher.ivLength).map { UInt8(100 + $0) }
            let parameters = Parameters()
            if algorithm.isBlockMode { parameters.add(OSSL_CIPHER_PARAM_PADDING, unsigned: padding ? 1 : 0) }
            let started = parameters.pass { initialize(context, key, key.count, iv, iv.count, $0) }
            var all = [Outcome(result: started, count: 0, reasons: [], bytes: [])]
            let data = (0..<length).map { UInt8($0) }
            all.append(
                observe(room) {
                    functions.find(OSSL_FUNC_CIPHER_UPDATE, as: CipherUpdate.self)!(context, $0, $1, room, data, length)
                })
            all.append(
                observe(room) {
                    functions.find(OSSL_FUNC_CIPHER_FINAL, as: CipherFinal.self)!(context, $0, $1, room)
                })
            // The default provider's ECB, CBC and CTS go past the end of what is not whole blocks here, and its XTS
            // past the end of what is too small.
            let isDefined =
                switch algorithm.mode {
                case .ecb, .cbc, .cbcCTS: length % algorithm.blockLength == 0
                case .ctr, .ofb, .cfb: true
                case .xts: room >= length
                }
            if isDefined,
                let cipherCall = functions.find(OSSL_FUNC_CIPHER_CIPHER, as: CipherUpdate.self)
            {
                all.append(observe(room) { cipherCall(context, $0, $1, room, data, length) })
            }
            return all
        }
        for padding in algorithm.isBlockMode ? [true, false] : [true] {
            for length in [16, 20, 32, 48] {
                for room in [0, 1, 7, 8, 15, 16, 17, 19, 24, 31, 32, 40, 47, 48, 64] {
                    let ours = try outcomes(library.provider, padding: padding, length: length, room: room)
                    let theirs = try outcomes(library.referenceProvider, padding: padding, length: length, room: room)
                    try #require(ours == theirs, "padding \(padding), \(length) bytes into \(room)")
                }
            }
        }
    }

    /// Init checks the lengths it is told, also when EVP would have.
    @Test(arguments: CipherAlgorithm.all, Direction.allCases)
    func wrongLengthsAtInit(_ algorithm: CipherAlgorithm, _ direction: Direction) throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        let cipher = try library.cipher(algorithm.name, from: .reference)
        func outcome(_ provider: OpaquePointer, _ keyLength: Int, _ ivLength: Int) throws -> Outcome {
            let functions = try DispatchFunctions(provider, OSSL_OP_CIPHER, algorithm.name)
            let context = try functions.newContext(OSSL_FUNC_CIPHER_NEWCTX)
            defer { functions.find(OSSL_FUNC_CIPHER_FREECTX, as: DispatchFunctions.FreeContext.self)!(context) }
            let initialize = try #require(
                functions.find(
                    direction == .encrypt ? OSSL_FUNC_CIPHER_ENCRYPT_INIT : OSSL_FUNC_CIPHER_DECRYPT_INIT,
                    as: CipherInit.self))
            let key = (0..<100).map { UInt8($0) }
            ErrorQueue.clear()
            let result = initialize(context, key, keyLength, key, ivLength, nil)
            return Outcome(result: result, count: 0, reasons: result == 1 ? [] : ErrorQueue.drain().reasons, bytes: [])
        }
        for keyLength in [0, 1, cipher.keyLength - 1, cipher.keyLength, cipher.keyLength + 1, 64] {
            for ivLength in [0, 1, 7, 8, 9, 12, 15, 16, 17, 32] {
                // Where both are wrong, either may be said first.
                if keyLength != cipher.keyLength && ivLength != cipher.ivLength { continue }
                let ours = try outcome(library.provider, keyLength, ivLength)
                let theirs = try outcome(library.referenceProvider, keyLength, ivLength)
                try #require(ours == theirs, "key of \(keyLength), IV of \(ivLength)")
            }
        }
    }

    @Test(arguments: DigestAlgorithm.all)
    func digestOutputTooSmall(_ algorithm: DigestAlgorithm) throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        func outcome(_ provider: OpaquePointer, room: Int) throws -> Outcome {
            let functions = try DispatchFunctions(provider, OSSL_OP_DIGEST, algorithm.name)
            let context = try functions.newContext(OSSL_FUNC_DIGEST_NEWCTX)
            defer { functions.find(OSSL_FUNC_DIGEST_FREECTX, as: DispatchFunctions.FreeContext.self)!(context) }
            #expect(functions.find(OSSL_FUNC_DIGEST_INIT, as: DispatchFunctions.DigestInit.self)!(context, nil) == 1)
            return observe(room) {
                functions.find(OSSL_FUNC_DIGEST_FINAL, as: DigestFinal.self)!(context, $0, $1, room)
            }
        }
        let size = try library.digest(algorithm.name, from: .reference).size
        for room in [0, 1, size - 1, size, size + 1] {
            let ours = try outcome(library.provider, room: room)
            let theirs = try outcome(library.referenceProvider, room: room)
            #expect(ours == theirs, "a digest of \(size) into \(room)")
        }
    }

    /// Makes a call with `room` bytes of output and a margin behind them that must stay as it is.
    private func observe(
        _ room: Int, _ call: (UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<Int>) -> Int32
    ) -> Outcome {
        var output = [UInt8](repeating: Scratch.fill, count: room + 64)
        var count = 0
        ErrorQueue.clear()
        let result = output.withUnsafeMutableBufferPointer { call($0.baseAddress!, &count) }
        let errors = ErrorQueue.drain()
        #expect(output[room...].allSatisfy { $0 == Scratch.fill }, "wrote past \(room) bytes")
        guard result == 1 else { return Outcome(result: result, count: 0, reasons: errors.reasons, bytes: []) }
        return Outcome(result: result, count: count, reasons: [], bytes: Array(output.prefix(min(count, room))))
    }
}
