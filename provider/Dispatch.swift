// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// Entries of OpenSSL's dispatch tables. Each maker takes exactly the function type that OpenSSL calls under that id,
/// so that a wrong signature does not compile.
extension OSSL_DISPATCH {
    private init(_ identifier: Int32, _ function: @escaping @convention(c) () -> Void) {
        self.init(function_id: identifier, function: function)
    }

    private static func entry<Function>(_ identifier: Int32, _ function: Function) -> OSSL_DISPATCH {
        OSSL_DISPATCH(identifier, unsafeBitCast(function, to: (@convention(c) () -> Void).self))
    }

    // The provider itself.
    static func teardown(_ f: openssl_provider_teardown_function) -> Self {
        entry(OSSL_FUNC_PROVIDER_TEARDOWN, f)
    }
    static func gettableParameters(_ f: openssl_provider_gettable_params_function) -> Self {
        entry(OSSL_FUNC_PROVIDER_GETTABLE_PARAMS, f)
    }
    static func getParameters(_ f: openssl_provider_get_params_function) -> Self {
        entry(OSSL_FUNC_PROVIDER_GET_PARAMS, f)
    }
    static func queryOperation(_ f: openssl_provider_query_operation_function) -> Self {
        entry(OSSL_FUNC_PROVIDER_QUERY_OPERATION, f)
    }
    static func getCapabilities(_ f: openssl_provider_get_capabilities_function) -> Self {
        entry(OSSL_FUNC_PROVIDER_GET_CAPABILITIES, f)
    }
    static func selfTest(_ f: openssl_provider_self_test_function) -> Self {
        entry(OSSL_FUNC_PROVIDER_SELF_TEST, f)
    }

    // Digests.
    static func digestNewContext(_ f: openssl_digest_newctx_function) -> Self {
        entry(OSSL_FUNC_DIGEST_NEWCTX, f)
    }
    static func digestInit(_ f: openssl_digest_init_function) -> Self { entry(OSSL_FUNC_DIGEST_INIT, f) }
    static func digestUpdate(_ f: openssl_digest_update_function) -> Self { entry(OSSL_FUNC_DIGEST_UPDATE, f) }
    static func digestFinal(_ f: openssl_digest_final_function) -> Self { entry(OSSL_FUNC_DIGEST_FINAL, f) }
    static func digestFreeContext(_ f: openssl_digest_freectx_function) -> Self {
        entry(OSSL_FUNC_DIGEST_FREECTX, f)
    }
    static func digestDuplicate(_ f: openssl_digest_dupctx_function) -> Self {
        entry(OSSL_FUNC_DIGEST_DUPCTX, f)
    }
    /// Into a context that there is already: OpenSSL 3.5 and later call it, earlier ones look past it.
    static func digestCopy(_ f: openssl_digest_copyctx_function) -> Self {
        entry(OSSL_FUNC_DIGEST_COPYCTX, f)
    }
    static func digestGetParameters(_ f: openssl_digest_get_params_function) -> Self {
        entry(OSSL_FUNC_DIGEST_GET_PARAMS, f)
    }
    static func digestGettable(_ f: openssl_digest_gettable_params_function) -> Self {
        entry(OSSL_FUNC_DIGEST_GETTABLE_PARAMS, f)
    }
    static func digestSetContext(_ f: openssl_digest_set_ctx_params_function) -> Self {
        entry(OSSL_FUNC_DIGEST_SET_CTX_PARAMS, f)
    }
    static func digestSettableContext(_ f: openssl_digest_settable_ctx_params_function) -> Self {
        entry(OSSL_FUNC_DIGEST_SETTABLE_CTX_PARAMS, f)
    }

    // Ciphers.
    static func cipherNewContext(_ f: openssl_cipher_newctx_function) -> Self {
        entry(OSSL_FUNC_CIPHER_NEWCTX, f)
    }
    static func cipherEncryptInit(_ f: openssl_cipher_encrypt_init_function) -> Self {
        entry(OSSL_FUNC_CIPHER_ENCRYPT_INIT, f)
    }
    static func cipherDecryptInit(_ f: openssl_cipher_decrypt_init_function) -> Self {
        entry(OSSL_FUNC_CIPHER_DECRYPT_INIT, f)
    }
    static func cipherUpdate(_ f: openssl_cipher_update_function) -> Self { entry(OSSL_FUNC_CIPHER_UPDATE, f) }
    static func cipherFinal(_ f: openssl_cipher_final_function) -> Self { entry(OSSL_FUNC_CIPHER_FINAL, f) }
    static func cipherRaw(_ f: openssl_cipher_cipher_function) -> Self { entry(OSSL_FUNC_CIPHER_CIPHER, f) }
    static func cipherFreeContext(_ f: openssl_cipher_freectx_function) -> Self {
        entry(OSSL_FUNC_CIPHER_FREECTX, f)
    }
    static func cipherDuplicate(_ f: openssl_cipher_dupctx_function) -> Self {
        entry(OSSL_FUNC_CIPHER_DUPCTX, f)
    }
    static func cipherGetParameters(_ f: openssl_cipher_get_params_function) -> Self {
        entry(OSSL_FUNC_CIPHER_GET_PARAMS, f)
    }
    static func cipherGettable(_ f: openssl_cipher_gettable_params_function) -> Self {
        entry(OSSL_FUNC_CIPHER_GETTABLE_PARAMS, f)
    }
    static func cipherGetContext(_ f: openssl_cipher_get_ctx_params_function) -> Self {
        entry(OSSL_FUNC_CIPHER_GET_CTX_PARAMS, f)
    }
    static func cipherGettableContext(_ f: openssl_cipher_gettable_ctx_params_function) -> Self {
        entry(OSSL_FUNC_CIPHER_GETTABLE_CTX_PARAMS, f)
    }
    static func cipherSetContext(_ f: openssl_cipher_set_ctx_params_function) -> Self {
        entry(OSSL_FUNC_CIPHER_SET_CTX_PARAMS, f)
    }
    static func cipherSettableContext(_ f: openssl_cipher_settable_ctx_params_function) -> Self {
        entry(OSSL_FUNC_CIPHER_SETTABLE_CTX_PARAMS, f)
    }

