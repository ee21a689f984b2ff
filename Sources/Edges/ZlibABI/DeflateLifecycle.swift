// SPDX-License-Identifier: Apache-2.0

import AllocationReserve
import CLinux
import CZlib
import CompressionSessions
import DeflateStream

extension DeflateCall {
    /// `deflateInit2_`. zlib answers what is wrong, and has the stream for itself where no device could ever help.
    static func begin(
        _ stream: z_streamp?, _ level: Int32, _ method: Int32, _ windowBits: Int32, _ memoryLevel: Int32,
        _ strategy: Int32, _ version: UnsafePointer<CChar>?, _ streamByteCount: Int32
    ) -> Int32 {
        let parameters = DeflateParameters(
            level: level == Z_DEFAULT_COMPRESSION ? 6 : level, windowBits: windowBits, memoryLevel: memoryLevel,
            strategy: strategy)
        guard let stream, isCompatible(version, streamByteCount), method == Z_DEFLATED,
            let format = parameters.format, ZlibLibrary.policy.compresses(level: parameters.level)
        else {
            ZlibLibrary.countPlain(.deflate)
            // By these a stream is known as ordinary when it is begun again.
            if let stream { Allocation.complete(stream) }
            return zlib_deflateInit2_(
                stream, level, method, windowBits, memoryLevel, strategy, version, streamByteCount)
        }
        if Allocation.isOrdinary(stream) {
            Allocation.complete(stream)
            let capacity = ZlibLibrary.policy.leastDeflate
            guard let memory = malloc(DeflateRecord.byteCount(gathering: capacity)) else { return Z_MEM_ERROR }
            DeflateCall(stream, memory).place(parameters, format, capacity)
            return Z_OK
        }
        let capacity = DeflateRecord.ridingCapacity
        let (result, rider) = RidingAllocation.with(stream, byteCount: DeflateRecord.byteCount(gathering: capacity)) {
            zlib_deflateInit2_(stream, level, method, windowBits, memoryLevel, strategy, version, streamByteCount)
        }
        guard result == Z_OK, let rider else { return result }
        let zlibState = stream.pointee.state
        DeflateCall(stream, rider).place(parameters, format, capacity, riding: zlibState)
        return Z_OK
    }

    /// Makes the record the stream's state.
    private func place(
        _ parameters: DeflateParameters, _ format: ZipFormat, _ capacity: Int, riding zlibState: OpaquePointer? = nil
    ) {
        record.initialize(
            to: DeflateRecord(
                head: RecordHead(owner: stream, mark: RecordHead.deflating), parameters: parameters, format: format,
                zlibState: zlibState, isRiding: zlibState != nil, gatherCapacity: capacity))
        stream.pointee.state = OpaquePointer(record)
        showReset()
    }

    /// What `deflateReset` leaves in the program's stream.
    private func showReset() {
        stream.pointee.total_in = 0
        stream.pointee.total_out = 0
        stream.pointee.msg = nil
        stream.pointee.data_type = Z_UNKNOWN
        stream.pointee.adler = record.pointee.format == .gzip ? 0 : 1
    }

    /// `deflateReset` and `deflateResetKeep`: who works on what comes next is open again.
    func reset(_ resetZlib: (z_streamp?) -> Int32) -> Int32 {
        if record.pointee.zlibState != nil {
            let result = inZlib { resetZlib($0) }
            if result != Z_OK { return result }
        }
        showReset()
        record.pointee.route = .undecided
        record.pointee.gatheredCount = 0
        record.pointee.gatheredOffset = 0
        record.pointee.lastFlush = -2
        record.pointee.phase = .initial
        return Z_OK
    }

    /// `deflateEnd`: Z_DATA_ERROR where the stream was begun and not finished.
    func end() -> Int32 {
        let record = self.record
        let route = record.pointee.route
        // Where zlib works on the stream, it knows; but for what it was not given yet.
        let isBusy = record.pointee.phase == .busy && (route != .zlib || record.pointee.gatheredCount > 0)
        let isRiding = record.pointee.isRiding
        dropDevice()
        var result = Z_OK
        if record.pointee.zlibState != nil {
            stream.pointee.state = record.pointee.zlibState
            // What rides goes with it.
            result = zlib_deflateEnd(stream)
        }
        if !isRiding { stream.pointee.zfree(stream.pointee.opaque, record) }
        stream.pointee.state = nil
        return isBusy ? Z_DATA_ERROR : route == .zlib ? result : Z_OK
    }

    /// `deflateCopy`. Where it fails, the destination is a copy without a state, as zlib leaves it.
    func copy(to destination: z_streamp?) -> Int32 {
        guard let destination else { return Z_STREAM_ERROR }
        let result = copyState(to: destination)
        if result != Z_OK {
            destination.pointee = stream.pointee
            destination.pointee.state = nil
        }
        return result
    }

