// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import Testing

@testable import PublishedCounters

/// A directory for a test's boards, removed when the test is done with it.
final class BoardPlace {
    let path: String
    let directory: BoardDirectory

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("boards-\(UUID().uuidString)").path
        directory = BoardDirectory(path: path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }

    func makeBoard(driverName: String = "hisi_test") throws -> CounterBoard {
        try #require(CounterBoard.make(driverName: driverName, in: [directory], sweeps: false))
    }

    func read() -> [BoardReading] { BoardCatalog(directories: [directory]).read() }

    func data(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: path + "/" + name)))
    }

    func write(_ bytes: [UInt8], as name: String) throws {
        let file = path + "/" + name
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        #expect(chmod(file, 0o600) == 0)
    }
}

extension CounterBoard.Words {
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
