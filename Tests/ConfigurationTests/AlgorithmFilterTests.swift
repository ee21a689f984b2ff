// SPDX-License-Identifier: Apache-2.0

import Configuration
import Testing

@Suite struct AlgorithmFilterTests {
    private let names = ["SHA2-256:SHA-256:SHA256:2.16.840.1.101.3.4.2.1", "MD5:SSL3-MD5", "AES-128-CTR", "SM3"]

    private func allowed(_ filter: AlgorithmFilter) -> [Bool] { names.map(filter.allows) }

    @Test(arguments: [
        ("ALL", [true, true, true, true]),
        ("all", [true, true, true, true]),
        ("SHA256", [true, false, false, false]),
        ("sha-256, sm3", [true, false, false, true]),
        ("2.16.840.1.101.3.4.2.1", [true, false, false, false]),
        ("ALL,-MD5", [true, false, true, true]),
        ("ALL -md5 -AES-128-CTR", [true, false, false, true]),
        ("-MD5", [false, false, false, false]),
        // Later words win.
        ("-MD5,ALL", [true, true, true, true]),
        ("ALL,-ALL,SM3", [false, false, false, true]),
        ("MD5,-MD5,MD5", [false, true, false, false]),
        // Whole names only.
        ("SHA2", [false, false, false, false]),
        ("AES-128", [false, false, false, false]),
        (" , SM3 ,, ", [false, false, false, true]),
    ]) func words(text: String, expected: [Bool]) throws {
        let filter = try #require(AlgorithmFilter(text))
        #expect(allowed(filter) == expected)
        #expect(filter.text == text)
    }

    @Test(arguments: ["", " ", ",", " , ,", "-", "ALL,-", "ALL, - MD5"]) func noWords(text: String) {
        #expect(AlgorithmFilter(text) == nil)
    }

    @Test func everythingByDefault() {
        #expect(allowed(AlgorithmFilter()) == [true, true, true, true])
        #expect(AlgorithmFilter().text == "ALL")
    }

    @Test func unknownWords() throws {
        #expect(try #require(AlgorithmFilter("ALL,-md5,sha256")).unknownWords(among: names).isEmpty)
        #expect(
            try #require(AlgorithmFilter("SHA257, -MD6, SM3, SSL3-MD5")).unknownWords(among: names) == [
                "SHA257", "-MD6",
            ])
    }
}
