// SPDX-License-Identifier: Apache-2.0

import CIPSecMB
import Configuration
import EmulatedQM
import PlainText
import SoftwareCrypto
import VectorKernels

/// Which unit serves what: a row's operations go to `alone`, or to `together` when enough of them are in one batch.
///
/// The figures of the table are measured: `uaccectl tune` does so on any machine, and writes a file in the form that
/// `init(parsing:)` reads and the key `unit_plan` names.
public struct UnitPlanRow: Sendable {
    /// As the plan's file has it.
    public let name: StaticString
    let subject: UnitSubject
    /// For a job that has no company, or not enough, ...
    public var alone: UnitName
    /// ... if it has this many bytes or more; else libcrypto.
    public var aloneFrom: Int
    /// For jobs of one operation that come in one batch, ...
    public var together: UnitName
    /// ... if there are this many or more.
    public var togetherFrom: Int

    /// More than a batch can have.
    public static let never = DescriptorBatch.limit + 1

    /// The line of a plan's file.
    public var line: String {
        "\(name) alone \(alone.text) \(aloneFrom) together \(together.text) \(togetherFrom)"
    }
}

/// Operations that one row is about, of all key sizes.
enum UnitSubject: Sendable {
    case cipher(CipherKind.Family, CipherKind.Mode, encrypt: Bool?)
    /// From one to another, in the order of `DigestAlgorithm`.
    case digests(DigestAlgorithm, DigestAlgorithm)
    case hmacs(DigestAlgorithm, DigestAlgorithm)
    case aead(SoftwareAEAD.Mode)
    case gcmParts
    case ghash
    case gmac
    case cmac
}

/// The plan of a function block.
public struct UnitPlan: Sendable {
    public private(set) var rows = UnitPlan.measured

    /// What was measured; where this processor lacks what the AES kernels need, other units have their rows.
    public init() {
        guard aes_kernels() == nil else { return }
        for row in Self.withoutKernels {
            if let index = rows.firstIndex(where: { $0.name.description == row.name.description }) { rows[index] = row }
        }
    }

    /// A plan that one unit has wherever it can.
    public init(_ selection: UnitSelection) {
        guard case .only(let unit) = selection else { return }
        for index in rows.indices {
            rows[index].alone = unit
            rows[index].aloneFrom = 0
            rows[index].together = unit
            rows[index].togetherFrom = 2
        }
    }

    /// Reads lines of `name alone unit bytes together unit count`; `#` begins a comment. Rows that are not named stay
    /// as they are.
    ///
    /// nil: a line is none of these; `lineNumber` tells which.
    public init?(parsing text: String, lineNumber: inout Int) {
        self.init()
        lineNumber = 0
        for line in text.pieces(separatedBy: "\n", keepsEmpty: true) {
            lineNumber += 1
            let words = line.pieces(separatedBy: " \t\r")
            guard let first = words.first, first.utf8.first != UInt8(ascii: "#") else { continue }
            guard words.count == 7, words[1] == "alone", words[4] == "together",
                let index = rows.firstIndex(where: { first == $0.name.description }),
                let alone = UnitName(words[2]), let aloneFrom = Int(words[3]), aloneFrom >= 0,
                let together = UnitName(words[5]), let togetherFrom = Int(words[6]), togetherFrom >= 1
            else { return nil }
            rows[index].alone = alone
            rows[index].aloneFrom = aloneFrom
            rows[index].together = together
            rows[index].togetherFrom = togetherFrom
        }
    }

    /// Opens the libraries of the units that have work, where they are installed.
    public func openLibraries() {
        if rows.contains(where: { $0.alone == .ipsecMB || $0.together == .ipsecMB }) { _ = ipsec_mb_absence() }
    }

