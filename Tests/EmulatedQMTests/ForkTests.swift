// SPDX-License-Identifier: Apache-2.0

import EmulatedQM
import Foundation
import Testing

@Suite struct ForkTests {
    /// ThreadSanitizer's own locks may be left taken in the child of a process with several threads.
    private static let isThreadSanitized = dlsym(nil, "__tsan_init") != nil

    /// What the child may do with what it inherited: close it and shut it down.
    @Test(.disabled(if: isThreadSanitized), arguments: [0, 2])
    func childLeavesItsParentsDeviceBehind(engineThreads: Int) throws {
        let device = EmulatedDevice(
            id: 0, block: IncrementBlock(), configuration: EmulatedDeviceConfiguration(engineThreads: engineThreads))
        defer { device.shutDown() }
        let driver = try RingDriver(device)
        driver.submit(3)
        #expect(driver.collect(engineThreads == 0 ? 0 : 3).count == (engineThreads == 0 ? 0 : 3))
        let memory = UInt64(UInt(bitPattern: driver.base))

        let child = fork()
        if child == 0 {
            // A child that hangs must not hang the test; dispatch's threads block the signal.
            var none = sigset_t()
            sigemptyset(&none)
            pthread_sigmask(SIG_SETMASK, &none, nil)
            alarm(20)
            _exit(Self.runChild(driver, device, memory))
        }
        try #require(child > 0)
        var status: Int32 = -1
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        #expect(status == 0)

        driver.submit(2)
        #expect(driver.collect(engineThreads == 0 ? 0 : 2).count == (engineThreads == 0 ? 0 : 2))
        if engineThreads == 0 { #expect(driver.drain().count == 5) }
    }

    /// Little, and nothing generic: the ordinary Swift runtime builds metadata at first use, under locks that another
    /// test's thread may have held at the moment of the fork.
    private static func runChild(_ parents: RingDriver, _ device: EmulatedDevice, _ memory: UInt64) -> Int32 {
        if AddressCheck.strict.isReadable(memory, byteCount: 8) { return 1 }
        parents.queue.close()
        device.shutDown()
        return 0
    }
}
