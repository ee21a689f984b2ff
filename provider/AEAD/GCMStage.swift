// SPDX-License-Identifier: Apache-2.0

/// Where a context of GCM or GMAC stands between two calls. The table below is the only place that says what may follow.
///
/// An IV is for one message under one key (NIST SP 800-38D, 8): whatever ends a message, or could make two of it, uses the IV
/// up, and nothing is encrypted until there is another. Docs/calls.md has what OpenSSL's default provider does otherwise.
enum GCMStage: CaseIterable {
    /// There was no IV yet.
    case withoutIV
    /// An IV is known, and not yet used.
    case withIV
    /// A message is under way, and has no payload yet.
    case associating
    /// A message is under way, and has payload.
    case processing
    /// The IV is used up.
    case used

    /// What a caller does, or what happens to it.
    enum Event: CaseIterable {
        /// A key is set, with or without an IV behind it.
        case key
        /// An IV is set.
        case iv
        /// The IV's length is set to another.
        case ivLength
        /// TLS: a message starts under the next IV of a row.
        case nextIV
        /// Additional data is to be taken.
        case associate
        /// Payload, of one byte at least, is to be processed.
        case process
        /// The message is to be ended.
        case finish
        /// The call that was under way has failed, or the tag is wrong.
        case failure
    }

    /// What there is to do before the call goes on.
    enum Start {
        case nothing
        /// Start a message under the IV.
        case withIV
        /// Encrypting, make a random IV (8.2.2) and start a message under it.
        case withRandomIV
    }

    /// What a call leads to, and what there is to do first; nil: it is refused, and changes nothing.
    @inline(__always)
    func after(_ event: Event) -> (stage: GCMStage, start: Start)? {
        switch event {
        case .key:
            switch self {
            case .withoutIV: (.withoutIV, .nothing)
            case .withIV: (.withIV, .nothing)
            case .associating: (.used, .nothing)
            case .processing: (.used, .nothing)
            case .used: (.used, .nothing)
            }
        case .iv: (.withIV, .nothing)
        case .ivLength:
            switch self {
            case .withoutIV: (.withoutIV, .nothing)
            case .withIV: (.used, .nothing)
            case .associating: (.used, .nothing)
            case .processing: (.used, .nothing)
            case .used: (.used, .nothing)
            }
        case .nextIV: (.associating, .withIV)
        case .associate:
            switch self {
            case .withoutIV: (.associating, .withRandomIV)
            case .withIV: (.associating, .withIV)
            case .associating: (.associating, .nothing)
            case .processing: nil
            case .used: nil
            }
        case .process:
            switch self {
            case .withoutIV: (.processing, .withRandomIV)
            case .withIV: (.processing, .withIV)
            case .associating: (.processing, .nothing)
            case .processing: (.processing, .nothing)
            case .used: nil
            }
        case .finish:
            switch self {
            case .withoutIV: (.used, .withRandomIV)
            case .withIV: (.used, .withIV)
            case .associating: (.used, .nothing)
            case .processing: (.used, .nothing)
            case .used: nil
            }
        case .failure: (.used, .nothing)
        }
    }

    /// Whether a message is under way.
    var isInMessage: Bool { self == .associating || self == .processing }
}
