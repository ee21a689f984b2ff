// SPDX-License-Identifier: Apache-2.0

import Foundation
import Host
import Testing
import UacceDevice

// Regular files and sockets in the place of a queue: they take mmap, poll and close as a queue does, and refuse its
// ioctls. One test at a time, because they look at the numbers of closed descriptors.
@Suite("A queue's file", .serialized)
struct KernelQueueFileTests {
    private let tree: FakeDeviceTree
    private let device: KernelDevice

    init() throws {
        tree = try FakeDeviceTree()
        try tree.addDevice("hisi_sec2-0")
        device = try #require(KernelDevice.discover(driverName: "hisi_sec2", paths: tree.paths).first)
    }

    /// A device node that is a regular file of three pages, each filled with its own number.
    private func openPages() throws -> any QueueFile {
        var contents = Data()
        for page in 0..<UInt8(3) {
            contents.append(Data(repeating: page, count: FakeDeviceTree.pageByteCount))
        }
        try tree.write(contents, to: "dev/hisi_sec2-0")
        return try device.open()
    }

    @Test("does not open where there is none")
    func absent() {
        #expect(throws: Errno.noSuchFile) { try device.open() }
    }

    @Test("opens neither a directory nor a node without a driver")
    func wrongKind() throws {
        let node = tree.root.appending(path: "dev/hisi_sec2-0")
        try FileManager.default.createDirectory(at: node, withIntermediateDirectories: true)
        #expect(throws: Errno(EISDIR)) { try device.open() }
        try FileManager.default.removeItem(at: node)
        // Major 0 has no driver. Making nodes takes a privilege.
        guard mknod(node.path, S_IFCHR | 0o600, 0) == 0 else { return }
        do {
            _ = try device.open()
            Issue.record("a node without a driver was opened")
        } catch {
            // Filesystems mounted `nodev` say EACCES.
            #expect([Errno(ENXIO), .noDevice, Errno(EACCES)].contains(error))
        }
    }

    @Test("is closed on exec")
    func closedOnExec() throws {
        let queue = try openPages()
        let descriptors = try descriptorsOfNode()
        #expect(descriptors.count == 1)
        for descriptor in descriptors {
            #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
        }
        queue.close()
        #expect(try descriptorsOfNode().isEmpty)
    }

    @Test("that is no queue refuses every ioctl")
    func ioctlErrors() throws {
        let queue = try openPages()
        let notATerminal = Errno(ENOTTY)
        #expect(throws: notATerminal) { try queue.setContext(type: 0) }
        #expect(throws: notATerminal) { try queue.information() }
        #expect(throws: notATerminal) { try queue.start() }
        #expect(throws: notATerminal) { try queue.put() }
        #expect(queue.emulated == nil)
    }

    @Test("maps region 0 at page 0 and region 1 at page 1")
    func offsets() throws {
        let queue = try openPages()
        let page = FakeDeviceTree.pageByteCount
        let mmio = try queue.map(.mmio, byteCount: page)
        let dus = try queue.map(.dus, byteCount: 2 * page)
        #expect(UnsafeRawBufferPointer(start: mmio, count: page).allSatisfy { $0 == 0 })
        #expect(UnsafeRawBufferPointer(start: dus, count: page).allSatisfy { $0 == 1 })
        #expect(UnsafeRawBufferPointer(start: dus + page, count: page).allSatisfy { $0 == 2 })
        queue.close()
    }

    @Test("shares what is written with every other mapping")
    func shared() throws {
        let queue = try openPages()
        let dus = try queue.map(.dus, byteCount: FakeDeviceTree.pageByteCount)
        dus.storeBytes(of: 0x5a, as: UInt8.self)
        queue.close()
        let contents = try Data(contentsOf: tree.root.appending(path: "dev/hisi_sec2-0"))
        #expect(contents[FakeDeviceTree.pageByteCount] == 0x5a)
    }

    @Test("maps a region once at a time, and again after unmapping")
    func mappedTwice() throws {
        let queue = try openPages()
        let page = FakeDeviceTree.pageByteCount
        _ = try queue.map(.mmio, byteCount: page)
        #expect(throws: Errno.exists) { try queue.map(.mmio, byteCount: page) }
        queue.unmap(.mmio)
        queue.unmap(.mmio)
        _ = try queue.map(.mmio, byteCount: page)
    }

    @Test("maps no region of no bytes", arguments: [0, -1, Int.min])
    func emptyMapping(byteCount: Int) throws {
        let queue = try openPages()
        #expect(throws: Errno.invalid) { try queue.map(.dus, byteCount: byteCount) }
        _ = try queue.map(.dus, byteCount: FakeDeviceTree.pageByteCount)
    }

    @Test("reports mmap's error and forgets the attempt")
    func mappingError() throws {
        let (queueEnd, otherEnd) = try socketPair()
        defer { Glibc.close(otherEnd) }
        let queue = KernelQueueFile(adopting: queueEnd)
        #expect(throws: Errno.noDevice) { try queue.map(.mmio, byteCount: FakeDeviceTree.pageByteCount) }
        #expect(throws: Errno.noDevice) { try queue.map(.mmio, byteCount: FakeDeviceTree.pageByteCount) }
    }

    @Test("unmaps and closes once")
    func closing() throws {
        let (queueEnd, otherEnd) = try socketPair()
        defer { Glibc.close(otherEnd) }
        let queue = KernelQueueFile(adopting: queueEnd)
        queue.close()
        #expect(!isOpen(queueEnd))
        // The number now belongs to someone else, whom a second close must not touch.
        #expect(dup2(otherEnd, queueEnd) == queueEnd)
        queue.close()
        #expect(isOpen(queueEnd))
        Glibc.close(queueEnd)

        let pages = try openPages()
        _ = try pages.map(.mmio, byteCount: FakeDeviceTree.pageByteCount)
        _ = try pages.map(.dus, byteCount: 2 * FakeDeviceTree.pageByteCount)
        #expect(try mappingCount() > 0)
        pages.close()
        #expect(try mappingCount() == 0)
    }

