// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import COpenSSL
import Glibc

/// `uaccectl bench`: the provider against OpenSSL's own, in a few seconds.
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure the provider against OpenSSL's default provider, a few seconds.",
        discussion: """
            Through libcrypto, on one thread: whole messages one after the other, and with as many ASYNC jobs as --jobs \
            says, whose requests the device gets as one batch. Results of the two are compared first. UACCE_* variables \
            reach the module. For figures to rely on there is Scripts/bench.
            """)

    @Option(help: "Bytes of a message, a multiple of 16 up to 1048576.")
    var bytes = 16384

    @Option(help: "ASYNC jobs, 2 to 256.")
    var jobs = 16

    @Option(help: "Seconds for each figure, 0.01 to 10.")
    var seconds = 0.1

    @Option(help: "The module's file; default: where OpenSSL looks for it.")
    var module: String?

    @Argument(help: "Algorithms, such as AES-128-CBC or SM3; default: one of each kind.")
    var algorithms: [String] = []

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard bytes >= 16, bytes <= 1 << 20, bytes % 16 == 0 else {
            throw ValidationError("--bytes is a multiple of 16 from 16 to 1048576.")
        }
        guard jobs >= 2, jobs <= 256 else { throw ValidationError("--jobs is a number from 2 to 256.") }
        guard seconds >= 0.01, seconds <= 10 else { throw ValidationError("--seconds is a number from 0.01 to 10.") }
        for name in algorithms where !BenchClass.all.contains(where: { $0.algorithm == name.uppercased() }) {
            let known = Set(BenchClass.all.map(\.algorithm)).sorted().joined(separator: ", ")
            throw ValidationError("'\(name)' is none of \(known).")
        }
    }

    func run() throws {
        guard let path = module ?? ModuleLocation.preferred else {
            throw ValidationError(
                "There is no module to measure; name one with --module. 'uaccectl doctor' knows more.")
        }
        // The system's configuration would load the module a second time, into the context that is not measured.
        setenv("OPENSSL_CONF", "/dev/null", 1)
        let library = try ProviderLibrary(modulePath: path)
        guard library.provider != nil else {
            throw ValidationError("\(path) does not load: \(ProviderLibrary.errors)")
        }
        let classes = BenchClass.all.filter { row in
            algorithms.isEmpty || algorithms.contains { $0.uppercased() == row.algorithm }
        }
        let rows = try classes.compactMap { try measure($0, library) }
        if output.json {
            print(
                JSON.object([
                    ("module", .text(path)), ("bytes", .integer(bytes)), ("jobs", .integer(jobs)),
                    ("rows", .array(rows.map(\.json))),
                ]))
        } else {
            printTable(rows)
        }
        if rows.contains(where: { !$0.isEqual }) { throw ExitCode(1) }
    }

    struct Row {
        let name: String
        /// Whether both providers came to the same result.
        let isEqual: Bool
        /// Bytes per second; nil: not measured.
        let standard: Double
        let alone: Double
        let together: Double?

        var json: JSON {
            .object([
                ("name", .text(name)), ("equal", .bool(isEqual)), ("default", .number(standard)),
                ("alone", .number(alone)), ("alone_ratio", .number(alone / standard)),
                ("together", together.map { .number($0) } ?? .null),
                ("together_ratio", together.map { .number($0 / standard) } ?? .null),
            ])
        }
    }

    /// nil: the default provider does not have it, so there is nothing to compare with.
    private func measure(_ row: BenchClass, _ library: ProviderLibrary) throws -> Row? {
        guard let standard = row.makeWork(library, provider: "default", byteCount: bytes) else { return nil }
        guard let alone = row.makeWork(library, provider: "uacce", byteCount: bytes) else { return nil }
        guard standard.run(), alone.run() else { throw failure(row) }
        let isEqual = standard.result == alone.result
        // In turns, so that whatever else the machine does falls on both.
        let turns = 3
        var best = (standard: Double.infinity, alone: Double.infinity)
        for _ in 0..<turns {
            guard let first = BenchClock.measure(standard, seconds: seconds / Double(turns)),
                let second = BenchClock.measure(alone, seconds: seconds / Double(turns))
            else { throw failure(row) }
            best = (min(best.standard, first), min(best.alone, second))
        }
        let company = (0..<jobs).compactMap { _ in row.makeWork(library, provider: "uacce", byteCount: bytes) }
        let together = company.count == jobs ? BenchClock.measure(together: company, seconds: seconds) : nil
        return Row(
            name: row.name, isEqual: isEqual && company.allSatisfy { together == nil || $0.result == alone.result },
            standard: Double(bytes) / best.standard, alone: Double(bytes) / best.alone,
            together: together.map { Double(bytes) / $0 })
    }

    private func failure(_ row: BenchClass) -> ValidationError {
        ValidationError("\(row.name) failed: \(ProviderLibrary.errors)")
    }

    private func printTable(_ rows: [Row]) {
        print("\(bytes) bytes a message, megabytes per second; ratios to the default provider")
        var table = Table(
            ["ALGORITHM", "DEFAULT", "UACCE", "RATIO", "\(jobs) JOBS", "RATIO", "RESULTS"], numeric: [1, 2, 3, 4, 5])
        for row in rows {
            table.add([
                row.name, Quantity.fixed(row.standard / 1e6, digits: 0), Quantity.fixed(row.alone / 1e6, digits: 0),
                Quantity.fixed(row.alone / row.standard, digits: 2),
                row.together.map { Quantity.fixed($0 / 1e6, digits: 0) } ?? "-",
                row.together.map { Quantity.fixed($0 / row.standard, digits: 2) } ?? "-",
                row.isEqual ? "equal" : "DIFFERENT",
            ])
        }
        table.printAll()
    }
}
