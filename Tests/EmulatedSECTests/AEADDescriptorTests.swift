// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import SoftwareCrypto
import Testing

/// GCM, CCM, and CBC with HMAC, whole messages in one descriptor: published vectors, and random ones against EVP.
@Suite struct AEADDescriptorTests {
    static func schemes<Descriptor: SecDescriptor>(_: Descriptor.Type) -> [AEADRequest<Descriptor>.Scheme] {
        [.gcm, .gcm, .ccm, .ccm, .cbc(.aes, .sha1), .cbc(.aes, .sha256), .cbc(.aes, .sha512)]
            + (Descriptor.typeCode == 2 ? [] : [.cbc(.aes, .sm3), .cbc(.sm4, .sm3)])
    }

    static func knownAnswers<Descriptor: SecDescriptor>(_: Descriptor.Type) -> [AEADRequest<Descriptor>] {
        [
            // Test cases 2, 4 and 16 of the GCM submission.
            AEADRequest(
                .gcm, key: "00000000000000000000000000000000", iv: "000000000000000000000000", additional: "",
                plain: "00000000000000000000000000000000", secret: "0388dace60b6a392f328c2b971b2fe78",
                tag: "ab6e47d42cec13bdf53a67b21257bddf"),
            AEADRequest(
                .gcm, key: "feffe9928665731c6d6a8f9467308308", iv: "cafebabefacedbaddecaf888",
                additional: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
                plain: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                    + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
                secret: "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
                    + "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
                tag: "5bc94fbc3221a5db94fae95ae7121a47"),
            AEADRequest(
                .gcm, key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
                iv: "cafebabefacedbaddecaf888", additional: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
                plain: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                    + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
                secret: "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                    + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
                tag: "76fc6ece0f4e1768cddf8853bb2d551b"),
            // SP 800-38C example 1, RFC 3610 packet vector 1.
            AEADRequest(
                .ccm, key: "404142434445464748494a4b4c4d4e4f", iv: "10111213141516", additional: "0001020304050607",
                plain: "20212223", secret: "7162015b", tag: "4dac255d"),
            AEADRequest(
                .ccm, key: "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", iv: "00000003020100a0a1a2a3a4a5",
                additional: "0001020304050607", plain: "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e",
                secret: "588c979a61c663d2f066d0c2c0f989806d5f6b61dac384", tag: "17e8d12cfdf926e0"),
        ] + (Descriptor.typeCode == 2 ? [] : [national(.sm4GCM), national(.sm4CCM)])
    }

    /// RFC 8998, A.1 and A.2.
    static func national<Descriptor: SecDescriptor>(_ scheme: AEADRequest<Descriptor>.Scheme) -> AEADRequest<Descriptor>
    {
        AEADRequest(
            scheme, key: "0123456789abcdeffedcba9876543210", iv: "00001234567800000000abcd",
            additional: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            plain: "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
                + "eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa",
            secret: scheme == .sm4GCM
                ? "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
                    + "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
                : "48af93501fa62adbcd414cce6034d895dda1bf8f132f042098661572e7483094"
                    + "fd12e518ce062c98acee28d95df4416bed31a2f04476c18bb40c84a74b97dc5b",
            tag: scheme == .sm4GCM ? "83de3541e4c2b58177e065a9bf7b62ec" : "16842d4fa186f56ab33256971fa110f4")
    }

    /// A wrong tag over SM4: icv 2, and nothing of the plaintext.
    @Test func wrongTagsOfSM4() {
        var generator = SeededGenerator(seed: 95)
        let arena = Arena(byteCount: 16384)
        let bench = SecWorkbench<SecBD3>()
        for scheme: AEADRequest<SecBD3>.Scheme in [.sm4GCM, .sm4CCM] {
            let request = Self.national(scheme)
            for bit in [0, 77, 127] {
                arena.reset()
                let placed = request.place(arena, encrypt: false, using: &generator)
                placed.tag.bytes[bit / 8] ^= 1 << (bit % 8)
                let (completed, _) = bench.execute([placed.descriptor])
                #expect(completed[0].result.done == 1 && completed[0].result.icv == secTagMismatch)
                #expect(placed.output.dropFirst(request.additional.count).prefix(64).allSatisfy { $0 == 0 })
                #expect(placed.isFenced)
            }
        }
    }

