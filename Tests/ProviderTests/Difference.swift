// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Foundation
import Testing

/// Where the module under test and the default provider part company.
struct Difference: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    /// The same difference, told where it was met.
    func inside(_ place: String) -> Difference { Difference("\(place): \(description)") }

    /// Runs a case; a difference met in it is told with the case's name, by which it can be run again.
    static func locate<Result>(_ place: @autoclosure () -> String, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let difference as Difference {
            throw difference.inside(place())
        }
    }

    /// Runs a case whose difference is told like any other, but leaves the contexts fit for the next.
    static func record(_ place: String, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let difference as Difference {
            Issue.record(difference.inside(place))
        }
    }

    /// Compares two values of the same thing.
    static func check<Value: Equatable>(_ what: @autoclosure () -> String, _ subject: Value, _ reference: Value) throws
    {
        if subject != reference { throw Difference("\(what()): uacce \(subject), default \(reference)") }
    }

    /// Compares two runs of bytes.
    static func check(
        _ what: @autoclosure () -> String, _ subject: UnsafePointer<UInt8>, _ reference: UnsafePointer<UInt8>,
        _ count: Int
    ) throws {
        guard count > 0, memcmp(subject, reference, count) != 0 else { return }
        let at = (0..<count).first { subject[$0] != reference[$0] }!
        let window = at..<min(at + 8, count)
        throw Difference(
            "\(what()): \(count) bytes differ from byte \(at) on: uacce \(hexadecimal(window.map { subject[$0] })), "
                + "default \(hexadecimal(window.map { reference[$0] }))")
    }
}

/// Bytes as people read them.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { String(format: "%02x", $0) }.joined()
}
