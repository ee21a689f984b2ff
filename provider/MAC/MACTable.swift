// SPDX-License-Identifier: Apache-2.0

import CLinux
import COpenSSL
import CryptoSessions
import Host

/// One MAC as OpenSSL lists it.
struct MACRow {
    /// All its names and its OID, exactly as OpenSSL's default provider has them (prov/names.h).
    let names: StaticString
    let functions: UnsafePointer<OSSL_DISPATCH>
    let description: StaticString

    nonisolated(unsafe) static let all: [MACRow] = [
        MACRow(names: "HMAC", functions: MACFunctions.hmac, description: "HMAC on a uacce queue"),
        MACRow(names: "CMAC", functions: MACFunctions.cmac, description: "CMAC on a uacce queue"),
        MACRow(names: "GMAC:1.0.9797.3.4", functions: MACFunctions.gmac, description: "GMAC on a uacce queue"),
    ]
}

extension ForwardedMAC {
    /// The value of a parameter that is a size; 0 where it cannot be had.
    func size(_ name: StaticString) -> Int {
        var value = 0
        let isKnown = withUnsafeMutablePointer(to: &value) { target in
            withParameter(OSSL_PARAM_construct_size_t(name.cString, target)) { getParameters($0) }
        }
        return isKnown ? value : 0
    }
}
