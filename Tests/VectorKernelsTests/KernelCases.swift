// SPDX-License-Identifier: Apache-2.0

extension SeededGenerator {
    mutating func below(_ limit: Int) -> Int {
        Int.random(in: 0..<limit, using: &self)
    }

    /// Mostly few blocks, around the numbers that go side by side, sometimes many.
    mutating func blockCount() -> Int {
        below(8) == 0 ? below(400) : below(70)
    }
}

extension [UInt8] {
    /// From hexadecimal digits; blanks are ignored.
    init(hex: String) {
        let digits = hex.compactMap(\.hexDigitValue)
        self = stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
