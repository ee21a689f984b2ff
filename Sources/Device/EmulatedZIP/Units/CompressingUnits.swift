// SPDX-License-Identifier: Apache-2.0

import CDeflateUnits
import CLinux
import DeflateKernel
import EmulatedQM
import HisiliconABI
import Synchronization

/// The units that one queue compresses with, each made when it is first needed, and the stream whose state they hold.
final class CompressingUnits {
    private let plan: ZipUnitPlan
    private var isal: OpaquePointer?
    private var libdeflate: OpaquePointer?
    private var kernel: OpaquePointer?
    private var zlib = ZlibCompressor()
    /// Of the thread that was here last.
    private var stackRoom = stack_room()

    /// Whose stream a unit goes on with without being told the window again; 0: nobody's.
    private var heldSerial: UInt64 = 0
    private var heldUnit = ZipUnitName.zlib
    private var heldLevel = 0
    private var heldWindowBits = 0

    /// Given out to contexts; no two are the same in a process.
    private static let serials = Atomic<UInt64>(1)

    init(_ plan: ZipUnitPlan) {
        self.plan = plan
    }

    deinit {
        isal_compressor_free(isal)
        libdeflate_unit_free(libdeflate)
        deflate_kernel_free(kernel)
    }

    /// Compresses a job's input, all of it, behind its window. Writes blocks, no trailer.
    ///
    /// - Returns: bytes written, or nil where there is no room for them in `room`.
    func run(_ job: ZipJob, room: Int) -> Int? {
        let count = job.inputByteCount
        let stored = StoredBlocks.size(count, finishes: job.finishes)
        var written = 0
        if count > 0 {
            let isWhole = job.beginsStream && job.finishes
            var row = plan.choose(level: job.level, isWhole: isWhole, byteCount: count)
            let allowsISAL = stack_room_is_enough(&stackRoom, Int(ISAL_STACK_LENGTH)) == 1
            if row.unit == .isal {
                // The kernel, which takes little stack, is next in speed.
                if !allowsISAL { (row.unit, row.unitLevel) = (.kernel, 6) }
            } else if allowsISAL, count >= Incompressible.sampledFrom, looksIncompressible(job) {
                row.unit = .isal
                row.unitLevel = 1
            }
            switch row.unit {
            case .isal: written = runISAL(job, level: row.unitLevel, room: room)
            case .libdeflate: written = runLibdeflate(job, level: row.unitLevel, room: room)
            case .kernel: written = runKernel(job, level: row.unitLevel, room: room)
            case .zlib: break
            }
            // Where a library is absent, or the output has no room, which a smaller one may have.
            if written == 0 { written = runZlib(job, room: room) }
        }
        if written == 0 || written > stored {
            guard stored <= room else { return nil }
            // The unit's stream is now another than what is given out.
            heldSerial = 0
            written = StoredBlocks.write(job.input, byteCount: count, to: job.output, finishes: job.finishes)
        }
        keep(job)
        return written
    }

    /// Brings the context up to date, and remembers whose the unit's state is.
    private func keep(_ job: ZipJob) {
        guard let context = job.context, !job.finishes else {
            heldSerial = 0
            return
        }
        if job.beginsStream { context.windowByteCount = 0 }
        context.slide(over: job.input, byteCount: job.inputByteCount)
        let serial = Self.serials.add(1, ordering: .relaxed).newValue
        context.serial = serial
        if heldSerial != 0 { heldSerial = serial }
    }

    // MARK: - Units

    private func runISAL(_ job: ZipJob, level: Int, room: Int) -> Int {
        guard let compressor = isal ?? isal_compressor_new() else { return 0 }
        isal = compressor
        if !holds(job, .isal, level: level) {
            let window = window(of: job)
            guard
                isal_compressor_begin(
                    compressor, Int32(level), Int32(job.windowBits), window.start, window.byteCount) == 1
            else { return 0 }
        }
        hold(job, .isal, level: level)
        let written = isal_compressor_run(
            compressor, job.input, job.inputByteCount, job.output, room, job.finishes ? 1 : 0)
        if written == 0 { heldSerial = 0 }
        return written
    }