    @Test(arguments: SecVersion.allCases)
    func knownAnswers(_ version: SecVersion) {
        knownAnswers(version.descriptor)
    }

    private func knownAnswers<Descriptor: SecDescriptor>(_: Descriptor.Type) {
        var generator = SeededGenerator(seed: 90)
        let arena = Arena(byteCount: 16384)
        let bench = SecWorkbench<Descriptor>()
        for request in Self.knownAnswers(Descriptor.self) {
            for encrypt in [true, false] {
                arena.reset()
                check(request.place(arena, encrypt: encrypt, using: &generator), request, bench)
            }
        }
    }

    /// Runs a placed request alone and checks all it left.
    private func check<Descriptor: SecDescriptor>(
        _ placed: AEADRequest<Descriptor>.Placed, _ request: AEADRequest<Descriptor>, _ bench: SecWorkbench<Descriptor>
    ) {
        let (completed, result) = bench.execute([placed.descriptor])
        #expect(completed[0].result.error_type == 0 && completed[0].result.icv == 0)
        #expect(result.errorCount == 0 && result.byteCount == request.additional.count + request.plain.count)
        #expect(placed.output == placed.expected, "\(request.scheme)")
        #expect(placed.tag.bytes == request.tag, "\(request.scheme)")
        #expect(placed.isFenced)
    }

    private func layout(_ round: Int, using generator: inout SeededGenerator) -> (
        sourceIsList: Bool, destinationIsList: Bool, inPlace: Bool, offset: Int
    ) {
        (
            round & 1 == 0, round & 2 == 0, round % 5 == 0,
            round % 3 == 0 ? Int.random(in: 0...60, using: &generator) : 0
        )
    }

    @Test(arguments: SecVersion.allCases)
    func everyLayout(_ version: SecVersion) {
        everyLayout(version.descriptor)
    }

    private func everyLayout<Descriptor: SecDescriptor>(_: Descriptor.Type) {
        var generator = SeededGenerator(seed: 91)
        let arena = Arena(byteCount: 1 << 17)
        let bench = SecWorkbench<Descriptor>()
        for scheme in Self.schemes(Descriptor.self) {
            for round in 0..<60 {
                arena.reset()
                let request = AEADRequest<Descriptor>(
                    scheme, largest: round % 10 == 0 ? 4000 : 200, using: &generator)
                let (sourceIsList, destinationIsList, inPlace, offset) = layout(round, using: &generator)
                let layout = AEADRequest<Descriptor>.Layout(
                    sourceIsList: sourceIsList, destinationIsList: destinationIsList, inPlace: inPlace, offset: offset)
                let encrypt = Bool.random(using: &generator)
                check(request.place(arena, layout, encrypt: encrypt, using: &generator), request, bench)
            }
        }
    }

    @Test(arguments: SecVersion.allCases)
    func wrongTags(_ version: SecVersion) {
        wrongTags(version.descriptor)
    }

    /// One bit of tag, ciphertext or additional data: done, no error, icv 2, and not a byte of the plaintext.
    private func wrongTags<Descriptor: SecDescriptor>(_: Descriptor.Type) {
        var generator = SeededGenerator(seed: 92)
        let arena = Arena(byteCount: 1 << 17)
        let bench = SecWorkbench<Descriptor>()
        for scheme in Self.schemes(Descriptor.self) {
            for round in 0..<40 {
                arena.reset()
                let request = AEADRequest<Descriptor>(scheme, largest: 200, using: &generator)
                let (sourceIsList, destinationIsList, inPlace, offset) = layout(round, using: &generator)
                let layout = AEADRequest<Descriptor>.Layout(
                    sourceIsList: sourceIsList, destinationIsList: destinationIsList, inPlace: inPlace, offset: offset)
                let placed = request.place(arena, layout, encrypt: false, using: &generator)
                let before = placed.tag.bytes
                placed.tag.bytes[Int.random(in: 0..<before.count, using: &generator)] ^= 1 << (round % 8)
                let (completed, result) = bench.execute([placed.descriptor])
                #expect(completed[0].result.done == 1 && completed[0].result.error_type == 0)
                #expect(completed[0].result.icv == secTagMismatch && result.errorCount == 0)
                // CBC is not decrypted before the tag was checked; scattered plaintext stays in the device. Else the
                // place of the plaintext is cleared.
                var isUntouched = inPlace ? sourceIsList : destinationIsList
                if case .cbc = scheme { isUntouched = true }
                if isUntouched {
                    #expect(placed.output == placed.untouched)
                } else {
                    let start = offset + request.additional.count
                    var expected = placed.untouched
                    for index in start..<(start + request.plain.count) { expected[index] = 0 }
                    #expect(placed.output == expected)
                }
                #expect(placed.isFenced)
                // The same key, the right tag: nothing of the failure is left.
                placed.tag.bytes = before
                if !inPlace { check(placed, request, bench) }
            }
        }
    }

