// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import COpenSSL
import Glibc

/// `uaccectl enable`: has OpenSSL load the provider and prefer it, by its own configuration file.
struct Enable: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Have every program that reads openssl.cnf use the provider.",
        discussion: """
            Appends a block to the file and changes nothing else in it; 'uaccectl disable' takes it away again. The file \
            as it was is kept beside it, with '.before-uacce' behind its name. Before the new file takes the place of the \
            old one, OpenSSL loads the provider with it. A file that this command does not understand is left alone.
            """)

    @OptionGroup var place: ConfigurationPlace

    @Option(help: "The module, if it is not in OpenSSL's modules directory.")
    var module: String?

    func run() throws {
        let file = try place.open()
        try explaining(file.path) { () throws in
            guard try EnablingBlock.find(in: file.bytes) == nil else {
                print("\(printable(file.path)) has it already; nothing was changed.")
                Self.warn(file.path)
                return
            }
            let enabled = try EnablingBlock.append(to: file.bytes, module: try modulePath())
            let backup = try file.keep(file.bytes, suffix: ConfigurationPlace.backupSuffix)
            do throws(FileReplacement.Failure) {
                try file.replace(with: enabled, test: Self.tryLoading)
            } catch {
                file.remove(besides: backup)
                throw error
            }
            let path = printable(file.path)
            print("\(path) prefers uacce from now on; as it was, it is kept in \(path)\(backup).")
            print("Programs that run already go on without it until they are started again.")
            Self.warn(file.path)
        }
    }

    /// Tells of settings in the file that would lock people out of a machine on which every program reads it.
    private static func warn(_ path: String) {
        var findings: [Finding] = []
        guard let file = try? OpenSSLConfiguration(path: path), let section = ProviderSection(file, &findings) else {
            return
        }
        findings = []
        SystemWideCheck(section: section).run(&findings)
        for finding in findings where finding.severity == .warning {
            print("Warning: \(finding.text)  [\(finding.name)]")
            if let remedy = finding.remedy { print("    mend: \(remedy)") }
        }
    }

    /// The module as the file must name it; nil where every program finds it by itself.
    private func modulePath() throws -> String? {
        let directory = OPENSSL_info(OPENSSL_INFO_MODULES_DIR).map { String(cString: $0) } ?? ""
        var given = module
        if given == nil {
            if access(directory + "/uacce.so", R_OK) == 0 { return nil }
            // Not every program will have this variable.
            given = getenv("OPENSSL_MODULES").map { String(cString: $0) + "/uacce.so" }
        }
        guard let given, access(given, R_OK) == 0, let resolved = realpath(given, nil) else {
            throw ValidationError(
                module.map { "There is no module \($0)." }
                    ?? "There is no uacce.so in \(directory). Say where it is with --module.")
        }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Loads a configuration into a library context of its own, as a program does when it starts.
    private static func tryLoading(_ path: String) throws(FileReplacement.Failure) {
        guard let context = OSSL_LIB_CTX_new() else { throw FileReplacement.Failure(reason: "no memory") }
        defer { OSSL_LIB_CTX_free(context) }
        let isRead = OSSL_LIB_CTX_load_config(context, path) == 1
        let digest = EVP_MD_fetch(context, "SHA256", nil)
        defer { EVP_MD_free(digest) }
        let server = digest.flatMap { EVP_MD_get0_provider($0) }.flatMap { OSSL_PROVIDER_get0_name($0) }
        let serves = server.map { String(cString: $0) } == "uacce"
        guard isRead, serves, OSSL_PROVIDER_available(context, "default") == 1 else {
            let error = ERR_peek_last_error()
            let reason = ERR_reason_error_string(error).map { ": " + String(cString: $0) } ?? ""
            ERR_clear_error()
            throw FileReplacement.Failure(reason: "OpenSSL does not get uacce to work with it\(reason)")
        }
        ERR_clear_error()
    }
}

/// Which file `enable` and `disable` edit.
struct ConfigurationPlace: ParsableArguments {
    @Option(name: .customLong("file"), help: "The file to edit; default: openssl.cnf where 'openssl version -d' says.")
    var path: String?

    static let backupSuffix = "before-uacce"

    func open() throws -> FileReplacement {
        let directory = OPENSSL_info(OPENSSL_INFO_CONFIG_DIR).map { String(cString: $0) } ?? ""
        do throws(FileReplacement.Failure) {
            return try FileReplacement(path ?? directory + "/openssl.cnf")
        } catch {
            throw ValidationError(printable("\(error.reason)."))
        }
    }
}

/// Runs `body`; what stands against it is told as a message about the file.
func explaining(_ path: String, _ body: () throws -> Void) throws {
    do {
        try body()
    } catch let refusal as EnablingBlock.Refusal {
        throw ValidationError(printable("\(path) is left as it is: \(refusal.reason)."))
    } catch let failure as FileReplacement.Failure {
        throw ValidationError(printable("\(path) is left as it is: \(failure.reason)."))
    }
}
