// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Glibc

/// Where OpenSSL looks for the module, and where else it might be.
struct ModuleLocation {
    enum Origin {
        /// The key `module` of the configuration.
        case configuration
        /// `OPENSSL_MODULES`.
        case environment
        /// What OpenSSL was built with.
        case builtIn
    }

    let path: String
    let origin: Origin

    /// - Parameters:
    ///   - module: the key `module`, if there is one.
    ///   - name: the provider's name.
    init(module: String?, name: String = "uacce") {
        let file = module ?? name + ".so"
        if file.hasPrefix("/") {
            path = file
            origin = .configuration
        } else if let directory = getenv("OPENSSL_MODULES") {
            path = String(cString: directory) + "/" + file
            origin = .environment
        } else {
            path = Self.builtInDirectory + "/" + file
            origin = .builtIn
        }
    }

    static var builtInDirectory: String {
        OPENSSL_info(OPENSSL_INFO_MODULES_DIR).map { String(cString: $0) } ?? "/usr/lib/ossl-modules"
    }

    /// Where installations and builds put it: OpenSSL's directory, and beside this program.
    static var usualPlaces: [String] {
        var places = [builtInDirectory + "/uacce.so"]
        let parts = ChildProgram.directoryOfThisProgram.split(separator: "/").dropLast()
        places.append("/" + (parts + ["lib", "ossl-modules", "uacce.so"]).joined(separator: "/"))
        places.append("/usr/local/lib/ossl-modules/uacce.so")
        return places
    }

    /// The first of the places where there is one.
    static var found: String? { usualPlaces.first { Glibc.access($0, F_OK) == 0 } }

    /// The module that a command should use when the user names none: what OpenSSL would find, else one that is there.
    static var preferred: String? {
        let expected = ModuleLocation(module: nil).path
        return Glibc.access(expected, R_OK) == 0 ? expected : found
    }
}
