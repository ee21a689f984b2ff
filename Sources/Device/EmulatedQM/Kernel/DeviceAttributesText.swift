// SPDX-License-Identifier: Apache-2.0

import CLinux
import Host
import PlainText
import UacceDevice

/// The files of the device's directory in /sys/class/uacce.
extension EmulatedDevice {
    /// Names that ``attributeText(_:)`` knows.
    public static var attributeNames: [String] {
        [
            "algorithms", "api", "available_instances", "flags", "isolate", "isolate_strategy", "region_dus_size",
            "region_mmio_size",
        ]
    }

    /// What reading an attribute gives, to the byte, with the final newline. nil: there is no such file, or the device
    /// was removed.
    public func attributeText(_ name: String) -> String? {
        guard let attributes = try? attributes() else { return nil }
        return switch name {
        case "api": attributes.api + "\n"
        case "flags": "\(attributes.flags)\n"
        case "available_instances": "\(attributes.availableInstances)\n"
        case "algorithms": attributes.algorithms.reduce(into: "") { $0 += $1 + "\n" }
        case "region_mmio_size": "\(attributes.mmioByteCount)\n"
        case "region_dus_size": "\(attributes.dusByteCount)\n"
        case "isolate": attributes.isIsolated ? "1\n" : "0\n"
        case "isolate_strategy": "\(isolationThreshold)\n"
        default: nil
        }
    }

    /// What writing an attribute does. Only `isolate_strategy` may be written: a number as C writes it, at most 65535.
    ///
    /// `ENOENT`: no such file. `EACCES`: not writable. `invalid`: no number, or out of range. `notPermitted`: isolated
    /// already. `noDevice`: removed.
    public func setAttribute(_ name: String, to text: String) throws(Errno) {
        guard EmulatedDevice.attributeNames.contains(name) else { throw Errno(ENOENT) }
        guard name == "isolate_strategy" else { throw Errno(EACCES) }
        guard let threshold = kernelNumber(text) else { throw .invalid }
        try setIsolationThreshold(threshold)
    }
}

/// A number as the kernel's kstrtoul reads it with base 0: a plus sign or none, 0x for hexadecimal, 0 for octal, and
/// one newline at the end.
func kernelNumber(_ text: String) -> UInt64? {
    var digits = Array(text.utf8)[...]
    if digits.last == UInt8(ascii: "\n") { digits.removeLast() }
    if digits.first == UInt8(ascii: "+") { digits.removeFirst() }
    var base: UInt64 = 10
    if digits.first == UInt8(ascii: "0"), digits.count > 1 {
        digits.removeFirst()
        base = 8
        // The letter's lower case; no other character becomes an x.
        if digits.first! | 0x20 == UInt8(ascii: "x"), digits.count > 1 {
            digits.removeFirst()
            base = 16
        }
    }
    if digits.isEmpty { return nil }
    var number: UInt64 = 0
    for character in digits {
        let digit: UInt64
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = UInt64(character - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = UInt64(character - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = UInt64(character - UInt8(ascii: "A") + 10)
        default: return nil
        }
        guard digit < base else { return nil }
        let (product, productOverflow) = number.multipliedReportingOverflow(by: base)
        let (sum, sumOverflow) = product.addingReportingOverflow(digit)
        guard !productOverflow, !sumOverflow else { return nil }
        number = sum
    }
    return number
}
