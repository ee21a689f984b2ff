// SPDX-License-Identifier: Apache-2.0

/// Where a context of CCM stands between two calls. The table below is the only place that says what may follow.
///
/// A message is told its length, has its additional data, and is then done in one piece; its nonce is for that message alone.
/// Docs/calls.md has what OpenSSL's default provider does otherwise.
enum CCMStage: CaseIterable {
    /// There is no IV, or it is used up.
    case withoutIV
    /// There is an IV, and nothing was told of the message.
    case withIV
    /// The message's length is told; additional data may have come.
    case told
    /// The payload was processed: encrypting, there is a tag to be fetched.
    case done
    /// The tag of an encrypted message was not fetched before another key or IV length was set: there is no IV.
    case unfetched
    /// The same, and there is another IV. As in OpenSSL, the next message must be told its length.
    case renewed
    /// A call failed on the way, and the message with it.
    case failed

    /// What a caller does, or what happens to it.
    enum Event: CaseIterable {
        /// A key is set, with or without an IV behind it.
        case key
        /// An IV is set.
        case iv
        /// The IV's length is set to another.
        case ivLength
        /// The message's length is to be told.
        case tell
        /// Additional data, of one byte at least, is to be taken.
        case associate
        /// The payload is to be processed.
        case process
        /// The message is to be ended.
        case finish
        /// The tag was fetched, or was right.
        case complete
        /// The call that was under way has failed.
        case failure
    }

    /// Whether there is an IV that may be used, or was for the message under way.
    var hasIV: Bool {
        switch self {
        case .withIV, .told, .done, .renewed: true
        case .withoutIV, .unfetched, .failed: false
        }
    }

    /// What there is to do before the call goes on.
    enum Start {
        case nothing
        /// Begin a message of the length that the call has.
        case message
        /// Begin the message again under the new IV, with the length that was told.
        case again
        /// Process a payload of no bytes, if the message has no others.
        case emptyPayload
    }

    /// What a call leads to, and what there is to do first; nil: it is refused, and changes nothing.
    func after(_ event: Event) -> (stage: CCMStage, start: Start)? {
        switch event {
        case .key:
            switch self {
            case .withoutIV: (.withoutIV, .nothing)
            case .withIV: (.withIV, .nothing)
            case .told: (.withIV, .nothing)
            case .done: (.unfetched, .nothing)
            case .unfetched: (.unfetched, .nothing)
            case .renewed: (.renewed, .nothing)
            case .failed: (.failed, .nothing)
            }
        case .iv:
            switch self {
            case .withoutIV: (.withIV, .nothing)
            case .withIV: (.withIV, .nothing)
            case .told: (.told, .again)
            case .done: (.renewed, .nothing)
            case .unfetched: (.renewed, .nothing)
            case .renewed: (.renewed, .nothing)
            case .failed: (.withIV, .nothing)
            }
        case .ivLength:
            switch self {
            case .withoutIV: (.withoutIV, .nothing)
            case .withIV: (.withoutIV, .nothing)
            case .told: (.withoutIV, .nothing)
            case .done: (.unfetched, .nothing)
            case .unfetched: (.unfetched, .nothing)
            case .renewed: (.unfetched, .nothing)
            case .failed: (.failed, .nothing)
            }
        case .tell:
            switch self {
            case .withoutIV: nil
            case .withIV: (.told, .message)
            case .told: (.told, .message)
            case .done: nil
            case .unfetched: nil
            case .renewed: (.told, .message)
            case .failed: nil
            }
        case .associate:
            switch self {
            case .withoutIV: nil
            case .withIV: nil
            case .told: (.told, .nothing)
            case .done: nil
            case .unfetched: nil
            case .renewed: nil
            case .failed: nil
            }
        case .process:
            switch self {
            case .withoutIV: nil
            case .withIV: (.done, .message)
            case .told: (.done, .nothing)
            case .done: nil
            case .unfetched: nil
            case .renewed: nil
            case .failed: nil
            }
        case .finish:
            switch self {
            case .withoutIV: (.withoutIV, .nothing)
            case .withIV: (.done, .emptyPayload)
            case .told: (.done, .emptyPayload)
            case .done: (.done, .nothing)
            case .unfetched: (.unfetched, .nothing)
            case .renewed: (.renewed, .nothing)
            case .failed: nil
            }
        case .complete: (.withoutIV, .nothing)
        case .failure: (.failed, .nothing)
        }
    }
}
