// SPDX-License-Identifier: Apache-2.0

import Testing

/// Data without a key is refused by update and by EVP_Cipher, in every mode. In a process of its own, because where
/// this goes wrong (as in the default provider, for CTS and for EVP_Cipher) it goes wrong by a crash.
@Suite struct KeylessTests {
    @Test(arguments: CipherAlgorithm.all)
    func everythingIsRefused(_ algorithm: CipherAlgorithm) throws {
        let result = try ProviderProgram.keyless.run([try ProviderModule.requireFolder(), algorithm.name])
        #expect(result.status == 0, "\(result.errors)")
    }
}
