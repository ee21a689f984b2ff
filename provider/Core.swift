// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// The core that loaded this provider: its handle, and the one of its functions that is used.
struct Core {
    let handle: OpaquePointer?
    private var getParameters: openssl_core_get_params_function?

    /// Reads the dispatch table that the core handed to `OSSL_provider_init`.
    init(_ handle: OpaquePointer?, _ functions: UnsafePointer<OSSL_DISPATCH>?) {
        self.handle = handle
        guard var entry = functions else { return }
        while entry.pointee.function_id != 0 {
            if entry.pointee.function_id == OSSL_FUNC_CORE_GET_PARAMS {
                getParameters = OSSL_FUNC_core_get_params(entry)
            }
            entry += 1
        }
    }

    /// A text that the core knows: `provider-name`, `module-filename`, or a key of our section in its configuration.
    func text(_ name: UnsafePointer<CChar>) -> String? {
        guard let getParameters else { return nil }
        var value: UnsafeMutablePointer<CChar>?
        let isFound = withUnsafeMutablePointer(to: &value) { target in
            withUnsafeTemporaryAllocation(of: OSSL_PARAM.self, capacity: 2) { parameters in
                parameters[0] = OSSL_PARAM_construct_utf8_ptr(name, target, 0)
                parameters[1] = OSSL_PARAM_construct_end()
                return getParameters(handle, parameters.baseAddress) == 1
            }
        }
        guard isFound, let value else { return nil }
        return String(cString: value)
    }

    /// Puts an error of this provider on the error queue.
    func raise(_ reason: DeviceReason, _ detail: String = "", line: Int32 = #line) {
        if detail.isEmpty {
            raise(number: reason.rawValue, nil, line: line)
        } else {
            detail.withCString { raise(number: reason.rawValue, $0, line: line) }
        }
    }

    /// The same by the reason's number, with a text of C's, which is copied.
    func raise(number: UInt32, _ detail: UnsafePointer<CChar>?, line: Int32) {
        ERR_new()
        ERR_set_debug("uacce", line, nil)
        openssl_set_library_error_detail(ErrorTexts.library, Int32(number), detail)
    }
}
