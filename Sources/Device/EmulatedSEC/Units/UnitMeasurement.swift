// SPDX-License-Identifier: Apache-2.0

// Of the tools, not of what they measure.
#if !hasFeature(Embedded)
import CLinux
import Configuration
import EmulatedQM
import HisiliconABI
import Host
import SoftwareCrypto

/// Times what units take for jobs, and makes a plan of it: `uaccectl tune`.
///
/// Only the units are timed, on equal jobs that are handed to them directly: the way to the device is the same for all of
/// them. For one thread; a measurement takes a few seconds.
public final class UnitMeasurement {
    private let units: [(name: UnitName, unit: any SecUnit)]
    private let keys = KeyCache()
    private let memory: UnsafeMutableRawPointer
    private let jobs: UnsafeMutablePointer<SecJob>
    private let lineup: UnsafeMutablePointer<UnsafeMutablePointer<SecJob>>

    /// Bytes of a job's data, at most.
    private static let capacity = 16 << 10
    /// Each job has room for its input, its output, and what else it points to.
    private static let stride = 2 * capacity + 1024
    private static let sizes = [64, 128, 256, 512, 1024, 2048, 4096, 16 << 10]
    private static let counts = [2, 3, 4, 6, 8, 12, 16, 32]
    /// A unit has to be faster by this much than libcrypto alone, or its row would tell noise.
    private static let margin = 0.97

    public init() {
        let libcrypto = LibcryptoUnit(library: LibcryptoHolder())
        var units: [(UnitName, any SecUnit)] = [(.libcrypto, libcrypto)]
        if let ipsecMB = IPSecMBUnit() { units.append((.ipsecMB, ipsecMB)) }
        units.append((.vector, VectorUnit(libcrypto: libcrypto)))
        self.units = units
        memory = .allocate(byteCount: DescriptorBatch.limit * Self.stride, alignment: 64)
        memset(memory, 0x5a, DescriptorBatch.limit * Self.stride)
        jobs = .allocate(capacity: DescriptorBatch.limit)
        jobs.initialize(repeating: .idle, count: DescriptorBatch.limit)
        lineup = .allocate(capacity: DescriptorBatch.limit)
    }

    deinit {
        memory.deallocate()
        jobs.deallocate()
        lineup.deallocate()
    }

    /// The units that this machine has.
    public var present: [UnitName] { units.map(\.name) }

    /// A row with the choice that is fastest here.
    public func choose(_ row: UnitPlanRow) -> UnitPlanRow {
        var row = row
        let largest = Self.capacity
        row.alone = fastest(row, byteCount: largest, count: 1) ?? .libcrypto
        row.aloneFrom = 0
        for byteCount in Self.sizes.reversed()
        where row.alone != .libcrypto && !isFaster(row.alone, row, byteCount: byteCount, count: 1) {
            row.aloneFrom = 2 * byteCount
            break
        }
        row.together = fastest(row, byteCount: largest, count: 32) ?? row.alone
        row.togetherFrom = UnitPlanRow.never
        for count in Self.counts.reversed() {
            guard row.together != .libcrypto, isFaster(row.together, row, byteCount: 1024, count: count),
                isFaster(row.together, row, byteCount: largest, count: count)
            else { break }
            row.togetherFrom = count
        }
        if row.togetherFrom == UnitPlanRow.never { row.together = row.alone }
        return row
    }

    /// Nanoseconds that a unit takes for one of `count` equal jobs; nil where it cannot do them or is not there.
    public func time(_ row: UnitPlanRow, _ name: UnitName, byteCount: Int, count: Int) -> Double? {
        guard let unit = units.first(where: { $0.name == name })?.unit, byteCount <= Self.capacity,
            count <= DescriptorBatch.limit, prepare(row.subject, byteCount: byteCount, count: count),
            unit.canRun(jobs), isDone(unit, count)
        else { return nil }
        var best = Double.infinity
        var repetitions = 1
        // The least of several: a machine disturbs in one direction only.
        for _ in 0..<9 {
            let begin = MonotonicClock.nanoseconds
            for _ in 0..<repetitions { run(unit, count) }
            let taken = Double(MonotonicClock.nanoseconds - begin)
            if taken < Self.shortest {
                repetitions *= 4
            } else {
                best = min(best, taken / Double(repetitions * count))
            }
        }
        return best.isFinite ? best : time(row, name, byteCount: byteCount, count: count)
    }

    /// Nanoseconds of one timing, at least.
    private static let shortest = 50_000.0

