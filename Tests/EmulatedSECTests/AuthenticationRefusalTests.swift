// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import SoftwareCrypto
import Testing

/// MAC and AEAD descriptors that ask for what cannot be: done, with an error, and nothing written.
@Suite struct AuthenticationRefusalTests {
    /// Descriptors that are right, with all their memory in one arena.
    struct Ground<Descriptor: SecDescriptor> {
        let arena: Arena
        let hmac: Descriptor
        let cmac: Descriptor
        let gmac: Descriptor
        let gcm: Descriptor
        let ccm: Descriptor
        let cbc: Descriptor
        let ghash: Descriptor
        let middle: Descriptor

        init() {
            var generator = SeededGenerator(seed: 110)
            let arena = Arena(byteCount: 16384)
            self.arena = arena
            let key = arena.piece(generator.bytes(32))
            let data = arena.piece(generator.bytes(64))
            let mac = arena.piece(64)
            func authentication(_ code: SecAuthAlgorithm, macByteCount: Int) -> Descriptor {
                MACDescriptorTests.descriptor(
                    Descriptor.self, code, key: Piece(start: key.start, count: 16), message: data,
                    mac: Piece(start: mac.start, count: macByteCount))
            }
            hmac = authentication(.hmacSHA256, macByteCount: 32)
            cmac = authentication(.aesCMAC, macByteCount: 16)
            var gmac = authentication(.aesGMAC, macByteCount: 16)
            gmac.scene = .ipsec
            gmac.authStart = .storedState
            gmac.authStateAddress = data.address
            self.gmac = gmac
            var ghash = authentication(.aesGMAC, macByteCount: 16)
            ghash.scene = .stream
            ghash.authPadding = .noPad
            self.ghash = ghash
            var middle = Descriptor.cipher(.encrypt, .aes, .gcm, keyCode: 0)
            middle.scene = .stream
            middle.authStart = .storedState
            middle.authPadding = .noPad
            middle.authStateAddress = mac.address
            middle.macAddress = mac.address
            middle.cipherKeyAddress = key.address
            middle.cipherIVAddress = key.address
            middle.sourceAddress = data.address
            middle.destinationAddress = data.address
            middle.cipherByteCount = 64
            self.middle = middle
            func request(_ scheme: AEADRequest<Descriptor>.Scheme) -> Descriptor {
                var request = AEADRequest<Descriptor>(scheme, largest: 64, using: &generator)
                request.key = generator.bytes(16)
                request.additional = generator.bytes(20)
                request.plain = generator.bytes(64)
                request.tag = generator.bytes(8)
                return request.place(arena, encrypt: true, using: &generator).descriptor
            }
            gcm = request(.gcm)
            ccm = request(.ccm)
            cbc = request(.cbc(.aes, .sha256))
        }

