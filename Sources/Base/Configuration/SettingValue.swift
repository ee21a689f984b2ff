// SPDX-License-Identifier: Apache-2.0

import PlainText

// How values of settings are written, in all configuration files. Each function sets `target`; false: `text` is invalid.

/// A decimal number within `range`.
public func setNumber(_ target: inout Int, _ text: String, _ range: ClosedRange<Int>) -> Bool {
    guard let number = Int(text), range.contains(number) else { return false }
    target = number
    return true
}

/// `on` or `off`, also said as `yes` or `1` and `no` or `0`.
public func setSwitch(_ target: inout Bool, _ text: String) -> Bool {
    switch text {
    case "on", "yes", "1": target = true
    case "off", "no", "0": target = false
    default: return false
    }
    return true
}
