// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Configuration
import DeviceNodes
import EmulatedQM
import HisiliconABI
import UacceDevice

/// `uaccectl run -- PROGRAM`: shows a program emulated devices as nodes in /dev and attributes in /sys.
struct Run: ParsableCommand {
    private static let kinds = NodeKind.all.map(\.name.description).joined(separator: ", ")

    static let configuration = CommandConfiguration(
        abstract: "Run a program that sees emulated devices as /dev/hisi_* and /sys/class/uacce.",
        discussion: """
            The program is run as it is, with a library in LD_PRELOAD; programs that are linked statically or have \
            privileges of their own (setuid) see nothing of it. All processes that it starts share the devices' queues. \
            The exit status is the program's; 126 and 127 if it cannot be started; 128 and the signal's number if a \
            signal ended it.
            """)

    @Option(help: "Devices: kinds with a count, such as sec2:2,zip:1 (by default one of each). Kinds: \(kinds).")
    var devices: String?

    @Option(help: "Version that the devices present: v2 or v3 (the default).")
    var api: String?

    @Option(
        help: "Queues of each device, 1 to \(EmulatedDevice.queueCountLimit); as many as real ones have by default.")
    var queues: Int?

    @Option(help: "Threads that each process has for each device it opens, 1 (the default) to 64.")
    var engineThreads: Int?

    @Option(help: "Faults that the devices commit, such as descriptor@3; see Docs/configuration.md.")
    var faults: String?

    @Option(help: "NUMA node of the devices; -1: none. By default 0.")
    var node: Int32?

    @Option(
        help: """
            Directory to keep the set of devices in, so that programs started one by one share it: it is made with the \
            options above if it is not there, joined if it is, and left behind.
            """)
    var set: String?

    @Option(help: "The library to preload, instead of ../lib/libuacce-devices.so beside this program.")
    var library: String?

    @Argument(parsing: .postTerminator, help: "The program and its arguments, after '--'.")
    var command: [String] = []

    func run() throws {
        guard !command.isEmpty else { throw ValidationError("Say which program to run: uaccectl run -- PROGRAM …") }
        let library = try preloadedLibrary()
        let descriptions = try Self.names(devices ?? "sec2:1,zip:1").map(describe)
        let directory = try DeviceSetDirectory.make(kept: set, descriptions: descriptions, mayJoin: saysNothing)
        let status: Int32
        do {
            status = try ChildProgram(command).run(settingVariables: [
                ("LIBUACCE_DEVICES", directory.path), ("LD_PRELOAD", preloading(library)),
            ])
        } catch {
            directory.removeIfOwn()
            throw error
        }
        directory.removeIfOwn()
        throw ExitCode(status)
    }

    /// Whether no option says how the devices are to be, so that a set that is there may be joined.
    private var saysNothing: Bool {
        devices == nil && api == nil && queues == nil && engineThreads == nil && faults == nil && node == nil
    }

    /// Device names of `kind[:count],…`, numbered over all kinds as the kernel does.
    static func names(_ devices: String) throws -> [String] {
        var names: [String] = []
        for part in devices.split(separator: ",", omittingEmptySubsequences: false) {
            let words = part.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard let kind = NodeKind.all.first(where: { $0.name.description == words[0] }) else {
                throw ValidationError("--devices: there is no kind of device '\(words[0])'. Known: \(kinds).")
            }
            guard let count = words.count == 1 ? 1 : Int(words[1]), (1...16).contains(count) else {
                throw ValidationError("--devices: '\(part)' does not say a count from 1 to 16.")
            }
            for _ in 0..<count { names.append("\(kind.driverName)-\(names.count)") }
        }
        return names
    }

    private func describe(_ name: String) throws -> NodeDescription {
        guard var description = NodeDescription(name: name) else {
            throw ValidationError("There is no device '\(name)'.")
        }
        let api = api ?? "v3"
        guard let version = QueueManagementVersion(attribute: "hisi_qm_\(api)"), ["v2", "v3"].contains(api) else {
            throw ValidationError("--api is v2 or v3, not '\(api)'.")
        }
        description.version = version
        if let queues {
            description.queueCount = try Self.check("--queues", queues, 1...EmulatedDevice.queueCountLimit)
        }
        if let engineThreads { description.engineThreads = try Self.check("--engine-threads", engineThreads, 1...64) }
        if let faults {
            guard FaultPlan(parsing: faults) != nil else {
                let kinds = FaultKind.allCases.map { "\n  \($0.help)" }.joined()
                throw ValidationError(
                    "--faults: '\(faults)' is no fault plan. Rules, with commas between them:\(kinds)")
            }
            description.faults = faults
        }
        description.numaNode = node ?? 0
        return description
    }

    private static func check(_ option: String, _ number: Int, _ range: ClosedRange<Int>) throws -> Int {
        guard range.contains(number) else {
            throw ValidationError(
                "\(option) is a number from \(range.lowerBound) to \(range.upperBound), not \(number).")
        }
        return number
    }

    /// The library's path. Throws when it is not there.
    private func preloadedLibrary() throws -> String {
        // As it is staged, and as packages have it.
        let places = ["lib", "lib/uacce"].map {
            ChildProgram.directoryOfThisProgram + "/../\($0)/libuacce-devices.so"
        }
        for path in library.map({ [$0] }) ?? places {
            guard let found = ChildProgram.absolutePath(path) else { continue }
            // The first node that is opened would say so, too, but in the middle of the program.
            let emulator = found.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/libuacce-emulator.so"
            guard ChildProgram.absolutePath(emulator) != nil else {
                throw ValidationError("\(emulator) is not there, without which there are no devices.")
            }
            return found
        }
        throw ValidationError(
            "\(library ?? places[0]) is not there: Scripts/build makes it, and --library says where else it is.")
    }

    /// What LD_PRELOAD shall be: the library first, then what it was.
    private func preloading(_ library: String) -> String {
        guard let before = ChildProgram.variable("LD_PRELOAD"), !before.isEmpty else { return library }
        return library + ":" + before
    }
}