        func expect(
            _ error: SecErrorType, _ start: Descriptor, _ comment: Comment? = nil,
            sourceLocation: SourceLocation = #_sourceLocation, _ change: (inout Descriptor) -> Void
        ) {
            var descriptor = start
            change(&descriptor)
            let before = arena.contents
            #expect(SecWorkbench<Descriptor>().run(descriptor) == error, comment, sourceLocation: sourceLocation)
            #expect(arena.contents == before, "written to", sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: SecVersion.allCases)
    func macs(_ version: SecVersion) {
        macs(version.descriptor)
    }

    private func macs<Descriptor: SecDescriptor>(_: Descriptor.Type) {
        let ground = Ground<Descriptor>()
        let bench = SecWorkbench<Descriptor>()
        for good in [ground.hmac, ground.cmac, ground.gmac, ground.ghash] {
            #expect(bench.run(good) == SecErrorType.none)
            ground.expect(.mode, good) { $0.auth = .verify }
            ground.expect(.dataLength, good) { $0.authByteCount = 0xfffe01 }
            for address: UInt64 in [0, 64, .max, .max - 15, 1 << 63] {
                ground.expect(.address, good) { $0.authKeyAddress = address }
                ground.expect(.address, good) { $0.sourceAddress = address }
                ground.expect(.address, good) { $0.macAddress = address }
            }
            ground.expect(.keyLength, good) { $0.authKeyWordCount = 0 }
            ground.expect(.mode, good) { $0.authStart = .computed }
        }
        for words: UInt8 in [17, 32, 63] { ground.expect(.keyLength, ground.hmac) { $0.authKeyWordCount = words } }
        for words: UInt8 in [1, 3, 5, 6, 8, 63] {
            ground.expect(.keyLength, ground.cmac) { $0.authKeyWordCount = words }
        }
        for words: UInt8 in [1, 3, 5, 7, 9, 63] {
            ground.expect(.keyLength, ground.gmac) { $0.authKeyWordCount = words }
            ground.expect(.keyLength, ground.ghash) { $0.authKeyWordCount = words }
        }
        for words: UInt8 in [0, 9, 31] { ground.expect(.macLength, ground.hmac) { $0.macWordCount = words } }
        for words: UInt8 in [0, 5, 31] {
            ground.expect(.macLength, ground.cmac) { $0.macWordCount = words }
            ground.expect(.macLength, ground.gmac) { $0.macWordCount = words }
            ground.expect(.macLength, ground.ghash) { $0.macWordCount = words }
        }
        for words: UInt8 in [1, 9] {
            ground.expect(.macLength, ground.hmac, "a state is whole") {
                $0.authPadding = .noPad; $0.macWordCount = words
            }
        }
        ground.expect(.dataLength, ground.hmac) {
            $0.authPadding = .noPad; $0.authByteCount = 63
        }
        ground.expect(.mode, ground.cmac, "CMAC goes in one piece") { $0.authPadding = .noPad }
        ground.expect(.mode, ground.cmac) { $0.authStart = .storedState }
        ground.expect(.address, ground.gmac) { $0.authStateAddress = 0 }
        ground.expect(.mode, ground.gmac) { $0.authStart = .initialValue }
        ground.expect(.mode, ground.ghash) { $0.authPadding = .pad }
        ground.expect(.mode, ground.ghash) { $0.scene = .ipsec }
        ground.expect(.dataLength, ground.ghash) { $0.authByteCount = 0 }
    }

    @Test(arguments: SecVersion.allCases)
    func aeads(_ version: SecVersion) {
        aeads(version.descriptor)
    }

    private func aeads<Descriptor: SecDescriptor>(_: Descriptor.Type) {
        let ground = Ground<Descriptor>()
        let isVersion2 = Descriptor.typeCode == 2
        let bench = SecWorkbench<Descriptor>()
        for good in [ground.gcm, ground.ccm] {
            #expect(bench.run(good) == SecErrorType.none)
            for count: UInt8 in [0, 1, 3, 17, 63] { ground.expect(.macLength, good) { $0.icvByteCount = count } }
            for code: UInt8 in 3...7 { ground.expect(.keyLength, good) { $0.cipherKeyCode = code } }
            if isVersion2 {
                ground.expect(.algorithm, good) { $0.cipherAlgorithm = .sm4 }
            } else {
                for code: UInt8 in 1...7 {
                    ground.expect(.keyLength, good) {
                        $0.cipherAlgorithm = .sm4; $0.cipherKeyCode = code
                    }
                }
                ground.expect(good.cipherMode == .gcm ? .unsupported : .mode, good, "SM4 in a stream") {
                    $0.cipherAlgorithm = .sm4; $0.cipherKeyCode = 0; $0.scene = .stream
                }
            }
            ground.expect(.algorithm, good) { $0.cipherAlgorithm = .tripleDES }
            ground.expect(.dataLength, good) { $0.cipherByteCount = 0xfffe01 }
            ground.expect(.dataLength, good, "both together are too long") {
                $0.cipherByteCount = 0xfffe00; $0.authByteCount = 20
            }
            ground.expect(.dataLength, good, "additional data and data are apart") { $0.cipherSourceOffset += 1 }
            ground.expect(.dataLength, good) { $0.authSourceOffset = 1 }
            ground.expect(.dataLength, good, "nothing at all") {
                $0.cipherByteCount = 0; $0.authByteCount = 0; $0.cipherSourceOffset = 0
            }
            if isVersion2 { ground.expect(.dataLength, good) { $0.cipherByteCount = 0 } }
        }
        ground.expect(.mode, ground.ccm) { $0.scene = .stream }
        ground.expect(.macLength, ground.ccm, "CCM's tags are even") { $0.icvByteCount = 7 }
        ground.expect(.dataLength, ground.ccm) { $0.authByteCount = 65280 }

        #expect(bench.run(ground.cbc) == SecErrorType.none)
        ground.expect(.unsupported, ground.cbc) { $0.authenticatesFirst = true }
        ground.expect(.unsupported, ground.cbc) { $0.auth = .verify }
        ground.expect(.unsupported, ground.cbc) {
            $0.cipher = .decrypt; $0.auth = .verify
        }
        ground.expect(.mode, ground.cbc) { $0.scene = .stream }
        ground.expect(.mode, ground.cbc) { $0.authStart = .storedState }
        for mode: SecCipherMode in [.ecb, .gcm, .ccm, .xts] {
            ground.expect(.mode, ground.cbc) {
                $0.cipherMode = mode; $0.cipherKeyCode = 0
            }
        }
        for code: SecAuthAlgorithm in [.sha256, .hmacMD5, .hmacSHA384, .aesCMAC, .aesGMAC] {
            ground.expect(.algorithm, ground.cbc) { $0.authAlgorithm = code }
        }
        if isVersion2 {
            ground.expect(.algorithm, ground.cbc) { $0.authAlgorithm = .hmacSM3 }
            ground.expect(.algorithm, ground.cbc) {
                $0.cipherAlgorithm = .sm4; $0.cipherKeyCode = 0
            }
        }
        ground.expect(.algorithm, ground.cbc) {
            $0.cipherAlgorithm = .des
        }
        for count: UInt32 in [0, 15, 63, 65] {
            ground.expect(.dataLength, ground.cbc) { $0.cipherByteCount = count }
        }
        ground.expect(.dataLength, ground.cbc) { $0.authByteCount = 48 }
        ground.expect(.dataLength, ground.cbc) { $0.authByteCount = 0xfffe01 }
        for words: UInt8 in [0, 9] { ground.expect(.macLength, ground.cbc) { $0.macWordCount = words } }
        for words: UInt8 in [0, 17] { ground.expect(.keyLength, ground.cbc) { $0.authKeyWordCount = words } }

        for address: UInt64 in [0, 64, .max, .max - 15, 1 << 63] {
            for good in [ground.gcm, ground.ccm, ground.cbc] {
                ground.expect(.address, good) { $0.sourceAddress = address }
                ground.expect(.address, good) { $0.destinationAddress = address }
                ground.expect(.address, good) { $0.cipherKeyAddress = address }
                ground.expect(.address, good) { $0.cipherIVAddress = address }
                ground.expect(.address, good) { $0.macAddress = address }
            }
            ground.expect(.address, ground.ccm) { $0.authStateAddress = address }
            ground.expect(.address, ground.cbc) { $0.authKeyAddress = address }
        }
    }

    /// What CCM's two blocks say must fit each other and the descriptor.
    @Test(arguments: SecVersion.allCases)
    func ccmBlocks(_ version: SecVersion) {
        ccmBlocks(version.descriptor)
    }

    private func ccmBlocks<Descriptor: SecDescriptor>(_: Descriptor.Type) {
        let ground = Ground<Descriptor>()
        let bench = SecWorkbench<Descriptor>()
        for address in [ground.ccm.cipherIVAddress, ground.ccm.authStateAddress] {
            let block = Piece(start: UnsafeMutableRawPointer(bitPattern: UInt(address))!, count: 16)
            for bit in 0..<128 {
                block.bytes[bit / 8] ^= 1 << (bit % 8)
                #expect(bench.run(ground.ccm) == .mode, "bit \(bit)")
                block.bytes[bit / 8] ^= 1 << (bit % 8)
            }
        }
        #expect(bench.run(ground.ccm) == SecErrorType.none)
        ground.expect(.mode, ground.ccm, "another length of tag") { $0.icvByteCount = 10 }
        ground.expect(.mode, ground.ccm, "another length") { $0.cipherByteCount = 63 }
    }

    @Test(arguments: SecVersion.allCases)
    func gcmParts(_ version: SecVersion) {
        gcmParts(version.descriptor)
    }

    private func gcmParts<Descriptor: SecDescriptor>(_: Descriptor.Type) {
        let ground = Ground<Descriptor>()
        let middle = ground.middle
        for length: UInt32 in [0, 1, 15, 17, 63, 0xfffe10] {
            ground.expect(.dataLength, middle) { $0.cipherByteCount = length }
        }
        ground.expect(.dataLength, middle) { $0.authByteCount = 16 }
        ground.expect(.unsupported, middle, "an end is for api v5") { $0.authPadding = .pad }
        for start: SecAuthStart in [.initialValue, .computed, .random] {
            ground.expect(.mode, middle) { $0.authStart = start }
        }
        for code: UInt8 in 3...7 { ground.expect(.keyLength, middle) { $0.cipherKeyCode = code } }
        for address: UInt64 in [0, 64, .max, .max - 15, 1 << 63] {
            ground.expect(.address, middle) { $0.sourceAddress = address }
            ground.expect(.address, middle) { $0.destinationAddress = address }
            ground.expect(.address, middle) { $0.cipherKeyAddress = address }
            ground.expect(.address, middle) { $0.cipherIVAddress = address }
            ground.expect(.address, middle) { $0.authStateAddress = address }
            ground.expect(.address, middle) { $0.macAddress = address }
        }
        #expect(SecWorkbench<Descriptor>().run(middle) == SecErrorType.none)
    }
}
