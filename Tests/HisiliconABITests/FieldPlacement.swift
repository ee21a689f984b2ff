// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import Testing

/// A descriptor of 128 bytes, of whichever block.
protocol PlacedDescriptor {
    init()
}

extension SecBD2: PlacedDescriptor {}
extension SecBD3: PlacedDescriptor {}

/// One field of a descriptor: where the hardware has it, and how it is reached by name.
struct FieldPlacement<Descriptor: PlacedDescriptor>: CustomTestStringConvertible {
    let testDescription: String
    /// Bits from the start of the descriptor, little-endian, bit 0 first.
    let bits: Range<Int>
    /// Values to try: what the name can say.
    let values: [UInt64]
    let set: (inout Descriptor, UInt64) -> Void
    let get: (Descriptor) -> UInt64?

    /// A field that is a number of any value.
    static func number<Number: FixedWidthInteger & UnsignedInteger>(
        _ name: String, _ byteOffset: Int, _ bits: ClosedRange<Int>, _ path: WritableKeyPath<Descriptor, Number>
    ) -> FieldPlacement {
        let width = bits.count
        let all = width == 64 ? UInt64.max : 1 << UInt64(width) - 1
        return FieldPlacement(
            testDescription: name, bits: (byteOffset * 8 + bits.lowerBound)..<(byteOffset * 8 + bits.upperBound + 1),
            values: [0, 1, all, all & 0x5555_5555_5555_5555, 1 << UInt64(width - 1)],
            set: { $0[keyPath: path] = Number(truncatingIfNeeded: $1) }, get: { UInt64($0[keyPath: path]) })
    }

    /// An address or a count of 64 bits.
    static func quad(
        _ name: String, _ byteOffset: Int, _ path: WritableKeyPath<Descriptor, UInt64>
    ) -> FieldPlacement {
        number(name, byteOffset, 0...63, path)
    }

    /// A field whose values have names.
    static func code<Code: RawRepresentable>(
        _ name: String, _ byteOffset: Int, _ bits: ClosedRange<Int>, _ path: WritableKeyPath<Descriptor, Code?>
    ) -> FieldPlacement where Code.RawValue == UInt8 {
        FieldPlacement(
            testDescription: name, bits: (byteOffset * 8 + bits.lowerBound)..<(byteOffset * 8 + bits.upperBound + 1),
            values: (0...UInt64(1 << bits.count - 1)).filter { Code(rawValue: UInt8($0)) != nil },
            set: { $0[keyPath: path] = Code(rawValue: UInt8($1)) },
            get: { $0[keyPath: path].map { UInt64($0.rawValue) } })
    }

    /// A field that is either of two values.
    static func flag(
        _ name: String, _ byteOffset: Int, _ bits: ClosedRange<Int>, _ path: WritableKeyPath<Descriptor, Bool>
    ) -> FieldPlacement {
        FieldPlacement(
            testDescription: name, bits: (byteOffset * 8 + bits.lowerBound)..<(byteOffset * 8 + bits.upperBound + 1),
            values: [0, 1], set: { $0[keyPath: path] = $1 == 1 }, get: { $0[keyPath: path] ? 1 : 0 })
    }

    /// Sets the field in descriptors of all zeros and all ones and looks at all 1024 bits.
    func check() {
        for background in [UInt8(0), 0xff] {
            for value in values {
                var descriptor = Descriptor()
                withUnsafeMutableBytes(of: &descriptor) { memory in
                    for index in memory.indices { memory[index] = background }
                }
                set(&descriptor, value)
                #expect(get(descriptor) == value)
                let bytes = withUnsafeBytes(of: descriptor) { Array($0) }
                #expect(bytes.count == 128)
                for bit in 0..<1024 {
                    let found = bytes[bit / 8] >> (bit % 8) & 1
                    let expected =
                        bits.contains(bit) ? UInt8(value >> UInt64(bit - bits.lowerBound) & 1) : background & 1
                    if found != expected {
                        Issue.record("\(testDescription) = \(value): bit \(bit % 8) of byte \(bit / 8) is \(found)")
                        return
                    }
                }
            }
        }
    }
}
