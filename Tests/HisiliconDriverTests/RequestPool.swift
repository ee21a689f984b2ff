// SPDX-License-Identifier: Apache-2.0

import HisiliconDriver

/// Requests at fixed addresses, whose descriptors are seen as sixteen words.
final class RequestPool {
    let count: Int
    private let base: UnsafeMutablePointer<Request>

    init(_ count: Int) {
        self.count = count
        base = .allocate(capacity: count)
        base.initialize(repeating: Request(), count: count)
    }

    deinit {
        base.deinitialize(count: count)
        base.deallocate()
    }

    subscript(_ index: Int) -> UnsafeMutablePointer<Request> { base + index }

    func words(_ index: Int) -> UnsafeMutablePointer<UInt64> {
        UnsafeMutableRawPointer(base + index).assumingMemoryBound(to: UInt64.self)
    }

    func state(_ index: Int) -> Request.State { base[index].state }

    /// Writes a descriptor that asks the affine block about `argument`, with a trace of it in every other word.
    func ask(_ index: Int, _ argument: UInt64) {
        let words = words(index)
        words[0] = argument
        for position in 1..<16 { words[position] = argument &+ UInt64(position) << 56 }
        base[index].state = .idle
    }

    /// Whether the descriptor holds the affine block's answer to `argument`, and nothing else has changed.
    func isAnswered(_ index: Int, _ argument: UInt64) -> Bool {
        let words = words(index)
        guard words[0] == argument, words[1] == AffineBlock.result(of: argument) else { return false }
        return (2..<16).allSatisfy { words[$0] == argument &+ UInt64($0) << 56 }
    }
}