    private func copyState(to destination: z_streamp) -> Int32 {
        var copiedDevice: DeflateStream?
        if record.pointee.route == .device, let device {
            guard !allocation_reserve_is_low(), let copied = DeflateStream(copying: device) else { return Z_MEM_ERROR }
            copiedDevice = copied
        }
        let byteCount = DeflateRecord.byteCount(gathering: record.pointee.gatherCapacity)
        let memory: UnsafeMutableRawPointer
        var zlibState: OpaquePointer?
        if record.pointee.isRiding {
            let (result, rider) = RidingAllocation.with(stream, byteCount: byteCount, copyingTo: destination) {
                inZlib { zlib_deflateCopy(destination, $0) }
            }
            guard result == Z_OK, let rider else { return result }
            memory = rider
            zlibState = destination.pointee.state
        } else {
            guard let room = stream.pointee.zalloc(stream.pointee.opaque, 1, uInt(byteCount)) else {
                return Z_MEM_ERROR
            }
            memory = room
            if record.pointee.zlibState != nil {
                let result = inZlib { zlib_deflateCopy(destination, $0) }
                guard result == Z_OK else {
                    stream.pointee.zfree(stream.pointee.opaque, room)
                    return result
                }
                zlibState = destination.pointee.state
            }
        }
        destination.pointee = stream.pointee
        memory.copyMemory(from: record, byteCount: byteCount)
        let copy = DeflateCall(destination, memory)
        copy.record.pointee.head = RecordHead(owner: destination, mark: RecordHead.deflating)
        copy.record.pointee.zlibState = zlibState
        copy.record.pointee.stream = nil
        copy.record.pointee.isInLedger = false
        destination.pointee.state = OpaquePointer(copy.record)
        // Its data is nowhere else, so it is kept also where the ledger has no room.
        if let copiedDevice { copy.keep(copiedDevice, inLedgerOnly: false) }
        return Z_OK
    }

    // MARK: - Routes

    /// Holds the device's side of the stream for as long as the record lives.
    ///
    /// - Parameter inLedgerOnly: not where the stream may be forgotten and the ledger has no room. False then.
    @discardableResult
    private func keep(_ device: DeflateStream, inLedgerOnly: Bool) -> Bool {
        let held = Unmanaged.passRetained(device)
        record.pointee.isInLedger = record.pointee.isRiding && StreamLedger.enter(record, .deflate(held))
        if record.pointee.isRiding, inLedgerOnly, !record.pointee.isInLedger {
            held.release()
            return false
        }
        record.pointee.stream = held
        return true
    }

    private func dropDevice() {
        guard let held = record.pointee.stream else { return }
        record.pointee.stream = nil
        if record.pointee.isInLedger { StreamLedger.leave(record) } else { held.release() }
        record.pointee.isInLedger = false
    }

    /// Makes zlib's state, where it is not there yet. False: there is no memory.
    func makeZlibState() -> Bool {
        if record.pointee.zlibState != nil { return true }
        let saved = stream.pointee
        let parameters = record.pointee.parameters
        let result = zlib_begin_deflate(
            stream, parameters.level, parameters.windowBits, parameters.memoryLevel, parameters.strategy)
        let zlibState = stream.pointee.state
        stream.pointee = saved
        guard result == Z_OK else { return false }
        record.pointee.zlibState = zlibState
        if let tuning = record.pointee.tuning {
            _ = inZlib { zlib_deflateTune($0, tuning.good, tuning.lazy, tuning.nice, tuning.chain) }
        }
        return true
    }

    /// Gives the stream to zlib. False: there is no memory.
    func chooseZlib(_ reason: StreamReason) -> Bool {
        guard makeZlibState() else { return false }
        record.pointee.route = .zlib
        ZlibLibrary.streams.count(.deflate, reason)
        return true
    }

    /// Gives the stream to a device. False: there is none, or no memory for it.
    func chooseDevice() -> Bool {
        let parameters = record.pointee.parameters
        // A stream may have other parameters by now than when its device's side was made.
        guard parameters.format != nil else { return false }
        if let device {
            device.reset()
            device.setLevel(Int(parameters.level))
        } else {
            guard let engine = ZlibLibrary.engine(record.pointee.format),
                let made = DeflateStream(
                    engine, record.pointee.format, level: Int(parameters.level),
                    windowBits: parameters.windowSizeBits, memoryLevel: parameters.memoryLevel)
            else { return false }
            guard keep(made, inLedgerOnly: true) else { return false }
        }
        record.pointee.route = .device
        ZlibLibrary.streams.count(.deflate, .device)
        return true
    }
}

extension DeflateRecord {
    /// Bytes that can be gathered in a record that rides on zlib's state: nginx keeps 8192 for that, and the state has
    /// about 6000.
    static let ridingCapacity = 1536
}
