// SPDX-License-Identifier: Apache-2.0

import CLinux
import Configuration
import PublishedCounters
import QueueScheduler
import Testing

/// What a scheduler counts is what others read of it.
@Suite struct PublicationTests {
    /// A scheduler that publishes under a driver name of its own, as all of a process are on one list.
    private func makeScheduler(_ driverName: String, publish: Bool = true) throws -> Scheduler {
        var configuration = Configuration()
        configuration.backend = .emulator
        configuration.publish = publish
        return try #require(
            Scheduler(configuration: configuration, driverName: driverName) {
                AdditionBlock(queueCount: 4, onBatch: nil)
            })
    }

    private func readings(_ driverName: String, of processID: Int32 = getpid()) -> [CounterReading] {
        CounterCatalog().read(processID: processID).readings.filter { $0.driverName == driverName }
    }

    @Test func countersTellWhatTheStatisticsTell() throws {
        let scheduler = try makeScheduler("publication-1")
        #expect(readings("publication-1").isEmpty, "nothing is counted before there is work")
        try Threads.run(1) { _ in #expect(runAdditions(30, on: scheduler) == 30) }
        #expect(runAdditions(12, on: scheduler) == 12)
        scheduler.countProcessor(.unsupported)

        let reading = try #require(readings("publication-1").first)
        #expect(reading.devices.map(\.name) == ["hisi_addition-0"] && reading.devices[0].backend == "emulator")
        #expect(reading.devices[0].api == "hisi_qm_v3")
        #expect(reading.queues.map(\.counts.requests) == [12], "the other thread has given its queue back")
        #expect(reading.total(ofDevice: 0).requests == 42)
        #expect(reading.causes[ProcessorCause.unsupported.rawValue] == 1 && reading.threadCount == 1)
        let line = try #require(try StatisticsLine.all(in: scheduler.statistics).first)
        #expect(line.submitted == 42 && line.cpu["unsupported"] == 1)
        #expect(reading.total(ofDevice: 0).bytes == UInt64(line.bytes))

        scheduler.shutDown()
        #expect(readings("publication-1").isEmpty)
    }

    @Test func nothingIsShownWithoutTheUsersWill() throws {
        let scheduler = try makeScheduler("publication-2", publish: false)
        #expect(runAdditions(5, on: scheduler) == 5)
        #expect(readings("publication-2").isEmpty)
        #expect(try StatisticsLine.all(in: scheduler.statistics).first?.submitted == 5)
        scheduler.shutDown()
    }

    /// Queues that threads share are shown once.
    @Test func sharedQueues() throws {
        let scheduler = try makeScheduler("publication-3")
        let barrier = Barrier(9)
        try Threads.run(9) { index in
            #expect(runAdditions(20, on: scheduler) == 20)
            barrier.wait()
            if index == 0 {
                let reading = try #require(readings("publication-3").first)
                #expect(reading.queues.count == 4 && reading.threadCount == 9)
                #expect(reading.queues.map(\.counts.requests).reduce(0, +) == 180)
            }
            barrier.wait()
        }
        #expect(readings("publication-3").first?.total(ofDevice: 0).requests == 180)
        scheduler.shutDown()
    }

    @Test(.disabled(if: ChildProcess.isThreadSanitized, "forks"))
    func aChildPublishesItsOwn() throws {
        let scheduler = try makeScheduler("publication-4")
        #expect(runAdditions(7, on: scheduler) == 7)
        let code = ChildProcess.run {
            if !readings("publication-4").isEmpty { return 5 }
            guard runAdditions(3, on: scheduler) == 3 else { return 1 }
            guard let own = readings("publication-4").first, own.total(ofDevice: 0).requests == 3 else { return 2 }
            guard let parents = readings("publication-4", of: getppid()).first,
                parents.total(ofDevice: 0).requests == 7
            else { return 3 }
            scheduler.shutDown()
            return readings("publication-4").isEmpty ? 0 : 4
        }
        #expect(code == 0)
        // The child has not counted where its parent does.
        #expect(readings("publication-4").first?.total(ofDevice: 0).requests == 7)
        #expect(runAdditions(1, on: scheduler) == 1)
        #expect(readings("publication-4").first?.total(ofDevice: 0).requests == 8)
        scheduler.shutDown()
    }
}
