// SPDX-License-Identifier: Apache-2.0

import CLinux
import COpenSSL
import CompressionStreams
import Configuration
import CryptoSessions
import HisiliconABI
import Host
import PlainText
import QueueScheduler

/// One loaded instance of the provider: its configuration, its queues and its tables. Every library context that loads
/// the provider has its own, and they share nothing.
final class ProviderContext {
    let core: Core
    let engine: CryptoEngine
    let propertyDefinition: UnsafeMutablePointer<CChar>
    private let digests: UnsafeMutablePointer<OSSL_ALGORITHM>
    private let ciphers: UnsafeMutablePointer<OSSL_ALGORITHM>
    private let macs: UnsafeMutablePointer<OSSL_ALGORITHM>
    /// Rows of `CompressionRow.all` that are offered, and OpenSSL's table of them.
    let compressionRows: [Int]
    private let compressions: UnsafeMutablePointer<OSSL_ALGORITHM>
    /// Not opened before somebody compresses.
    let compressionLibrary: CompressionLibrary

    /// nil after the reason was put on the error queue.
    init?(_ core: Core) {
        guard let configuration = ConfigurationLoader(core).load() else { return nil }
        guard let engine = CryptoEngine(configuration: configuration, pausing: .openSSL) else {
            core.raise(.initializationFailed)
            return nil
        }
        self.core = core
        self.engine = engine
        // The name that the configuration gave this instance, so that a query for it finds it after a renaming.
        propertyDefinition = ("provider=" + (core.text("provider-name") ?? "uacce")).cStringCopy()
        let allows = configuration.algorithms.allows
        let version = engine.scheduler.version
        let description: StaticString = "on a uacce queue"
        digests = algorithmTable(
            DigestRow.all.indices.filter { allows(DigestRow.all[$0].names.text) }.map { index in
                let row = DigestRow.all[index]
                return (row.names, DigestFunctions.table(index), row.description)
            }, propertyDefinition)
        let plain = CipherRow.all.indices.filter { index in
            CipherRow.all[index].cipher.isOffered(by: version) && allows(CipherRow.all[index].names.text)
        }.map { index in
            (names: CipherRow.all[index].names, functions: CipherFunctions.table(index), description: description)
        }
        let authenticated = AEADRow.all.indices.filter { allows(AEADRow.all[$0].names.text) }.map { index in
            (names: AEADRow.all[index].names, functions: AEADFunctions.table(index), description: description)
        }
        ciphers = algorithmTable(plain + authenticated, propertyDefinition)
        macs = algorithmTable(
            MACRow.all.filter { allows($0.names.text) }.map { ($0.names, $0.functions, $0.description) },
            propertyDefinition)
        let place = configuration.compressionLibrary
        compressionRows = CompressionRow.all.indices.filter {
            place != "off" && allows(CompressionRow.all[$0].name.text)
        }
        compressions = algorithmTable(
            compressionRows.map { (CompressionRow.all[$0].name, CompressionFunctions.table($0), description) },
            propertyDefinition)
        compressionLibrary = (place == "auto" ? "" : place).withCString { CompressionLibrary($0) }
    }

    deinit {
        engine.scheduler.shutDown()
        digests.deallocate()
        ciphers.deallocate()
        macs.deallocate()
        compressions.deallocate()
        propertyDefinition.deallocate()
    }

    /// The algorithms of an operation, or nil.
    func algorithms(_ operation: Int32) -> UnsafePointer<OSSL_ALGORITHM>? {
        switch operation {
        case OSSL_OP_DIGEST: UnsafePointer(digests)
        case OSSL_OP_CIPHER: UnsafePointer(ciphers)
        case OSSL_OP_MAC: UnsafePointer(macs)
        case UACCE_OP_COMPRESS: compressionRows.isEmpty ? nil : UnsafePointer(compressions)
        default: nil
        }
    }

    static let buildInformation: StaticString = "Embedded Swift, HiSilicon SEC2 over uacce"

    /// Name, version, health and counters.
    func answer(_ answers: ParameterAnswers) -> Bool {
        let version = uacceVersion
        let name: StaticString = "uacce"
        guard answers.set(ParameterName.providerName, textPointer: name.cString),
            answers.set(ParameterName.providerVersion, textPointer: version.cString),
            answers.set(ParameterName.providerBuildInformation, textPointer: Self.buildInformation.cString),
            answers.set(ParameterName.providerStatus, int: engine.scheduler.isHealthy ? 1 : 0)
        else { return false }
        guard answers.buffer(ParameterName.statistics) != nil else { return true }
        // Copied into the caller's buffer: several threads may ask at once, and each gets its own moment's text.
        return engine.scheduler.statistics.withCString { answers.set(ParameterName.statistics, text: $0) }
    }
}

extension StaticString {
    var text: String { String(cString: cString) }
}

private func algorithmTable(
    _ rows: [(names: StaticString, functions: UnsafePointer<OSSL_DISPATCH>, description: StaticString)],
    _ propertyDefinition: UnsafePointer<CChar>
) -> UnsafeMutablePointer<OSSL_ALGORITHM> {
    let table = UnsafeMutablePointer<OSSL_ALGORITHM>.allocate(capacity: rows.count + 1)
    for (index, row) in rows.enumerated() {
        (table + index).initialize(
            to: OSSL_ALGORITHM(
                algorithm_names: row.names.cString, property_definition: propertyDefinition,
                implementation: row.functions, algorithm_description: row.description.cString))
    }
    (table + rows.count).initialize(
        to: OSSL_ALGORITHM(
            algorithm_names: nil, property_definition: nil, implementation: nil, algorithm_description: nil))
    return table
}
