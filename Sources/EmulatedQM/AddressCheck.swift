// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Whether a descriptor's addresses are checked against the process's mappings, as an SMMU would.
public enum AddressCheck: Sendable {
    /// Only null and overflowing ranges are refused: what a driver that is trusted needs.
    case trusting
    /// Every range must be mapped with the right access. Reads the mappings on each call: slow, for tests and for
    /// software that is not trusted.
    case strict
}
