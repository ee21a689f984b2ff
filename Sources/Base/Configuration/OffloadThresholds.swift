// SPDX-License-Identifier: Apache-2.0

import PlainText

/// Algorithms that break even at about the same size.
public enum AlgorithmClass: Int, CaseIterable, Sendable {
    case md5, sha1, sha2, sm3, aes, aesECB, aesCBC, aesCTR, aesXTS, aesGCM, sm4, des

    /// As the key `min_offload` says it.
    public var name: String {
        switch self {
        case .md5: "md5"
        case .sha1: "sha1"
        case .sha2: "sha2"
        case .sm3: "sm3"
        case .aes: "aes"
        case .aesECB: "aes-ecb"
        case .aesCBC: "aes-cbc"
        case .aesCTR: "aes-ctr"
        case .aesXTS: "aes-xts"
        case .aesGCM: "aes-gcm"
        case .sm4: "sm4"
        case .des: "des"
        }
    }
}

extension AlgorithmClass {
    /// Bytes from which on a request gains more by the company of other threads' than it costs to wait for them; nil: at no
    /// size. Measured with 8 and 32 threads on two processors, see Docs/performance.md.
    public var leastCompanyByteCount: Int? {
        switch self {
        case .md5, .sha1, .sha2: nil
        case .sm3: 2048
        case .aes, .aesECB, .aesCBC, .aesCTR, .aesXTS, .aesGCM: 8192
        case .sm4, .des: 2048
        }
    }
}

/// Bytes below which a request stays on the CPU, for each class: the value of the keys `min_offload` and
/// `min_offload_async`.
///
/// `512` sets all classes, `512, sm4:64` all but one; `aes:256` sets `aes-ctr` and its like as well.
public struct OffloadThresholds: Equatable, Sendable {
    private var byteCounts: [Int]

    static let syntax =
        "bytes, then class:bytes for md5 sha1 sha2 sm3 aes aes-ecb aes-cbc aes-ctr aes-xts aes-gcm sm4 des"

    /// What pays on a machine with AVX-512 and VAES, whose emulated device works on the caller's thread: see
    /// Docs/performance.md for the figures. AES: a page, less the block that a decryption with padding holds back.
    public static let measured = "2048, aes:4080, sm3:512, sm4:64"
    /// The same in jobs, for what gains by company.
    public static let measuredInJobs = "768, sm3:256, sm4:64, des:64"

    /// Everything goes to the device.
    public init() {
        byteCounts = Array(repeating: 0, count: AlgorithmClass.allCases.count)
    }

    /// nil where `text` holds anything but byte counts (0 to 2^30) and known classes.
    public init?(_ text: String) {
        self.init()
        let words = text.pieces(separatedBy: ", ")
        if words.isEmpty { return nil }
        for word in words {
            let parts = word.pieces(separatedBy: ":", keepsEmpty: true)
            guard let byteCount = Int(parts[parts.count - 1]), byteCount >= 0, byteCount <= 1 << 30 else { return nil }
            if parts.count == 1 {
                for index in byteCounts.indices { byteCounts[index] = byteCount }
            } else {
                guard parts.count == 2, let index = AlgorithmClass.allCases.firstIndex(where: { $0.name == parts[0] })
                else { return nil }
                byteCounts[index] = byteCount
                guard AlgorithmClass.allCases[index] == .aes else { continue }
                for mode: AlgorithmClass in [.aesECB, .aesCBC, .aesCTR, .aesXTS, .aesGCM] {
                    byteCounts[mode.rawValue] = byteCount
                }
            }
        }
    }

    public subscript(algorithmClass: AlgorithmClass) -> Int {
        byteCounts[algorithmClass.rawValue]
    }
}
