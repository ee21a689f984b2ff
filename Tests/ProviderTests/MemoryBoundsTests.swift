// SPDX-License-Identifier: Apache-2.0

import Testing

/// Not one byte is read or written outside what the caller gave: every length up to 300 and some up to 16 KiB, against
/// pages that end the process when touched.
@Suite struct MemoryBoundsTests {
    static let names = DigestAlgorithm.all.map(\.name) + CipherAlgorithm.all.map(\.name)

    @Test(arguments: names)
    func neitherReadsNorWritesBeyond(_ name: String) throws {
        let result = try ProviderProgram.guardedMemory.run(
            [try ProviderModule.requireFolder(), name],
            environment: ["UACCE_BACKEND": "emulator", "UACCE_FALLBACK": "off"])
        #expect(result.status == 0, "\(result.errors)")
    }

    /// The same where the CPU does the work.
    @Test(arguments: names)
    func norDoesTheProcessor(_ name: String) throws {
        let result = try ProviderProgram.guardedMemory.run(
            [try ProviderModule.requireFolder(), name], environment: ["UACCE_MIN_OFFLOAD": "1000000"])
        #expect(result.status == 0, "\(result.errors)")
    }
}
