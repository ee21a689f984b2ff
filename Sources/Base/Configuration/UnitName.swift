// SPDX-License-Identifier: Apache-2.0

import PlainText

/// The units that the emulated SEC block computes with.
public enum UnitName: UInt8, CaseIterable, Sendable {
    /// OpenSSL's default provider, one job after the other: does everything there is.
    case libcrypto
    /// intel-ipsec-mb: wide over one buffer, or in lanes over many.
    case ipsecMB
    /// This project's vector kernels: AES, SM4, and digests in lanes.
    case vector

    /// As the configuration and the plan's file say it.
    public var text: StaticString {
        switch self {
        case .libcrypto: "libcrypto"
        case .ipsecMB: "ipsec-mb"
        case .vector: "vector"
        }
    }

    public init?(_ text: String) {
        for name in Self.allCases where text == name.text.description {
            self = name
            return
        }
        return nil
    }
}

/// Which units may serve.
public enum UnitSelection: Equatable, Sendable {
    /// Whichever the plan says is fastest.
    case auto
    /// This one wherever it can; libcrypto where it cannot.
    case only(UnitName)
}
