// SPDX-License-Identifier: Apache-2.0

extension String {
    /// With the letters a to z as capitals, and nothing else changed. The standard library's `uppercased()` knows all of
    /// Unicode, which weighs half a megabyte in a module that has no other use for it.
    public var asciiUppercased: String {
        var result = ""
        for scalar in unicodeScalars {
            let isLower = scalar.value >= 0x61 && scalar.value <= 0x7a
            result.unicodeScalars.append(isLower ? Unicode.Scalar(UInt8(scalar.value) - 0x20) : scalar)
        }
        return result
    }
}
