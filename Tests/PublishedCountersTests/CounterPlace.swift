// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import Testing

@testable import PublishedCounters

/// The groups that tests of this process have: each under a driver name of its own, as all are on one list.
enum CounterPlace {
    static func take(_ driverName: String, isShown: Bool = true) throws -> CounterGroup {
        try #require(CounterGroup.take(driverName: driverName, isShown: isShown))
    }

    /// What another process would see of this one, under that name.
    static func read(_ driverName: String, of processID: Int32 = getpid()) -> [CounterReading] {
        CounterCatalog().read(processID: processID).readings.filter { $0.driverName == driverName }
    }

    /// Address of the head in this process, which its libraries' notes lead to.
    static func head() throws -> UInt64 {
        let memory = ProcessMemory(processID: getpid())
        let entry = ProcessEntry(getpid())
        let found = entry?.libraryBases()
        let bases = try #require(found)
        return try #require(bases.lazy.compactMap { LibraryNote.headAddress(memory, base: $0) }.first)
    }
}

extension CounterWords {
    func set(_ values: UInt64...) {
        for (index, value) in values.enumerated() { self[index].store(value, ordering: .relaxed) }
    }
}

/// Runs `body` in a child of fork that ends without any of its own clearing up. Returns the child's process id.
func inChild(_ body: () -> Int32) -> (processID: Int32, code: Int32) {
    let child = fork()
    if child == 0 {
        alarm(20)
        _exit(body())
    }
    precondition(child > 0)
    var status: Int32 = -1
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    return (child, status & 0x7f == 0 ? status >> 8 & 0xff : 128 + (status & 0x7f))
}

let isThreadSanitized = dlsym(nil, "__tsan_init") != nil
