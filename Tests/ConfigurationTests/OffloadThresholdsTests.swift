// SPDX-License-Identifier: Apache-2.0

import Configuration
import Testing

@Suite struct OffloadThresholdsTests {
    private func values(_ thresholds: OffloadThresholds) -> [Int] {
        AlgorithmClass.allCases.map { thresholds[$0] }
    }

    /// In the order md5 sha1 sha2 sm3, aes and its ecb cbc ctr xts gcm, sm4 des.
    @Test(arguments: [
        ("0", Array(repeating: 0, count: 12)),
        ("512", Array(repeating: 512, count: 12)),
        ("512, sm4:64", Array(repeating: 512, count: 10) + [64, 512]),
        ("md5:1 sha1:2 sha2:3 sm3:4 aes:5 sm4:6 des:7", [1, 2, 3, 4, 5, 5, 5, 5, 5, 5, 6, 7]),
        // Later words win.
        ("aes:5,9", Array(repeating: 9, count: 12)),
        ("aes:5,aes:6", [0, 0, 0, 0, 6, 6, 6, 6, 6, 6, 0, 0]),
        ("aes:5, aes-gcm:7 aes-ecb:1", [0, 0, 0, 0, 5, 1, 5, 5, 5, 7, 0, 0]),
        ("1073741824", Array(repeating: 1 << 30, count: 12)),
    ]) func words(text: String, expected: [Int]) throws {
        #expect(values(try #require(OffloadThresholds(text))) == expected)
    }

    @Test(arguments: [
        "", " ", ",", "x", "-1", "512k", "1073741825", "99999999999999999999", "rsa:1", "aes", "aes:", ":1", "aes:1:2",
        "AES:1", "aes:-1", "512;sm4:64", "0x10",
    ]) func refused(text: String) {
        #expect(OffloadThresholds(text) == nil)
    }

    @Test func nothingSaidIsEverything() {
        #expect(values(OffloadThresholds()).allSatisfy { $0 == 0 })
    }

    /// The defaults are thresholds, and small requests are below all of them.
    @Test func defaults() throws {
        let configuration = Configuration()
        #expect(configuration.minimumOffload == OffloadThresholds(OffloadThresholds.measured))
        #expect(configuration.minimumOffloadInJobs == OffloadThresholds(OffloadThresholds.measuredInJobs))
        #expect(values(configuration.minimumOffload).allSatisfy { $0 >= 64 })
    }

    @Test func namesOfClassesAreDistinct() {
        #expect(Set(AlgorithmClass.allCases.map(\.name)).count == AlgorithmClass.allCases.count)
    }
}
