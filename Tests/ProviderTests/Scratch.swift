// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Buffers for one pair of contexts: the module's input and output, and the reference's output.
///
/// Each output has a margin behind it, filled before every call, by which a write past the end shows.
final class Scratch {
    static let margin = 64
    static let fill: UInt8 = 0xa5

    let capacity: Int
    let input: UnsafeMutablePointer<UInt8>
    let subjectOutput: UnsafeMutablePointer<UInt8>
    let referenceOutput: UnsafeMutablePointer<UInt8>

    init(capacity: Int = 80_000) {
        self.capacity = capacity
        func page() -> UnsafeMutablePointer<UInt8> {
            aligned_alloc(4096, (capacity + 4 * Scratch.margin + 4095) & ~4095)!.assumingMemoryBound(to: UInt8.self)
        }
        input = page()
        subjectOutput = page()
        referenceOutput = page()
    }

    deinit {
        free(input)
        free(subjectOutput)
        free(referenceOutput)
    }

    /// Whether the `margin` bytes from `start` on are as `prepare` left them.
    static func isUntouched(_ start: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        for index in 0..<count where start[index] != fill { return false }
        return true
    }
}