    /// What `uaccectl tune` found on a machine with AVX-512, VAES and GFNI (AMD EPYC 9005).
    private static let measured: [UnitPlanRow] = [
        row("aes-ecb", .cipher(.aes, .ecb, encrypt: nil), .vector, 0),
        row("aes-cbc-encrypt", .cipher(.aes, .cbc, encrypt: true), .vector, 0, .ipsecMB, 2),
        row("aes-cbc-decrypt", .cipher(.aes, .cbc, encrypt: false), .vector, 0),
        row("aes-ctr", .cipher(.aes, .ctr, encrypt: nil), .vector, 0),
        row("aes-cfb-encrypt", .cipher(.aes, .cfb, encrypt: true), .vector, 0),
        row("aes-cfb-decrypt", .cipher(.aes, .cfb, encrypt: false), .vector, 0),
        row("aes-ofb", .cipher(.aes, .ofb, encrypt: nil), .vector, 0),
        row("aes-xts", .cipher(.aes, .xts, encrypt: nil), .vector, 128),
        row("des3-cbc-encrypt", .cipher(.tripleDES, .cbc, encrypt: true), .libcrypto, 0, .ipsecMB, 6),
        row("des3-cbc-decrypt", .cipher(.tripleDES, .cbc, encrypt: false), .libcrypto, 0, .ipsecMB, 6),
        row("sm4-ecb", .cipher(.sm4, .ecb, encrypt: nil), .vector, 0),
        row("sm4-ctr", .cipher(.sm4, .ctr, encrypt: nil), .vector, 0),
        row("sm4-cbc-encrypt", .cipher(.sm4, .cbc, encrypt: true), .vector, 0, .vector, 2),
        row("sm4-cbc-decrypt", .cipher(.sm4, .cbc, encrypt: false), .vector, 0),
        row("sm4-cfb-decrypt", .cipher(.sm4, .cfb, encrypt: false), .vector, 0),
        row("sm4-xts", .cipher(.sm4, .xts, encrypt: nil), .vector, 0),
        row("md5", .digests(.md5, .md5), .libcrypto, 0, .vector, 2),
        row("sha1", .digests(.sha1, .sha1), .libcrypto, 0, .vector, 6),
        row("sha256", .digests(.sha224, .sha256), .libcrypto, 0, .vector, 8),
        row("sha512", .digests(.sha384, .sha512_256), .libcrypto, 0, .vector, 3),
        row("sm3", .digests(.sm3, .sm3), .libcrypto, 0, .vector, 2),
        row("hmac-md5", .hmacs(.md5, .md5), .libcrypto, 0, .vector, 3),
        row("hmac-sha1", .hmacs(.sha1, .sha1), .libcrypto, 0, .vector, 6),
        row("hmac-sha256", .hmacs(.sha224, .sha256), .libcrypto, 0, .vector, 8),
        row("hmac-sha512", .hmacs(.sha384, .sha512_256), .libcrypto, 0, .vector, 3),
        row("hmac-sm3", .hmacs(.sm3, .sm3), .libcrypto, 0, .vector, 2),
        row("aes-gcm", .aead(.gcm), .vector, 0),
        row("aes-gcm-part", .gcmParts, .vector, 0),
        row("aes-ccm", .aead(.ccm), .libcrypto, 0, .ipsecMB, 2),
        row("gmac", .gmac, .vector, 0),
        row("ghash", .ghash, .vector, 0),
        row("aes-cmac", .cmac, .libcrypto, 0, .ipsecMB, 2),
    ]

    /// What the same found on that machine without the kernels.
    private static let withoutKernels: [UnitPlanRow] = [
        row("aes-ecb", .cipher(.aes, .ecb, encrypt: nil), .ipsecMB, 512),
        row("aes-cbc-encrypt", .cipher(.aes, .cbc, encrypt: true), .libcrypto, 0, .ipsecMB, 2),
        row("aes-cbc-decrypt", .cipher(.aes, .cbc, encrypt: false), .ipsecMB, 0),
        row("aes-ctr", .cipher(.aes, .ctr, encrypt: nil), .ipsecMB, 0),
        row("aes-cfb-encrypt", .cipher(.aes, .cfb, encrypt: true), .libcrypto, 0),
        row("aes-cfb-decrypt", .cipher(.aes, .cfb, encrypt: false), .ipsecMB, 0),
        row("aes-ofb", .cipher(.aes, .ofb, encrypt: nil), .libcrypto, 0),
        row("aes-gcm", .aead(.gcm), .ipsecMB, 0),
        row("aes-gcm-part", .gcmParts, .ipsecMB, 256),
        row("gmac", .gmac, .ipsecMB, 0),
        row("ghash", .ghash, .ipsecMB, 128),
    ]

    /// Without a unit for company, what one job gets is as good as it gets.
    private static func row(
        _ name: StaticString, _ subject: UnitSubject, _ alone: UnitName, _ aloneFrom: Int,
        _ together: UnitName? = nil, _ togetherFrom: Int = UnitPlanRow.never
    ) -> UnitPlanRow {
        UnitPlanRow(
            name: name, subject: subject, alone: alone, aloneFrom: aloneFrom, together: together ?? alone,
            togetherFrom: togetherFrom)
    }
}

extension UnitSubject {
    /// Its operations.
    var operations: [SecOperation] {
        switch self {
        case .cipher(let family, let mode, let encrypt):
            var all: [SecOperation] = []
            for byteCount in stride(from: 8, through: 64, by: 8) {
                let kind = CipherKind(family, mode, keyByteCount: byteCount)
                if encrypt != false { all.append(.cipher(kind, encrypt: true)) }
                if encrypt != true { all.append(.cipher(kind, encrypt: false)) }
            }
            return all
        case .digests(let first, let last): return Self.algorithms(first, last).map { .digest($0) }
        case .hmacs(let first, let last): return Self.algorithms(first, last).map { .hmac($0) }
        case .aead(let mode):
            return keys.map { .aead(mode, keyByteCount: $0, encrypt: true) }
                + keys.map { .aead(mode, keyByteCount: $0, encrypt: false) }
        case .gcmParts:
            return keys.map { .gcmPart(keyByteCount: $0, encrypt: true) }
                + keys.map { .gcmPart(keyByteCount: $0, encrypt: false) }
        case .ghash: return keys.map { .ghash(keyByteCount: $0) }
        case .gmac: return keys.map { .gmac(keyByteCount: $0) }
        case .cmac: return [.blockMAC(.cmac)]
        }
    }

    private static func algorithms(_ first: DigestAlgorithm, _ last: DigestAlgorithm) -> [DigestAlgorithm] {
        DigestAlgorithm.allCases.filter { $0.rawValue >= first.rawValue && $0.rawValue <= last.rawValue }
    }

    /// AES.
    private var keys: [Int] { [16, 24, 32] }
}
