// SPDX-License-Identifier: Apache-2.0

import CLinux
import COpenSSL
import CryptoSessions

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

extension StaticString {
    /// Whether `name` is one of the names in this list, which colons separate; upper and lower case are the same.
    func lists(_ name: UnsafeRawBufferPointer) -> Bool {
        guard let wanted = name.baseAddress?.assumingMemoryBound(to: CChar.self) else { return false }
        let colon = CChar(bitPattern: UInt8(ascii: ":"))
        let names = UnsafeBufferPointer(start: cString, count: utf8CodeUnitCount)
        var start = 0
        while start < names.count {
            var end = start
            while end < names.count, names[end] != colon { end += 1 }
            if end - start == name.count, strncasecmp(cString + start, wanted, name.count) == 0 { return true }
            start = end + 1
        }
        return false
    }
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