    private func fastest(_ row: UnitPlanRow, byteCount: Int, count: Int) -> UnitName? {
        var best: (name: UnitName, time: Double)?
        for name in present {
            guard let time = time(row, name, byteCount: byteCount, count: count) else { continue }
            if let known = best, time > Self.margin * known.time { continue }
            best = (name, time)
        }
        return best?.name
    }

    /// Whether a unit beats libcrypto, which needs no company and so is asked alone.
    private func isFaster(_ name: UnitName, _ row: UnitPlanRow, byteCount: Int, count: Int) -> Bool {
        guard let time = time(row, name, byteCount: byteCount, count: count) else { return false }
        guard let other = self.time(row, .libcrypto, byteCount: byteCount, count: 1) else { return true }
        return time < Self.margin * other
    }

    private func run(_ unit: any SecUnit, _ count: Int) {
        for index in 0..<count { lineup[index] = jobs + index }
        unit.run(lineup, count: count)
    }

    private func isDone(_ unit: any SecUnit, _ count: Int) -> Bool {
        run(unit, count)
        return (0..<count).allSatisfy { jobs[$0].error == .none }
    }

    // MARK: - Jobs

    /// Equal jobs of what a row is about. False: there is no key for it.
    private func prepare(_ subject: UnitSubject, byteCount: Int, count: Int) -> Bool {
        let example = subject.example
        keys.beginBatch()
        for index in 0..<count {
            let place = memory + index * Self.stride
            let aside = place + 2 * Self.capacity
            var job = SecJob.idle
            job.operation = example.operation
            job.encrypt = true
            job.source = UnsafeRawPointer(place)
            job.byteCount = byteCount
            job.destination = place + Self.capacity
            job.iv = UnsafeRawPointer(aside)
            job.ivByteCount = example.ivByteCount
            job.state = UnsafeRawPointer(aside + 64)
            job.mac = aside + 128
            job.macByteCount = example.macByteCount
            job.digest = example.digest
            if let purpose = example.purpose {
                job.key = keys.entry(
                    for: purpose, key: memory + 2 * Self.capacity + 512, byteCount: example.keyByteCount, hint: 0)
                if job.key == nil { return false }
            }
            jobs[index] = job
        }
        // Keys of XTS have halves that differ.
        memset(memory + 2 * Self.capacity + 512, 0x33, 16)
        return true
    }
}

/// One operation of a row, as good as any other of it, and what a job of it needs.
private struct UnitExample {
    let operation: SecOperation
    var purpose: KeyPurpose?
    var keyByteCount = 0
    var ivByteCount = 0
    var macByteCount = 16
    var digest = DigestAlgorithm.sha256
}

extension UnitSubject {
    fileprivate var example: UnitExample {
        switch self {
        case .cipher(let family, let mode, let encrypt):
            let size = family == .tripleDES ? 24 : mode == .xts ? 32 : 16
            let kind = CipherKind(family, mode, keyByteCount: size)
            return UnitExample(
                operation: .cipher(kind, encrypt: encrypt ?? true), purpose: .cipher(kind, encrypt: encrypt ?? true),
                keyByteCount: size, ivByteCount: 16)
        case .digests(let first, let last):
            let digest = Self.middle(first, last)
            return UnitExample(operation: .digest(digest), macByteCount: digest.digestByteCount, digest: digest)
        case .hmacs(let first, let last):
            let digest = Self.middle(first, last)
            return UnitExample(
                operation: .hmac(digest), purpose: .hmac(digest), keyByteCount: 32,
                macByteCount: digest.digestByteCount, digest: digest)
        case .aead(let mode):
            return UnitExample(
                operation: .aead(mode, keyByteCount: 16, encrypt: true), purpose: .aead(mode), keyByteCount: 16,
                ivByteCount: 12)
        case .gcmParts:
            return UnitExample(
                operation: .gcmPart(keyByteCount: 16, encrypt: true), purpose: .gcmParts, keyByteCount: 16,
                ivByteCount: 16)
        case .ghash: return UnitExample(operation: .ghash(keyByteCount: 16), purpose: .gcmParts, keyByteCount: 16)
        case .gmac:
            return UnitExample(
                operation: .gmac(keyByteCount: 16), purpose: .gcmParts, keyByteCount: 16, ivByteCount: 12)
        case .cmac:
            return UnitExample(operation: .blockMAC(.cmac), purpose: .blockMAC(.cmac), keyByteCount: 16)
        }
    }

    /// The digest of a family that every unit has.
    private static func middle(_ first: DigestAlgorithm, _ last: DigestAlgorithm) -> DigestAlgorithm {
        first == .sha384 ? .sha512 : last
    }
}
#endif
