// SPDX-License-Identifier: Apache-2.0

/// Why a session could not do its work by any route that is allowed.
public enum SessionError: Error, Equatable, Sendable {
    /// There is no device, and the CPU may not step in.
    case noDevice
    /// No queue was free, and the CPU may not step in.
    case noQueue
    /// The device failed the request or stopped answering, and the CPU may not step in.
    case deviceFailed
    /// The device failed after it may have overwritten the input, so that nobody can do it again.
    case inputLost
    /// There is no memory for it.
    case noMemory
    /// libcrypto's default provider could not be opened, or refused the key.
    case softwareFailed
    /// The algorithm refuses the key (XTS with two equal halves).
    case duplicatedKeys
}
