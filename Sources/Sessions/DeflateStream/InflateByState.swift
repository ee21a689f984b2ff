// SPDX-License-Identifier: Apache-2.0

import CompressionSessions
import DeflateKernel
import QueueScheduler
import SoftwareInflate

/// The share of a stream that lies behind its header, where its state is this process's own: a device's or the CPU's, run by
/// run.
extension InflateStream {
    /// One call of `inflate()`.
    ///
    /// No device stops between blocks, and small pieces are not worth a request: these runs are the CPU's.
    func advance(_ state: InflateState, _ buffers: inout StreamBuffers, _ flush: StreamFlush) -> StreamOutcome {
        let stops = flush == .block ? STOP_AT_BLOCKS : flush == .trees ? STOP_AT_HEADERS : STOP_NOWHERE
        state.keepsWindow = flush != .finish
        while true {
            let given = min(buffers.inputByteCount, ZipSession.requestLimit)
            let room = min(buffers.outputByteCount, ZipSession.requestLimit)
            var run: InflateState.Run?
            if worker == .device, stops == STOP_NOWHERE {
                if given < Self.leastInputByteCount || room < Self.leastRoomByteCount {
                    engine.scheduler(.decompress).countProcessor(.size)
                } else {
                    switch ask(buffers, given, room) {
                    case .success(let done): run = done
                    case .failure(let error): return .deviceFailed(error)
                    case nil: break
                    }
                }
            }
            guard let run = run ?? work(state, buffers, given, room, stops) else {
                return .deviceFailed(.deviceFailed)
            }
            buffers.input? += run.consumed
            buffers.inputByteCount -= run.consumed
            buffers.output? += run.produced
            buffers.outputByteCount -= run.produced
            switch run.ending {
            case .end:
                phase = .ended
                return .streamEnd
            case .invalid, .wrongTrailer:
                return .dataError(state.message.map { StreamMessage($0) } ?? StreamMessage("invalid data"))
            case .noMemory: return .outOfMemory
            case .stopped: return .ok
            case .hungry, .full:
                // More than one request's worth.
                let isAll = run.ending == .hungry ? buffers.inputByteCount == 0 : buffers.outputByteCount == 0
                if isAll || (run.consumed == 0 && run.produced == 0) { return .ok }
            }
        }
    }

    /// Asks the device. nil: it has not done it, and the CPU goes on, for good.
    private func ask(
        _ buffers: StreamBuffers, _ given: Int, _ room: Int
    ) -> Result<InflateState.Run, CompressionError>? {
        guard let input = buffers.input, let output = buffers.output else { return nil }
        do throws(ZipFailure) {
            return .success(try session!.runLent(input, inputByteCount: given, output, outputByteCount: room))
        } catch {
            do throws(CompressionError) {
                try engine.yieldToProcessor(error.cause, .decompress)
            } catch {
                return .failure(error)
            }
            worker = .processor
            return nil
        }
    }

    /// The CPU's turn. nil: a device is at work on the stream that has not answered in time.
    private func work(
        _ state: InflateState, _ buffers: StreamBuffers, _ given: Int, _ room: Int, _ stops: inflate_stops
    ) -> InflateState.Run? {
        guard state.claim() else { return nil }
        defer { state.release() }
        var nothing = UInt8(0)
        return withUnsafeMutablePointer(to: &nothing) { nothing in
            state.run(
                buffers.input ?? UnsafePointer(nothing), inputByteCount: given, buffers.output ?? nothing,
                outputByteCount: room, stops: stops)
        }
    }
}
