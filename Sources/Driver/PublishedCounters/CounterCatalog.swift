// SPDX-License-Identifier: Apache-2.0

import CLinux

/// The counters of running programs, as far as the kernel lets this one look at them.
public struct CounterCatalog: Sendable {
    /// One look at all of them.
    public struct Look: Sendable {
        /// By process id.
        public internal(set) var readings: [CounterReading] = []
        /// Processes that have mapped a library of this project, and whose memory this user may not read.
        public internal(set) var closedCount = 0
        /// Processes of which this user may not even see what they have mapped.
        public internal(set) var hiddenCount = 0
    }

    /// Slots that are read of one process at most, and of all: 128 bytes each.
    private let slotsOfProcess = 8192
    private let slotsOfAll = 262_144

    public init() {}

    /// Reads what every process counts, or that one.
    public func read(processID: Int32? = nil) -> Look {
        var look = Look()
        var budget = slotsOfAll
        for number in processID.map({ [$0] }) ?? Self.processIDs() {
            guard let entry = ProcessEntry(number) else { continue }
            read(entry, &look, &budget)
        }
        return look
    }

    private func read(_ entry: borrowing ProcessEntry, _ look: inout Look, _ budget: inout Int) {
        guard let bases = entry.libraryBases() else {
            let error = linux_errno()
            if error == EACCES || error == EPERM, entry.status?.isKernelThread == false { look.hiddenCount += 1 }
            return
        }
        guard !bases.isEmpty, let before = entry.status else { return }
        let memory = ProcessMemory(processID: entry.processID)
        if memory.access(bases[0]) == .refused {
            look.closedCount += 1
            return
        }
        let limit = min(slotsOfProcess, budget)
        var reader = CounterListReader(
            memory, before.identity, userID: entry.userID ?? 0, programName: entry.programName, slotBudget: limit)
        var readings: [CounterReading] = []
        var heads: [UInt64] = []
        for base in bases {
            guard let head = LibraryNote.headAddress(memory, base: base), !heads.contains(head) else { continue }
            heads.append(head)
            readings += reader.read(head: head)
        }
        budget -= limit - reader.slotBudget
        // The memory was read by number. If its process is still there, it was that process's all the time.
        guard entry.status?.identity == before.identity else { return }
        look.readings += readings
    }

    private static func processIDs() -> [pid_t] {
        guard let directory = opendir("/proc") else { return [] }
        defer { closedir(directory) }
        var numbers: [pid_t] = []
        while let entry = readdir(directory), let name = linux_entry_name(entry) {
            if let number = pid_t(String(cString: name)) { numbers.append(number) }
        }
        return numbers.sorted()
    }
}
