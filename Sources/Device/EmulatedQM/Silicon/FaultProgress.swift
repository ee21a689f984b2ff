// SPDX-License-Identifier: Apache-2.0

import Configuration
import Synchronization

/// A fault plan at work on one device.
final class FaultProgress: Sendable {
    /// What is to happen to a descriptor, the gravest last.
    enum Verdict {
        case execute
        case reject
        case overwrite
        case stick
        case remove
    }

    private let rules: [FaultPlan.Rule]
    private let descriptorsFetched = Atomic<Int>(0)
    private let opensRefused = Atomic<Int>(0)

    init(_ plan: FaultPlan) {
        rules = plan.rules
    }

    /// Counts a descriptor that is being fetched.
    func fetchDescriptor() -> Verdict {
        let ordinal = descriptorsFetched.add(1, ordering: .relaxed).newValue
        var verdict = Verdict.execute
        for rule in rules where rule.covers(ordinal) {
            switch rule.kind {
            case .descriptor: if verdict == .execute { verdict = .reject }
            case .overwrite: if verdict == .execute || verdict == .reject { verdict = .overwrite }
            case .stuck: if verdict != .remove { verdict = .stick }
            case .remove: verdict = .remove
            case .busy: break
            }
        }
        return verdict
    }

    /// Whether an open that finds `queuesOpen` queues open is to fail.
    func refusesOpen(queuesOpen: Int) -> Bool {
        for rule in rules where rule.kind == .busy && queuesOpen >= rule.first {
            if opensRefused.add(1, ordering: .relaxed).newValue <= rule.count { return true }
        }
        return false
    }
}
