// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import COpenSSL
import Glibc

/// `uaccectl module-probe PATH`: loads a module and says what it is. `doctor` runs it in a process of its own.
struct ModuleProbe: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "module-probe", abstract: "Load a provider module and print what it says of itself.",
        shouldDisplay: false)

    @Argument(help: "The module's file.")
    var path: String

    @Option(name: .customLong("config"), help: "Also load it as this configuration file says.")
    var configurationPath: String?

    @Option(help: "What the configuration calls it.")
    var name = "uacce"

    func run() throws {
        try describe()
        if let configurationPath, !ProviderLibrary.loads(name, configuration: configurationPath) {
            print(ProviderLibrary.errors)
            throw ExitCode(1)
        }
    }

    private func describe() throws {
        let library = try ProviderLibrary(modulePath: path)
        guard let provider = library.provider else {
            print(ProviderLibrary.errors)
            throw ExitCode(1)
        }
        let name = OSSL_PROVIDER_get0_name(provider).map { String(cString: $0) } ?? "?"
        var version: UnsafePointer<CChar>?
        withUnsafeMutablePointer(to: &version) { pointer in
            pointer.withMemoryRebound(to: UnsafeMutablePointer<CChar>?.self, capacity: 1) { text in
                var parameters = [
                    OSSL_PARAM_construct_utf8_ptr(OSSL_PROV_PARAM_VERSION, text, 0), OSSL_PARAM_construct_end(),
                ]
                _ = OSSL_PROVIDER_get_params(provider, &parameters)
            }
        }
        print("\(name) \(version.map { String(cString: $0) } ?? "without a version")")
    }
}

/// A library context of its own with the provider and the default provider in it.
final class ProviderLibrary {
    let context: OpaquePointer
    /// nil: the module does not load, see ``errors``.
    private(set) var provider: OpaquePointer?
    private var defaultProvider: OpaquePointer?

    /// Throws where there is no memory, or the path is none.
    init(modulePath: String) throws {
        guard let context = OSSL_LIB_CTX_new() else { throw ValidationError("OpenSSL has no memory.") }
        self.context = context
        let path = modulePath.hasPrefix("/") ? modulePath : "./" + modulePath
        guard let slash = path.lastIndex(of: "/") else { return }
        OSSL_PROVIDER_set_default_search_path(context, String(path[..<slash]))
        var name = String(path[path.index(after: slash)...])
        if name.hasSuffix(".so") { name.removeLast(3) }
        ERR_clear_error()
        provider = OSSL_PROVIDER_load(context, name)
        if provider != nil { defaultProvider = OSSL_PROVIDER_load(context, "default") }
    }

    /// Whether a configuration file brings a provider into a context that is made for it.
    static func loads(_ name: String, configuration: String) -> Bool {
        guard let context = OSSL_LIB_CTX_new() else { return false }
        defer { OSSL_LIB_CTX_free(context) }
        ERR_clear_error()
        return OSSL_LIB_CTX_load_config(context, configuration) == 1 && OSSL_PROVIDER_available(context, name) == 1
    }

    deinit {
        if let defaultProvider { OSSL_PROVIDER_unload(defaultProvider) }
        if let provider { OSSL_PROVIDER_unload(provider) }
        OSSL_LIB_CTX_free(context)
    }

    /// What OpenSSL has to say about the last failure, a line for each error.
    static var errors: String {
        var lines: [String] = []
        var data: UnsafePointer<CChar>?
        var flags: Int32 = 0
        while true {
            let code = ERR_get_error_all(nil, nil, nil, &data, &flags)
            if code == 0 { break }
            let reason = ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(code)"
            let detail = flags & ERR_TXT_STRING != 0 ? data.map { String(cString: $0) } ?? "" : ""
            lines.append(detail.isEmpty ? reason : detail)
        }
        return lines.joined(separator: "\n")
    }
}
