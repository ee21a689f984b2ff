// SPDX-License-Identifier: Apache-2.0

import CUacce
import EmulatedQM
import EmulatedSEC
import HisiliconABI
import Testing

/// Descriptors that ask for what cannot be: done, with an error, and nothing written.
@Suite struct RefusalTests {
    /// A descriptor that is right, with all its memory in one arena.
    struct Ground<Descriptor: SecDescriptor> {
        let arena = Arena(byteCount: 16384)
        var cipher: Descriptor
        var digest: Descriptor

        init() {
            let data = arena.piece([UInt8](repeating: 1, count: 4096))
            let target = arena.piece(4096)
            cipher = Descriptor.cipher(.encrypt, .aes, .cbc, keyCode: 0)
            cipher.cipherKeyAddress = arena.piece((0..<64).map { UInt8($0) }).address
            cipher.cipherIVAddress = arena.piece([UInt8](repeating: 3, count: 16)).address
            cipher.sourceAddress = data.address
            cipher.destinationAddress = target.address
            cipher.cipherByteCount = 64
            digest = Descriptor.digest(.sha256)
            digest.sourceAddress = data.address
            digest.authByteCount = 64
            digest.macAddress = target.address
            digest.macWordCount = 8
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
    func bothVersions(_ version: SecVersion) {
        bothVersions(version.descriptor)
    }

    private func bothVersions<Descriptor: SecDescriptor>(_: Descriptor.Type) {
        let ground = Ground<Descriptor>()
        let cipher = ground.cipher
        let digest = ground.digest
        let bench = SecWorkbench<Descriptor>()
        #expect(bench.run(cipher) == SecErrorType.none)
        #expect(bench.run(digest) == SecErrorType.none)

        ground.expect(.mode, cipher) { $0.cipher = SecCipherOperation.none }
        ground.expect(.mode, cipher) { $0.cipher = .copy }
        ground.expect(.mode, digest) { $0.auth = .verify }
        ground.expect(.unsupported, cipher) { $0.auth = .verify }
        ground.expect(.algorithm, cipher, "a digest that is no HMAC") { $0.auth = .compute }

        for code: UInt8 in 3...7 { ground.expect(.keyLength, cipher) { $0.cipherKeyCode = code } }
        ground.expect(.keyLength, cipher) {
            $0.cipherMode = .xts; $0.cipherKeyCode = 1
        }
        for code: UInt8 in [0, 2, 4] {
            ground.expect(.keyLength, cipher) {
                $0.cipherAlgorithm = .tripleDES; $0.cipherKeyCode = code
            }
        }
        ground.expect(.keyLength, cipher) {
            $0.cipherAlgorithm = .sm4; $0.cipherKeyCode = 1
        }
        ground.expect(.mode, cipher) {
            $0.cipherMode = .xts; $0.cipherAlgorithm = .des
        }

        for length: UInt32 in [0, 1, 15, 17, 0xfffe10, 0xffffff] {
            ground.expect(.dataLength, cipher) { $0.cipherByteCount = length }
        }
        ground.expect(.dataLength, cipher) {
            $0.cipherMode = .ecb; $0.cipherByteCount = 8
        }
        ground.expect(.dataLength, cipher) {
            $0.cipherAlgorithm = .des; $0.cipherByteCount = 12
        }
        ground.expect(.dataLength, cipher) {
            $0.cipherMode = .xts; $0.cipherByteCount = 15
        }
        ground.expect(.dataLength, digest) { $0.authByteCount = 0xfffe01 }
        ground.expect(.dataLength, digest) {
            $0.authPadding = .noPad; $0.authByteCount = 63; $0.macWordCount = 0
        }
        ground.expect(.dataLength, digest) {
            $0.authPadding = .noPad; $0.authByteCount = 0; $0.macWordCount = 0
        }

        for words: UInt8 in [0, 9, 31] { ground.expect(.macLength, digest) { $0.macWordCount = words } }
        for words: UInt8 in [1, 7, 9] {
            ground.expect(.macLength, digest) {
                $0.authPadding = .noPad; $0.macWordCount = words
            }
        }
        ground.expect(.macLength, digest, "a state is longer than its digest") {
            $0.authAlgorithm = .sha224
            $0.authPadding = .noPad
            $0.macWordCount = 7
        }
        ground.expect(.mode, digest) { $0.authStart = .computed }
        ground.expect(.mode, digest) { $0.authStart = .random }

        for address: UInt64 in [0, 64, .max, .max - 63, 1 << 63] {
            ground.expect(.address, cipher) { $0.sourceAddress = address }
            ground.expect(.address, cipher) { $0.destinationAddress = address }
            ground.expect(.address, cipher) { $0.cipherKeyAddress = address }
            ground.expect(.address, cipher) { $0.cipherIVAddress = address }
            ground.expect(.address, digest) { $0.sourceAddress = address }
            ground.expect(.address, digest) { $0.macAddress = address }
            ground.expect(.address, digest) {
                $0.authStart = .storedState
                $0.authPadding = .noPad
                $0.macWordCount = 0
                $0.authStateAddress = address
            }
        }
        ground.expect(.address, cipher, "the offset leads around the end of memory") {
            $0.sourceAddress = .max - 15
            $0.cipherSourceOffset = 0xffff
        }
    }

    @Test func typeCodes() {
        var bytes = [UInt8](repeating: 0, count: 128)
        for type: UInt8 in 0...15 {
            bytes[0] = type
            for (expected, error) in [
                (SecBD2.typeCode, complete(bytes, .v2)), (SecBD3.typeCode, complete(bytes, .v3)),
            ] {
                if type == expected {
                    #expect(error != .descriptorType)
                } else {
                    #expect(error == .descriptorType)
                }
            }
        }
    }

    private func complete(_ bytes: [UInt8], _ version: QueueManagementVersion) -> SecErrorType? {
        let queue = SecBlock().makeQueue(type: 0, version: version, addresses: .trusting)
        let slot = UnsafeMutableRawPointer.allocate(byteCount: 128, alignment: 8)
        defer { slot.deallocate() }
        slot.copyMemory(from: bytes, byteCount: 128)
        var entry = slot
        _ = queue.execute(DescriptorBatch(entries: &entry, count: 1))
        #expect(slot.load(fromByteOffset: 112, as: UInt8.self) & 1 == 1)
        return SecErrorType(rawValue: slot.load(fromByteOffset: 114, as: UInt8.self))
    }

    @Test func onlyVersion3() {
        let v2 = Ground<SecBD2>()
        let v3 = Ground<SecBD3>()
        for mode in [SecCipherMode.ctr, .ofb, .cfb] {
            v2.expect(.mode, v2.cipher) {
                $0.cipherMode = mode; $0.cipherByteCount = 64
            }
        }
        v2.expect(.mode, v2.cipher) {
            $0.cipherMode = .cbcCiphertextStealing; $0.cipherWidth = 1
        }
        v3.expect(.mode, v3.cipher, "a counter of 32 bits") {
            $0.cipherMode = .ctr; $0.counterMode = 0
        }
        v3.expect(.mode, v3.cipher) {
            $0.cipherMode = .ctr; $0.counterMode = 2; $0.cipherAlgorithm = .des
        }
        for width: UInt8 in [0, 4, 7] {
            v3.expect(.mode, v3.cipher) {
                $0.cipherMode = .cbcCiphertextStealing; $0.cipherWidth = width
            }
        }
        v3.expect(.mode, v3.cipher) {
            $0.cipherMode = .cbcCiphertextStealing
            $0.cipherWidth = 1
            $0.cipherAlgorithm = .tripleDES
            $0.cipherKeyCode = 1
        }
        for length: UInt32 in [0, 15, 16] {
            v3.expect(.dataLength, v3.cipher) {
                $0.cipherMode = .cbcCiphertextStealing
                $0.cipherWidth = 2
                $0.cipherByteCount = length
            }
        }
        v3.expect(.mode, v3.digest, "fields of long messages are elsewhere") { $0.scene = .ipsec }
    }

    /// Codes that no enumeration knows, where they lie in a BD3: bit offset, bit count.
    @Test func unknownCodes() {
        let v3 = Ground<SecBD3>()
        for code: UInt32 in 4...15 { v3.expect(.algorithm, v3.cipher) { set(52, 4, code, in: &$0) } }
        for code: UInt32 in [8, 10, 15] { v3.expect(.mode, v3.cipher) { set(48, 4, code, in: &$0) } }
        for code: UInt32 in [8, 0x18, 0x23, 0x27, 0x3f] {
            v3.expect(.algorithm, v3.digest) { set(56 * 8 + 15, 6, code, in: &$0) }
        }
        for code: UInt32 in 2...3 { v3.expect(.mode, v3.digest) { set(108 * 8, 2, code, in: &$0) } }
        v3.expect(.mode, v3.cipher) { set(56 * 8, 2, 3, in: &$0) }
    }

    private func set(_ bitOffset: Int, _ bitCount: Int, _ value: UInt32, in descriptor: inout SecBD3) {
        withUnsafeMutableBytes(of: &descriptor) {
            let offset = bitOffset / 32 * 4
            let shift = bitOffset % 32
            let mask = (1 << bitCount - 1) << shift as UInt32
            let word = $0.load(fromByteOffset: offset, as: UInt32.self)
            $0.storeBytes(of: word & ~mask | value << shift, toByteOffset: offset, as: UInt32.self)
        }
    }

    @Test(arguments: SecVersion.allCases)
    func invalidBit(_ version: SecVersion) {
        invalidBit(version.descriptor)
    }

    private func invalidBit<Descriptor: SecDescriptor>(_: Descriptor.Type) {
        let ground = Ground<Descriptor>()
        ground.expect(.none, ground.cipher) { $0.isInvalid = true }
        ground.expect(.none, ground.digest) { $0.isInvalid = true }
        ground.expect(.none, Descriptor()) { $0.isInvalid = true }
    }

    /// The tag comes back, nothing else changes but the result, and the account is right.
    @Test func completion() {
        let ground = Ground<SecBD3>()
        var good = ground.cipher
        good.tag = 0x1234_5678_9abc_def0
        var bad = ground.cipher
        bad.cipherByteCount = 5
        withUnsafeMutableBytes(of: &bad) { $0[112] = 0xfe }  // Stale: all but done.
        let (completed, result) = SecWorkbench<SecBD3>().execute([good, bad, ground.digest, good])
        #expect(result.byteCount == 192 && result.errorCount == 1)
        #expect(completed[0].tag == good.tag)
        for (descriptor, error) in zip(completed, [.none, .dataLength, .none, .none] as [SecErrorType]) {
            let written = withUnsafeBytes(of: descriptor) { Array($0[112..<116]) }
            #expect(written == [1, 0, error.rawValue, 0])
        }
        var restored = completed[1]
        restored.result = bad.result
        #expect(withUnsafeBytes(of: restored) { Array($0) } == withUnsafeBytes(of: bad) { Array($0) })
    }

    @Test func injectedFailure() {
        let ground = Ground<SecBD3>()
        var slot = ground.cipher
        SecWorkbench<SecBD3>().queue.reject(&slot)
        #expect(withUnsafeBytes(of: slot) { Array($0[112..<116]) } == [1, 0, SecErrorType.injected.rawValue, 0])
    }

    @Test func blockDescribesItself() {
        let block = SecBlock()
        #expect(block.driverName == "hisi_sec2")
        #expect(block.entryByteCount == 128)
        #expect(block.defaultQueueCount == 256)
        #expect(block.algorithms(.v2) == ["cipher", "digest", "aead"])
        #expect(block.algorithms(.v3) == ["cipher", "digest", "aead"])
    }

    /// After a fault in a unit: all that was begun fails, and the queue holds no key any more.
    @Test func abandonedBatch() {
        let ground = Ground<SecBD3>()
        let bench = SecWorkbench<SecBD3>()
        #expect(bench.run([ground.cipher, ground.digest]) == [SecErrorType.none, SecErrorType.none])
        var slots = [ground.cipher, ground.digest]
        slots.withUnsafeMutableBufferPointer { slots in
            var entries = slots.indices.map { UnsafeMutableRawPointer(slots.baseAddress! + $0) }
            let result = entries.withUnsafeMutableBufferPointer {
                bench.queue.abandon(DescriptorBatch(entries: $0.baseAddress!, count: 2))
            }
            #expect(result.errorCount == 2 && result.faultIndex == 1 && result.byteCount == 0)
            for slot in slots {
                #expect(slot.result.done == 1 && slot.result.error_type == SecErrorType.translation.rawValue)
            }
        }
        // Empty, but whole.
        #expect(bench.run(ground.cipher) == SecErrorType.none)
    }
}
