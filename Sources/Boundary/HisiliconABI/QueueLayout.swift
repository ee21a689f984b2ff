// SPDX-License-Identifier: Apache-2.0

import CUacce
import PlainText

/// Where the half-word with the phase bit lies in a completion entry (`hisi_qm_cqe.w7`).
public let completionPhaseOffset = 14

/// Where the rings and the status words lie in a queue's DUS region: the submission queue first, the completion queue
/// behind it, the status words at the very end.
public struct QueueLayout: Equatable, Sendable {
    /// Bytes of one submission entry.
    public var entryByteCount: Int
    /// Entries of the submission ring and of the completion ring.
    public var submissionDepth: Int
    public var completionDepth: Int
    /// Bytes of the whole region, as `region_dus_size` tells.
    public var regionByteCount: Int

    @inlinable
    public init(entryByteCount: Int, submissionDepth: Int, completionDepth: Int, regionByteCount: Int) {
        self.entryByteCount = entryByteCount
        self.submissionDepth = submissionDepth
        self.completionDepth = completionDepth
        self.regionByteCount = regionByteCount
    }

    /// The layout the kernel makes for `depth` entries of `entryByteCount` bytes: rings, rounded up to a page, and a
    /// page for the status words.
    @inlinable
    public init(entryByteCount: Int, depth: Int, pageByteCount: Int) {
        let rings = depth * (entryByteCount + MemoryLayout<hisi_qm_cqe>.size)
        let pages = (rings + pageByteCount - 1) / pageByteCount + 1
        self.init(
            entryByteCount: entryByteCount, submissionDepth: depth, completionDepth: depth,
            regionByteCount: pages * pageByteCount)
    }

    @inlinable public var completionOffset: Int { entryByteCount * submissionDepth }
    @inlinable public var receiveStatusOffset: Int { regionByteCount - Int(HISI_QM_STATUS_RX) }
    @inlinable public var transmitStatusOffset: Int { regionByteCount - Int(HISI_QM_STATUS_TX) }
    /// Whether the rings fit into the region. A driver checks what a device told it.
    @inlinable public var isConsistent: Bool {
        entryByteCount > 0 && submissionDepth > 1 && completionDepth > 1
            && completionOffset + completionDepth * MemoryLayout<hisi_qm_cqe>.size <= receiveStatusOffset
    }
}

/// Queue management version, the number behind `hisi_qm_v` in the `api` attribute.
public enum QueueManagementVersion: UInt8, Sendable {
    case v2 = 2
    case v3 = 3

    /// The version whose conventions a queue of `attribute` follows: v2 exactly, anything later like v3.
    /// nil for v1 and for foreign devices.
    public init?(attribute: String) {
        guard attribute.begins(with: "hisi_qm_v"), let number = Int(attribute.dropping(byteCount: 9)), number >= 2
        else {
            return nil
        }
        self = number == 2 ? .v2 : .v3
    }

    /// The `api` attribute's text, without the newline.
    public var attribute: String { self == .v2 ? "hisi_qm_v2" : "hisi_qm_v3" }
}