    @Test("says so when it is used after close")
    func afterClose() throws {
        let queue = try openPages()
        queue.close()
        let badDescriptor = Errno(EBADF)
        #expect(throws: badDescriptor) { try queue.setContext(type: 0) }
        #expect(throws: badDescriptor) { try queue.information() }
        #expect(throws: badDescriptor) { try queue.start() }
        #expect(throws: badDescriptor) { try queue.put() }
        #expect(throws: badDescriptor) { try queue.map(.mmio, byteCount: FakeDeviceTree.pageByteCount) }
        // Would sleep for ever if it reached poll(2).
        #expect(!queue.wait(milliseconds: -1))
    }

    @Test("closes when it is released")
    func releasing() throws {
        let (queueEnd, otherEnd) = try socketPair()
        defer { Glibc.close(otherEnd) }
        do {
            _ = KernelQueueFile(adopting: queueEnd)
        }
        #expect(!isOpen(queueEnd))
    }

    @Test("of a parent process is neither stopped nor unmapped by a child")
    func inherited() throws {
        try tree.write(Data(repeating: 7, count: FakeDeviceTree.pageByteCount), to: "pages")
        let low = open(tree.root.appending(path: "pages").path, O_RDWR | O_CLOEXEC)
        let descriptor = fcntl(low, F_DUPFD_CLOEXEC, 500)
        Glibc.close(low)
        // As a child would see it: the queue's owner is another process.
        let queue = KernelQueueFile(adopting: descriptor, owner: ProcessMark(generation: 0))
        let address = try queue.map(.mmio, byteCount: FakeDeviceTree.pageByteCount)
        #expect(throws: Errno.notPermitted) { try queue.put() }
        queue.close()
        #expect(!isOpen(descriptor))
        #expect(try mappingCount() == 1)
        munmap(address, FakeDeviceTree.pageByteCount)
    }

    @Test("wakes for input that is there, and for input that comes")
    func waking() throws {
        let (queueEnd, otherEnd) = try socketPair()
        defer { Glibc.close(otherEnd) }
        let queue = KernelQueueFile(adopting: queueEnd)
        #expect(!queue.wait(milliseconds: 0))
        let thread = Thread {
            usleep(20_000)
            write(otherEnd, "x", 1)
        }
        thread.start()
        #expect(queue.wait(milliseconds: 10_000))
        #expect(queue.wait(milliseconds: 0))
        #expect(queue.wait(milliseconds: -1))
    }

    @Test("waits as long as it was told, signals or not")
    func timeout() throws {
        let (queueEnd, otherEnd) = try socketPair()
        defer { Glibc.close(otherEnd) }
        let queue = KernelQueueFile(adopting: queueEnd)
        // A handler without SA_RESTART; poll(2) is never restarted anyway.
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in }
        var previous = sigaction()
        sigaction(SIGUSR2, &action, &previous)
        defer { sigaction(SIGUSR2, &previous, nil) }
        // Tests run on threads of libdispatch, which block every signal.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGUSR2)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        defer { pthread_sigmask(SIG_BLOCK, &signals, nil) }
        let waiter = pthread_self()
        // Signals that come faster than the timeout: a wait that began anew after each would last as long as they do.
        let isOver = DispatchSemaphore(value: 0)
        let thread = Thread {
            for _ in 0..<1000 {
                if isOver.wait(timeout: .now() + .milliseconds(10)) == .success {
                    return
                }
                pthread_kill(waiter, SIGUSR2)
            }
        }
        let start = ContinuousClock.now
        thread.start()
        #expect(!queue.wait(milliseconds: 100))
        let elapsed = ContinuousClock.now - start
        isOver.signal()
        #expect(elapsed >= .milliseconds(99))
        #expect(elapsed < .milliseconds(5_000))
        while !thread.isFinished { usleep(1000) }
    }

    @Test("is not ready when the other end is gone without a word")
    func hangUp() throws {
        // A pipe shows POLLHUP alone, where a socket shows its end of input as well.
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        Glibc.close(ends[1])
        #expect(!KernelQueueFile(adopting: ends[0]).wait(milliseconds: 0))
    }

    // MARK: what the process has

    /// Two connected sockets. Their numbers are high, where no other test's descriptors come to be.
    private func socketPair() throws -> (queueEnd: Int32, otherEnd: Int32) {
        var ends: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        let high = try ends.map { low in
            defer { Glibc.close(low) }
            let descriptor = fcntl(low, F_DUPFD_CLOEXEC, 500)
            try #require(descriptor >= 0)
            return descriptor
        }
        return (high[0], high[1])
    }

    private func isOpen(_ descriptor: Int32) -> Bool {
        fcntl(descriptor, F_GETFD) != -1
    }

    /// How often this test's files are mapped. An address would not do: another thread may map it anew.
    private func mappingCount() throws -> Int {
        let file = try FileHandle(forReadingFrom: URL(filePath: "/proc/self/maps"))
        let maps = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
        try file.close()
        return maps.split(separator: "\n").count { $0.contains(tree.root.lastPathComponent) }
    }

    private func descriptorsOfNode() throws -> [Int32] {
        let node = tree.root.lastPathComponent + "/dev/hisi_sec2-0"
        let manager = FileManager.default
        return try manager.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { Int32($0) }.filter {
            // Other tests' descriptors come and go while this looks.
            let target = try? manager.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
            return target?.hasSuffix(node) ?? false
        }
    }
}
