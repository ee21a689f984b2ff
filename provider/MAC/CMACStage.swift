// SPDX-License-Identifier: Apache-2.0

/// Where a context of CMAC stands between two calls. The table below is the only place that says what may follow.
/// Docs/calls.md has what OpenSSL's default provider does otherwise.
enum CMACStage: CaseIterable {
    /// There is no key, or the last one was refused.
    case withoutKey
    /// A message is under way.
    case started
    /// The message has ended, or failed.
    case finished

    /// What a caller does, or what happens to it.
    enum Event: CaseIterable {
        /// A key was taken.
        case key
        /// A key was refused: what follows must not go on under another.
        case refusedKey
        /// The next message is to start, with the key that there is.
        case restart
        /// A part of the message comes.
        case update
        /// The message is to be ended.
        case finish
        /// The call that was under way has failed.
        case failure
    }

    /// What a call leads to; nil: it is refused, and changes nothing.
    @inline(__always)
    func after(_ event: Event) -> CMACStage? {
        switch event {
        case .key: .started
        case .refusedKey: .withoutKey
        case .restart:
            switch self {
            case .withoutKey: nil
            case .started: .started
            case .finished: .started
            }
        case .update:
            switch self {
            case .withoutKey: nil
            case .started: .started
            case .finished: nil
            }
        case .finish:
            switch self {
            case .withoutKey: nil
            case .started: .finished
            case .finished: nil
            }
        case .failure:
            switch self {
            case .withoutKey: .withoutKey
            case .started: .finished
            case .finished: .finished
            }
        }
    }
}
