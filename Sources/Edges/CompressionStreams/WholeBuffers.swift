// SPDX-License-Identifier: Apache-2.0

extension CompressionStream {
    /// Compresses or decompresses all of `input` at once. The stream must be at its beginning, and has ended
    /// afterwards.
    ///
    /// `bound` tells how large `output` has to be for compressing. What is decompressed is all of the input: of gzip,
    /// any number of members one after the other, and whatever else follows the end is an error.
    public func whole(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) -> CompressionProgress {
        var total = CompressionProgress()
        guard state == .running, totalInput == 0, totalOutput == 0, completedFlush == .none else {
            total.status = .failed(.wrongState)
            return total
        }
        while true {
            let rest = UnsafeRawBufferPointer(rebasing: input[total.consumed...])
            let room = UnsafeMutableRawBufferPointer(rebasing: output[total.written...])
            let progress = update(rest, into: room, .finish)
            total.consumed += progress.consumed
            total.written += progress.written
            total.status = progress.status
            switch progress.status {
            case .failed: return total
            case .needsDictionary: return fail(.needsDictionary, total)
            case .progress:
                // It would have gone on but for the room.
                return fail(lacksRoom(for: input[total.consumed...]) ? .outputTooSmall : .truncated, total)
            case .end:
                if total.consumed == input.count {
                    // Of all members.
                    totalInput = UInt64(total.consumed)
                    totalOutput = UInt64(total.written)
                    return total
                }
                guard direction == .decompress, format == .gzip else { return fail(.trailingData, total) }
                do throws(CompressionFailure) {
                    try reset()
                } catch {
                    return fail(error, total)
                }
            }
        }
    }

    private func fail(_ failure: CompressionFailure, _ progress: CompressionProgress) -> CompressionProgress {
        var progress = progress
        progress.status = .failed(failure)
        state = .failed(failure)
        return progress
    }

    /// Whether it is the output that is at its end, which is full, and not the input: asked by giving it room for a
    /// byte.
    private func lacksRoom(for rest: Slice<UnsafeRawBufferPointer>) -> Bool {
        guard direction == .decompress else { return true }
        return withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { byte in
            update(UnsafeRawBufferPointer(rebasing: rest), into: byte, .finish).written > 0
        }
    }
}