    private func runKernel(_ job: ZipJob, level: Int, room: Int) -> Int {
        guard let unit = kernel ?? deflate_kernel_new() else { return 0 }
        kernel = unit
        if !holds(job, .kernel, level: level) {
            let window = window(of: job)
            deflate_kernel_begin(
                unit, Int32(level), Int32(job.windowBits), window.start, window.byteCount,
                job.finishes ? job.inputByteCount : 0)
        }
        hold(job, .kernel, level: level)
        let written = deflate_kernel_run(
            unit, job.input, job.inputByteCount, job.output, room, job.finishes ? 1 : 0)
        if written == 0 { heldSerial = 0 }
        return written
    }

    private func runZlib(_ job: ZipJob, room: Int) -> Int {
        if !holds(job, .zlib, level: job.level) {
            let window = window(of: job)
            heldSerial = 0
            guard
                zlib.begin(
                    level: job.level, windowBits: job.windowBits, window: window.start,
                    windowByteCount: window.byteCount)
            else { return 0 }
        }
        hold(job, .zlib, level: job.level)
        let written = zlib.run(
            job.input, byteCount: job.inputByteCount, into: job.output, room: room, finishes: job.finishes)
        if written == 0 { heldSerial = 0 }
        return written
    }

    /// Whole streams only. It knows no windows but the largest.
    private func runLibdeflate(_ job: ZipJob, level: Int, room: Int) -> Int {
        guard job.windowBits == 15, let unit = libdeflate ?? libdeflate_unit_new() else { return 0 }
        libdeflate = unit
        return libdeflate_unit_run(unit, Int32(level), job.input, job.inputByteCount, job.output, room)
    }

    // MARK: - The held stream

    private func holds(_ job: ZipJob, _ unit: ZipUnitName, level: Int) -> Bool {
        guard !job.beginsStream, heldSerial != 0, let context = job.context else { return false }
        return context.serial == heldSerial && heldUnit == unit && heldLevel == level
            && heldWindowBits == job.windowBits
    }

    private func hold(_ job: ZipJob, _ unit: ZipUnitName, level: Int) {
        heldSerial = UInt64.max
        heldUnit = unit
        heldLevel = level
        heldWindowBits = job.windowBits
    }

    private func window(of job: ZipJob) -> (start: UnsafePointer<UInt8>, byteCount: Int) {
        guard !job.beginsStream, let context = job.context else { return (job.input, 0) }
        return (UnsafePointer(context.window), context.windowByteCount)
    }

    // MARK: - Data that does not become smaller

    /// Whether pieces from all over the input look random: a slow unit would only find that out slowly.
    private func looksIncompressible(_ job: ZipJob) -> Bool {
        guard Incompressible.hasManyValues(job.input + (job.inputByteCount - Incompressible.pieceByteCount) / 2) else {
            return false
        }
        guard let compressor = isal ?? isal_compressor_new() else { return false }
        isal = compressor
        if heldUnit == .isal { heldSerial = 0 }
        return withUnsafeTemporaryAllocation(byteCount: Incompressible.scratchByteCount, alignment: 16) { scratch in
            Incompressible.pieces.allSatisfy { piece in
                let offset =
                    (job.inputByteCount - Incompressible.pieceByteCount) * piece / Incompressible.pieces.upperBound
                guard isal_compressor_begin(compressor, 1, 15, job.input, 0) == 1 else { return false }
                let made = isal_compressor_run(
                    compressor, job.input + offset, Incompressible.pieceByteCount, scratch.baseAddress, scratch.count, 1
                )
                return made >= Incompressible.pieceByteCount
            }
        }
    }
}

/// How data is sampled.
private enum Incompressible {
    static var sampledFrom: Int { 32768 }
    static var pieces: ClosedRange<Int> { 0...3 }
    static var pieceByteCount: Int { 2048 }
    static var scratchByteCount: Int { 4096 }

    /// Whether a piece has almost all the values that a byte can have, as 1024 random bytes do: some 251 of them. Text has
    /// fewer than 100, programs seldom 230, and they need no closer look.
    static func hasManyValues(_ bytes: UnsafePointer<UInt8>) -> Bool {
        // A byte for each value: bits of fewer words would have to wait for each other.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 256) { seen in
            seen.initialize(repeating: 0)
            for index in 0..<1024 { seen[Int(bytes[index])] = 1 }
            var count = 0
            for value in 0..<256 { count &+= Int(seen[value]) }
            return count >= 240
        }
    }
}
