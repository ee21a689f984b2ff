// SPDX-License-Identifier: Apache-2.0

import CLinux
import COpenSSL
import Host

/// The functions of one cipher of the default provider, as its dispatch table lists them.
struct CipherFunctions {
    typealias Initialise =
        @convention(c) (
            UnsafeMutableRawPointer?, UnsafePointer<UInt8>?, Int, UnsafePointer<UInt8>?, Int, UnsafePointer<OSSL_PARAM>?
        ) -> Int32
    typealias Run =
        @convention(c) (
            UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<Int>?, Int,
            UnsafePointer<UInt8>?, Int
        ) -> Int32

    typealias SetParameters = @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<OSSL_PARAM>?) -> Int32
    typealias GetParameters = @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<OSSL_PARAM>?) -> Int32

    let newContext: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?
    let freeContext: @convention(c) (UnsafeMutableRawPointer?) -> Void
    let initialiseEncryption: Initialise
    let initialiseDecryption: Initialise
    let setParameters: SetParameters
    let getParameters: GetParameters
    /// Works on whole blocks, without padding. Trap: of a cipher with ciphertext stealing this is plain CBC. Of an AEAD
    /// it does everything: without output, input is additional data; without input, the message ends.
    let run: Run
    /// The same for ciphertext stealing, once after each initialisation. It also tells CCM a message's length, without
    /// input and output: by `run`, later releases of OpenSSL 3.0 would end the message there.
    let update: Run

    /// nil when the table lacks a function, which no version of libcrypto does.
    init?(_ table: UnsafePointer<OSSL_DISPATCH>) {
        var newContext: (@convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?)?
        var freeContext: (@convention(c) (UnsafeMutableRawPointer?) -> Void)?
        var initialiseEncryption: Initialise?
        var initialiseDecryption: Initialise?
        var setParameters: SetParameters?
        var getParameters: GetParameters?
        var update: Run?
        var oneShot: Run?
        var entry = table
        while entry.pointee.function_id != 0 {
            switch entry.pointee.function_id {
            case OSSL_FUNC_CIPHER_NEWCTX: newContext = OSSL_FUNC_cipher_newctx(entry)
            case OSSL_FUNC_CIPHER_FREECTX: freeContext = OSSL_FUNC_cipher_freectx(entry)
            case OSSL_FUNC_CIPHER_ENCRYPT_INIT: initialiseEncryption = OSSL_FUNC_cipher_encrypt_init(entry)
            case OSSL_FUNC_CIPHER_DECRYPT_INIT: initialiseDecryption = OSSL_FUNC_cipher_decrypt_init(entry)
            case OSSL_FUNC_CIPHER_SET_CTX_PARAMS: setParameters = OSSL_FUNC_cipher_set_ctx_params(entry)
            case OSSL_FUNC_CIPHER_GET_CTX_PARAMS: getParameters = OSSL_FUNC_cipher_get_ctx_params(entry)
            case OSSL_FUNC_CIPHER_UPDATE: update = OSSL_FUNC_cipher_update(entry)
            case OSSL_FUNC_CIPHER_CIPHER: oneShot = OSSL_FUNC_cipher_cipher(entry)
            default: break
            }
            entry += 1
        }
        guard let newContext, let freeContext, let initialiseEncryption, let initialiseDecryption, let setParameters,
            let getParameters, let update, let oneShot
        else { return nil }
        self.newContext = newContext
        self.freeContext = freeContext
        self.initialiseEncryption = initialiseEncryption
        self.initialiseDecryption = initialiseDecryption
        self.setParameters = setParameters
        self.getParameters = getParameters
        run = oneShot
        self.update = update
    }
}

/// The dispatch table of the algorithm called `name`, ignoring case, in a list that ends with an entry without names.
func dispatchTable(named name: StaticString, in list: UnsafePointer<OSSL_ALGORITHM>) -> UnsafePointer<OSSL_DISPATCH>? {
    var algorithm = list
    while let names = algorithm.pointee.algorithm_names {
        if isListed(name.bytes, in: names) { return algorithm.pointee.implementation }
        algorithm += 1
    }
    return nil
}