    // MACs.
    static func macNewContext(_ f: openssl_mac_newctx_function) -> Self { entry(OSSL_FUNC_MAC_NEWCTX, f) }
    static func macInit(_ f: openssl_mac_init_function) -> Self { entry(OSSL_FUNC_MAC_INIT, f) }
    static func macUpdate(_ f: openssl_mac_update_function) -> Self { entry(OSSL_FUNC_MAC_UPDATE, f) }
    static func macFinal(_ f: openssl_mac_final_function) -> Self { entry(OSSL_FUNC_MAC_FINAL, f) }
    static func macFreeContext(_ f: openssl_mac_freectx_function) -> Self { entry(OSSL_FUNC_MAC_FREECTX, f) }
    static func macDuplicate(_ f: openssl_mac_dupctx_function) -> Self { entry(OSSL_FUNC_MAC_DUPCTX, f) }
    static func macGetParameters(_ f: openssl_mac_get_params_function) -> Self {
        entry(OSSL_FUNC_MAC_GET_PARAMS, f)
    }
    static func macGettable(_ f: openssl_mac_gettable_params_function) -> Self {
        entry(OSSL_FUNC_MAC_GETTABLE_PARAMS, f)
    }
    static func macGetContext(_ f: openssl_mac_get_ctx_params_function) -> Self {
        entry(OSSL_FUNC_MAC_GET_CTX_PARAMS, f)
    }
    static func macGettableContext(_ f: openssl_mac_gettable_ctx_params_function) -> Self {
        entry(OSSL_FUNC_MAC_GETTABLE_CTX_PARAMS, f)
    }
    static func macSetContext(_ f: openssl_mac_set_ctx_params_function) -> Self {
        entry(OSSL_FUNC_MAC_SET_CTX_PARAMS, f)
    }
    static func macSettableContext(_ f: openssl_mac_settable_ctx_params_function) -> Self {
        entry(OSSL_FUNC_MAC_SETTABLE_CTX_PARAMS, f)
    }

    // Compression, which only uacce_compress.h knows.
    static func compressNewContext(_ f: UACCE_FUNC_compress_newctx_fn) -> Self {
        entry(UACCE_FUNC_COMPRESS_NEWCTX, f)
    }
    static func compressFreeContext(_ f: UACCE_FUNC_compress_freectx_fn) -> Self {
        entry(UACCE_FUNC_COMPRESS_FREECTX, f)
    }
    static func compressDuplicate(_ f: UACCE_FUNC_compress_dupctx_fn) -> Self {
        entry(UACCE_FUNC_COMPRESS_DUPCTX, f)
    }
    static func compressInit(_ f: UACCE_FUNC_compress_init_fn) -> Self {
        entry(UACCE_FUNC_COMPRESS_COMPRESS_INIT, f)
    }
    static func decompressInit(_ f: UACCE_FUNC_compress_init_fn) -> Self {
        entry(UACCE_FUNC_COMPRESS_DECOMPRESS_INIT, f)
    }
    static func compressUpdate(_ f: UACCE_FUNC_compress_update_fn) -> Self {
        entry(UACCE_FUNC_COMPRESS_UPDATE, f)
    }
    static func compressReset(_ f: UACCE_FUNC_compress_reset_fn) -> Self { entry(UACCE_FUNC_COMPRESS_RESET, f) }
    static func compressWhole(_ f: UACCE_FUNC_compress_whole_fn) -> Self { entry(UACCE_FUNC_COMPRESS_WHOLE, f) }
    static func compressBound(_ f: UACCE_FUNC_compress_bound_fn) -> Self { entry(UACCE_FUNC_COMPRESS_BOUND, f) }
    static func compressGetContext(_ f: UACCE_FUNC_compress_get_ctx_params_fn) -> Self {
        entry(UACCE_FUNC_COMPRESS_GET_CTX_PARAMS, f)
    }
    static func compressSetContext(_ f: UACCE_FUNC_compress_set_ctx_params_fn) -> Self {
        entry(UACCE_FUNC_COMPRESS_SET_CTX_PARAMS, f)
    }
    static func compressGettableContext(_ f: UACCE_FUNC_compress_gettable_ctx_params_fn) -> Self {
        entry(UACCE_FUNC_COMPRESS_GETTABLE_CTX_PARAMS, f)
    }
    static func compressSettableContext(_ f: UACCE_FUNC_compress_settable_ctx_params_fn) -> Self {
        entry(UACCE_FUNC_COMPRESS_SETTABLE_CTX_PARAMS, f)
    }
}

/// A dispatch table that OpenSSL may keep for as long as the process lives.
func dispatchTable(_ entries: [OSSL_DISPATCH]) -> UnsafePointer<OSSL_DISPATCH> {
    let table = UnsafeMutablePointer<OSSL_DISPATCH>.allocate(capacity: entries.count + 1)
    for (index, entry) in entries.enumerated() { (table + index).initialize(to: entry) }
    (table + entries.count).initialize(to: OSSL_DISPATCH(function_id: 0, function: nil))
    return UnsafePointer(table)
}
