// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Configuration
import CryptoSessions
import Glibc
import PublishedCounters
import QueueScheduler

/// `uaccectl doctor`: what is wrong with an installation, in plain words, and how to mend it.
struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Check installation, configuration, permissions, kernel and libraries, and say how to mend what is wrong.",
        discussion: """
            Looks with the eyes of a program that is started like this one: OPENSSL_CONF, OPENSSL_MODULES, PATH and \
            UACCE_* are taken from the environment. The exit status is 1 when something does not work.
            """)

    @Option(name: .customLong("config"), help: "Configuration file to check; default: the one that OpenSSL reads.")
    var configurationPath: String?

    @Flag(help: "Take the file for one that every program reads, also if it is not the system's openssl.cnf.")
    var systemWide = false

    @Option(help: "Check permissions for this user, as whom a service runs.")
    var user: String?

    @Option(name: .customLong("pid"), help: "Also look at a running program: can it use the module, and does it?")
    var processID: Int32?

    @Flag(help: "Tell also what is as it should be.")
    var verbose = false

    @Option(help: ArgumentHelp("Look for /sys and /dev below this directory.", visibility: .hidden))
    var root = ""

    @OptionGroup var output: OutputOptions

    func run() throws {
        var reader = Reader.current
        if let user {
            guard let other = Reader(userName: user) else { throw ValidationError("There is no user '\(user)'.") }
            reader = other
        }
        var findings: [Finding] = []
        let (configuration, section) = ConfigurationCheck(path: configurationPath, reader: reader).run(&findings)
        if let section, systemWide || SystemWideCheck.isSystemFile(section.file.path) {
            SystemWideCheck(section: section).run(&findings)
        }
        ModuleCheck(section: section, reader: reader).run(&findings)
        MachineCheck(configuration: configuration, reader: reader, root: root).run(&findings)
        checkCounters(configuration, &findings)
        tryDevice(configuration, &findings)
        if let processID { ProcessCheck(processID: processID).run(&findings) }
        try tell(findings)
    }

    /// Whose counters this user may look at.
    private func checkCounters(_ configuration: Configuration, _ findings: inout [Finding]) {
        let scope = PtraceScope.current
        guard configuration.publish, user == nil, geteuid() != 0, scope.isRestricted else { return }
        findings.append(
            .note(
                "counters-need-root",
                "'uaccectl stats' and 'top' show this user "
                    + (scope.value == 1 ? "only programs that are children of theirs" : "no program")
                    + ": kernel.yama.ptrace_scope is \(scope.value).",
                "Run them as root."))
    }

    /// Known answers through the devices, if nothing stands against it.
    private func tryDevice(_ configuration: Configuration, _ findings: inout [Finding]) {
        guard user == nil, root.isEmpty, !findings.contains(where: { $0.severity == .fault }) else { return }
        var configuration = configuration
        configuration.publish = false
        configuration.statisticsFile = ""
        guard let engine = try? SelfTest.makeEngine(configuration) else { return }
        defer { engine.scheduler.shutDown() }
        findings.append(
            engine.passesSelfTest()
                ? .good(
                    "selftest",
                    "Known answers come back right from \(engine.scheduler.deviceNames.joined(separator: ", ")).")
                : .fault(
                    "selftest",
                    "Known answers do not come back right from \(engine.scheduler.deviceNames.joined(separator: ", ")).",
                    "See 'uaccectl selftest' for which."))
    }

    private func tell(_ findings: [Finding]) throws {
        let faults = findings.count { $0.severity == .fault }
        let warnings = findings.count { $0.severity == .warning }
        if output.json {
            print(
                JSON.object([
                    ("faults", .integer(faults)), ("warnings", .integer(warnings)),
                    ("findings", .array(findings.map(\.json))),
                ]))
        } else {
            for finding in findings where verbose || finding.severity != .good {
                let heading = finding.severity == .fault ? "FAULT" : finding.severity.rawValue
                print("\(heading): \(printable(finding.text))  [\(finding.name)]")
                if let remedy = finding.remedy { print("    mend: \(printable(remedy))") }
            }
            let looked = "\(findings.count) things looked at"
            print(
                faults + warnings == 0
                    ? "\(looked): all is well." : "\(looked): \(faults) do not work, \(warnings) could be better.")
        }
        if faults > 0 { throw ExitCode(1) }
    }
}
