// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Memory between canaries, of which the last are at the end of a page that is followed by one nobody may touch: with
/// none of them behind the bytes, reading too much crashes; with some, writing too much is seen.
final class GuardedBuffer {
    let start: UnsafeMutablePointer<UInt8>
    let count: Int
    private let pages: UnsafeMutableRawPointer
    private let pagesByteCount: Int
    private let usableByteCount: Int
    private static let canary: UInt8 = 0xc5

    /// `behind` canaries follow the bytes, which also decides about their alignment.
    init(_ bytes: [UInt8], behind: Int) {
        let page = sysconf(Int32(_SC_PAGESIZE))
        count = bytes.count
        usableByteCount = (bytes.count + behind + 64 + page - 1) / page * page
        pagesByteCount = usableByteCount + page
        pages = mmap(nil, pagesByteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        precondition(pages != MAP_FAILED)
        precondition(mprotect(pages + usableByteCount, page, PROT_NONE) == 0)
        memset(pages, Int32(Self.canary), usableByteCount)
        start = (pages + usableByteCount - behind - bytes.count).assumingMemoryBound(to: UInt8.self)
        start.update(from: bytes, count: bytes.count)
    }

    convenience init(_ bytes: [UInt8], _ generator: inout SeededGenerator) {
        self.init(bytes, behind: Bool.random(using: &generator) ? 0 : generator.below(64))
    }

    deinit {
        munmap(pages, pagesByteCount)
    }

    var bytes: [UInt8] { Array(UnsafeBufferPointer(start: start, count: count)) }

    /// Whether nothing was written around the bytes.
    var isIntact: Bool {
        let end = UnsafeRawPointer(start + count)
        let behind = UnsafeRawPointer(pages + usableByteCount) - end
        return isCanaries(pages, UnsafeRawPointer(start) - UnsafeRawPointer(pages)) && isCanaries(end, behind)
    }

    private func isCanaries(_ bytes: UnsafeRawPointer, _ count: Int) -> Bool {
        count == 0 || bytes.load(as: UInt8.self) == Self.canary && memcmp(bytes, bytes + 1, count - 1) == 0
    }
}
