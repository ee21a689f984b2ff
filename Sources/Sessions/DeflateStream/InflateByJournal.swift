// SPDX-License-Identifier: Apache-2.0

import CLinux
import CZlib
import CompressionSessions
import QueueScheduler

/// A stream on hardware, which keeps what it has of the stream to itself: zlib can take over as long as the journal has all
/// that the device was given.
///
/// Where the output is full, the device may have taken more input than zlib would have; never beyond the stream's end.
extension InflateStream {
    enum Step {
        case goOn
        case stop
        /// zlib goes on.
        case processor
        case failed(StreamOutcome)
    }

    /// One call of `inflate()`. `block` and `trees` no device can do: the stream goes to zlib for them.
    func advanceByJournal(_ buffers: inout StreamBuffers, _ flush: StreamFlush) -> StreamOutcome {
        if flush == .block || flush == .trees {
            return goToZlib() ? advanceByZlib(&buffers, flush) : .streamError
        }
        while phase != .ended, buffers.inputByteCount > 0 || (hasMore && buffers.outputByteCount > 0) {
            switch request(&buffers) {
            case .goOn: break
            case .stop: return .ok
            case .processor: return advanceByZlib(&buffers, flush)
            case .failed(let outcome): return outcome
            }
        }
        if phase == .ended { return .streamEnd }
        if flush == .finish, buffers.inputByteCount == 0, buffers.outputByteCount > 0, goToZlib() {
            // This should have been all. Where it is not cut off but wrong, zlib may see it earlier than a device.
            return advanceByZlib(&buffers, flush)
        }
        return .ok
    }

    private func request(_ buffers: inout StreamBuffers) -> Step {
        let inputByteCount = min(buffers.inputByteCount, ZipSession.requestLimit)
        let room = min(buffers.outputByteCount, ZipSession.requestLimit)
        var byte = UInt8(0)
        let result: ZipResult
        do throws(ZipFailure) {
            result = try withUnsafeMutablePointer(to: &byte) { byte throws(ZipFailure) in
                try session!.run(
                    buffers.input ?? UnsafePointer(byte), inputByteCount: inputByteCount, buffers.output ?? byte,
                    outputByteCount: room)
            }
        } catch {
            return yield(error.cause)
        }
        switch result.outcome {
        case .invalidData: return yield(nil)
        // Which word of the trailer it is zlib knows; it gives the output again.
        case .wrongChecksum where journal.isComplete: return yield(nil)
        default: break
        }
        if let input = buffers.input {
            journal.append(input, byteCount: result.consumed)
            buffers.input = input + result.consumed
        }
        buffers.inputByteCount -= result.consumed
        buffers.output? += result.produced
        buffers.outputByteCount -= result.produced
        givenByteCount += result.produced
        hasMore = result.outcome == .outputFull
        switch result.outcome {
        case .streamEnd: phase = .ended
        case .wrongChecksum: return .failed(.dataError(StreamMessage("incorrect data check")))
        case .done, .outputFull:
            // A device that does nothing with what it is given would be asked for ever.
            if result.consumed == 0, result.produced == 0 { return .stop }
        case .invalidData: break
        }
        return .goOn
    }

    /// Lets zlib go on from where the device stood.
    ///
    /// - Parameter cause: nil: the stream is wrong, not the device.
    private func yield(_ cause: ProcessorCause?) -> Step {
        if let cause {
            do throws(CompressionError) {
                try engine.yieldToProcessor(cause, .decompress)
            } catch {
                return .failed(.deviceFailed(error))
            }
        }
        if goToZlib() { return .processor }
        return .failed(cause == nil ? .dataError(StreamMessage("invalid data")) : .deviceFailed(.deviceFailed))
    }

    /// Lets zlib go on from here, for good (until `reset`), and shows its stream, for calls that a device has no answer
    /// to. nil: too much of the stream has passed to read it again, or zlib is to read more of it than the program's next
    /// input (then ``inflate(_:_:)`` goes on all the same).
    public func moveToZlib() -> UnsafeMutablePointer<z_stream>? {
        goToZlib() && replayedByteCount == journal.count ? zlib : nil
    }

    /// False: too much of the stream has passed to read it again.
    private func goToZlib() -> Bool {
        if worker == .zlib { return true }
        if phase == .header {
            guard makeZlib() != nil else { return false }
        } else {
            guard session?.state == nil, journal.isComplete, readAgain() else { return false }
        }
        worker = .zlib
        phase = .body
        hasMore = false
        return true
    }

    /// Makes the copy of a stream without a state zlib's. False: too much has passed to read it again.
    func copyJournal(of other: InflateStream) -> Bool {
        givenByteCount = other.givenByteCount
        guard worker == .zlib || phase != .header else { return true }
        guard other.journal.isComplete else { return false }
        if let bytes = other.journal.bytes { journal.append(bytes, byteCount: other.journal.count) }
        guard journal.isComplete else { return false }
        if worker == .zlib {
            replayedByteCount = other.replayedByteCount
            return true
        }
        return goToZlib()
    }
}
