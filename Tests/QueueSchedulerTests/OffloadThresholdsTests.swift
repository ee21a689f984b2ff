// SPDX-License-Identifier: Apache-2.0

import QueueScheduler
import Testing

@Suite struct OffloadThresholdsTests {
    private func values(_ thresholds: OffloadThresholds) -> [Int] {
        AlgorithmClass.allCases.map { thresholds[$0] }
    }

    /// In the order md5 sha1 sha2 sm3 aes sm4 des.
    @Test(arguments: [
        ("0", [0, 0, 0, 0, 0, 0, 0]),
        ("512", [512, 512, 512, 512, 512, 512, 512]),
        ("512, sm4:64", [512, 512, 512, 512, 512, 64, 512]),
        ("md5:1 sha1:2 sha2:3 sm3:4 aes:5 sm4:6 des:7", [1, 2, 3, 4, 5, 6, 7]),
        // Later words win.
        ("aes:5,9", [9, 9, 9, 9, 9, 9, 9]),
        ("aes:5,aes:6", [0, 0, 0, 0, 6, 0, 0]),
        ("1073741824", Array(repeating: 1 << 30, count: 7)),
    ]) func words(text: String, expected: [Int]) throws {
        #expect(values(try #require(OffloadThresholds(text))) == expected)
    }

    @Test(arguments: [
        "", " ", ",", "x", "-1", "512k", "1073741825", "99999999999999999999", "rsa:1", "aes", "aes:", ":1", "aes:1:2",
        "AES:1", "aes:-1", "512;sm4:64", "0x10",
    ]) func refused(text: String) {
        #expect(OffloadThresholds(text) == nil)
    }

    @Test func everythingGoesToTheDeviceByDefault() {
        #expect(values(OffloadThresholds()) == [0, 0, 0, 0, 0, 0, 0])
    }

    @Test func namesOfClassesAreDistinct() {
        #expect(Set(AlgorithmClass.allCases.map(\.name)).count == AlgorithmClass.allCases.count)
    }
}