    @Test(arguments: SecVersion.allCases)
    func inBatches(_ version: SecVersion) {
        inBatches(version.descriptor)
    }

    /// Batches of everything there is, some with wrong tags: each result in its own slot.
    private func inBatches<Descriptor: SecDescriptor>(_: Descriptor.Type) {
        var generator = SeededGenerator(seed: 93)
        let arena = Arena(byteCount: 1 << 19)
        let bench = SecWorkbench<Descriptor>()
        for _ in 0..<30 {
            arena.reset()
            var placed: [AEADRequest<Descriptor>.Placed] = []
            var requests: [AEADRequest<Descriptor>] = []
            var spoilt: [Bool] = []
            for index in 0..<Int.random(in: 2...64, using: &generator) {
                let scheme = Self.schemes(Descriptor.self).randomElement(using: &generator)!
                let request = AEADRequest<Descriptor>(scheme, largest: 300, using: &generator)
                let layout = AEADRequest<Descriptor>.Layout(
                    sourceIsList: index % 7 == 0, destinationIsList: index % 11 == 0, inPlace: index % 5 == 0)
                let encrypt = Bool.random(using: &generator)
                let one = request.place(arena, layout, encrypt: encrypt, using: &generator)
                let isSpoilt = !encrypt && index % 3 == 0
                if isSpoilt { one.tag.bytes[0] ^= 1 }
                spoilt.append(isSpoilt)
                requests.append(request)
                placed.append(one)
            }
            let (completed, result) = bench.execute(placed.map(\.descriptor))
            #expect(result.errorCount == 0)
            for index in placed.indices {
                #expect(completed[index].result.error_type == 0)
                #expect(completed[index].result.icv == (spoilt[index] ? secTagMismatch : 0))
                if !spoilt[index] {
                    #expect(placed[index].output == placed[index].expected, "\(requests[index].scheme)")
                    #expect(placed[index].tag.bytes == requests[index].tag)
                }
                #expect(placed[index].isFenced)
            }
        }
    }

    /// CCM descriptors as drivers write them: of a long message's length, the last two bytes only.
    @Test func shortenedCCMLength() {
        var generator = SeededGenerator(seed: 94)
        let arena = Arena(byteCount: 1 << 19)
        var request = AEADRequest<SecBD3>(.ccm, largest: 10, using: &generator)
        request.plain = generator.bytes(70000)
        request.iv = generator.bytes(11)
        let sealed = EVPReference.seal(
            .ccm, key: request.key, iv: request.iv, additional: request.additional, request.plain,
            tagByteCount: request.tag.count)!
        (request.secret, request.tag) = sealed
        let placed = request.place(arena, encrypt: true, using: &generator)
        let first = UnsafeMutableRawPointer(bitPattern: UInt(placed.descriptor.authStateAddress))!
        first.storeBytes(of: 0, toByteOffset: 13, as: UInt8.self)
        check(placed, request, SecWorkbench<SecBD3>())
        first.storeBytes(of: 2, toByteOffset: 13, as: UInt8.self)
        #expect(SecWorkbench<SecBD3>().run(placed.descriptor) == .mode)
    }
}
