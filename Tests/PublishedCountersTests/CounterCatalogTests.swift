// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import Testing

@testable import PublishedCounters

/// Which processes are looked at, and what is said of those that may not be.
@Suite struct CounterCatalogTests {
    @Test func theIdentityOfAProcess() throws {
        guard let entry = ProcessEntry(getpid()) else {
            Issue.record("no entry")
            return
        }
        let (status, userID) = (entry.status, entry.userID)
        let current = try #require(status)
        #expect(current.identity.processID == getpid() && current.identity.startTime > 0 && !current.isKernelThread)
        #expect(userID == geteuid())
        for number in [-1, pid_t.max] {
            let exists = ProcessEntry(number) != nil
            #expect(!exists)
        }
    }

    /// An opened directory of a process that has ended is nobody else's.
    @Test(.disabled(if: isThreadSanitized, "forks"))
    func aProcessThatEnds() throws {
        let child = fork()
        if child == 0 { while true { pause() } }
        guard let entry = ProcessEntry(child) else {
            Issue.record("no entry")
            return
        }
        let before = (entry.status, entry.libraryBases())
        #expect(before.0?.identity.processID == child && before.1 != nil)
        kill(child, SIGKILL)
        waitpid(child, nil, 0)
        let isGone =
            entry.status == nil && entry.userID == nil && entry.libraryBases() == nil && entry.programName.isEmpty
        #expect(isGone)
        #expect(CounterCatalog().read(processID: child).readings.isEmpty)
    }

    @Test func otherPrograms() throws {
        let group = try CounterPlace.take("catalog-others")
        defer { group.release() }
        let look = CounterCatalog().read()
        #expect(look.readings.contains { $0.driverName == "catalog-others" && $0.identity.processID == getpid() })
        #expect(look.readings.map(\.identity.processID) == look.readings.map(\.identity.processID).sorted())
        if geteuid() == 0 { #expect(look.closedCount == 0) }
    }

    /// The kernel decides who may look: after a change of user a program is closed to that user, too (PR_SET_DUMPABLE).
    @Test(.disabled(if: isThreadSanitized, "forks"), .enabled(if: geteuid() == 0, "only root can become somebody else"))
    func programsThatTheKernelKeepsClosed() throws {
        let group = try CounterPlace.take("catalog-closed")
        defer { group.release() }
        let watched = fork()
        if watched == 0 {
            setgid(65534)
            setuid(65534)
            _ = CounterGroup.take(driverName: "catalog-child", isShown: true)
            while true { pause() }
        }
        defer {
            kill(watched, SIGKILL)
            waitpid(watched, nil, 0)
        }
        for _ in 0..<500 where CounterPlace.read("catalog-child", of: watched).isEmpty { usleep(10_000) }
        #expect(CounterPlace.read("catalog-child", of: watched).count == 1, "root sees it")
        let child = inChild {
            setgid(65534)
            setuid(65534)
            let look = CounterCatalog().read(processID: watched)
            guard look.readings.isEmpty, look.hiddenCount + look.closedCount == 1 else { return 1 }
            // Root's are closed, threads of the kernel are not counted.
            let root = CounterCatalog().read(processID: getppid())
            return root.readings.isEmpty && root.hiddenCount + root.closedCount == 1 ? 0 : 2
        }
        #expect(child.code == 0)
    }

    /// Nothing is left of a program, however it ends: there is no file.
    @Test(.disabled(if: isThreadSanitized, "forks"))
    func nothingIsLeftBehind() throws {
        func names() -> Set<String> {
            Set(
                ["/dev/shm", "/run/user/\(geteuid())"].flatMap { place in
                    ((try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []).map { place + "/" + $0 }
                }.filter { $0.hasSuffix("/uacce") || $0.contains("/uacce-\(geteuid())") })
        }
        let before = names()
        for _ in 0..<100 {
            let child = inChild {
                CounterGroup.take(driverName: "catalog-gone", isShown: true)?.takeThread() == nil ? 1 : 0
            }
            #expect(child.code == 0)
        }
        #expect(names() == before)
    }
}
