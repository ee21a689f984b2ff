// SPDX-License-Identifier: Apache-2.0

/// Numbers for people.
enum Quantity {
    /// Three digits or so and a decimal prefix: `0`, `950`, `12.3k`, `4.56M`.
    static func short(_ value: Double) -> String {
        guard value.isFinite else { return "-" }
        var value = value
        for prefix in ["", "k", "M", "G", "T"] {
            if value < 999.5 || prefix == "T" {
                let digits = prefix.isEmpty && value == value.rounded() ? 0 : value < 9.995 ? 2 : value < 99.95 ? 1 : 0
                return fixed(value, digits: digits) + prefix
            }
            value /= 1000
        }
        return "-"
    }

    static func short(_ value: UInt64) -> String { short(Double(value)) }

    /// With so many digits behind the point.
    static func fixed(_ value: Double, digits: Int) -> String {
        guard value.isFinite, value.magnitude < 1e15 else { return "-" }
        var power = 1.0
        for _ in 0..<digits { power *= 10 }
        let scaled = (value * power).rounded()
        let whole = Int(scaled) / Int(power)
        if digits == 0 { return String(whole) }
        let fraction = String(abs(Int(scaled) % Int(power)))
        let sign = scaled < 0 && whole == 0 ? "-" : ""
        return sign + String(whole) + "." + String(repeating: "0", count: digits - fraction.count) + fraction
    }
}
