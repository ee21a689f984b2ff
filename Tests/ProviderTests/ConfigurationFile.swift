// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A temporary openssl.cnf with the default provider and the module under test, the latter with the given keys.
///
/// OpenSSL 3.0 takes it for no error of the file if a provider that the file activates does not load, and forgets the
/// reason. So the file only says where the module is, unless `activates`; what is loaded afterwards by name gets its
/// keys from there, and a failure comes with its reason.
final class ConfigurationFile {
    let path: String

    init(settings: [String: String], activates: Bool = false) throws {
        let keys = settings.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)\n" }.joined()
        let text = """
            openssl_conf = openssl_init
            [openssl_init]
            providers = providers
            [providers]
            default = default_provider
            \(ProviderModule.name) = module_under_test
            [default_provider]
            activate = 1
            [module_under_test]
            \(activates ? "activate = 1" : "")
            module = \(try ProviderModule.requirePath())
            \(keys)
            """
        path = TemporaryFile.path(extension: "cnf")
        try text.write(toFile: path, atomically: false, encoding: .utf8)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Names for files that live as long as a test.
enum TemporaryFile {
    /// A path nobody else uses.
    static func path(extension suffix: String) -> String {
        "\(NSTemporaryDirectory())/uacce-test-\(getpid())-\(UUID().uuidString).\(suffix)"
    }
}
