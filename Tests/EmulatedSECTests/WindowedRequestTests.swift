// SPDX-License-Identifier: Apache-2.0

import EmulatedQM
import Foundation
import HisiliconABI
import SoftwareCrypto
import Synchronization
import Testing
import UacceDevice

/// Requests through windows: keys, IVs, states, tags and data that lie across their borders, and memory that somebody
/// changes.
@Suite struct WindowedRequestTests {
    /// An arena, and a queue that reaches it through windows of a page each.
    private func make<Descriptor: SecDescriptor>(
        _: Descriptor.Type, byteCount: Int = 1 << 18
    ) throws -> (Arena, SecWorkbench<Descriptor>) {
        let pages = SharedPages(byteCount: byteCount)
        let windows = Windows()
        try pages.show(in: windows)
        return (Arena(pages), SecWorkbench<Descriptor>(memory: .windows(windows)))
    }

    /// Moves the arena on, so that what comes next lies across the border of two pages somewhere.
    private func move(_ arena: Arena, using generator: inout SeededGenerator) {
        _ = arena.piece(4096 * Int.random(in: 1...3, using: &generator) - Int.random(in: 100...700, using: &generator))
    }

    @Test(arguments: SecVersion.allCases)
    func ciphers(_ version: SecVersion) throws { try ciphers(version.descriptor) }

    private func ciphers<Descriptor: SecDescriptor>(_: Descriptor.Type) throws {
        var generator = SeededGenerator(seed: 300)
        let (arena, bench) = try make(Descriptor.self)
        for cipher in CipherDescriptorTests.ciphers {
            for round in 0..<16 {
                arena.reset()
                move(arena, using: &generator)
                guard
                    let request = CipherDescriptorTests.Request<Descriptor>(
                        cipher, arena, largest: round < 8 ? 300 : 20000, using: &generator)
                else { continue }
                #expect(bench.run(request.descriptor) == SecErrorType.none, "\(cipher.kind)")
                let same = request.destination.bytes == request.expected
                #expect(same && request.destination.isFenced, "\(cipher.kind)")
            }
        }
    }

    /// Batches of ciphers, digests and MACs: what lies in one piece goes to units in groups, the rest alone.
    @Test(arguments: SecVersion.allCases)
    func batches(_ version: SecVersion) throws { try batches(version.descriptor) }

    private func batches<Descriptor: SecDescriptor>(_: Descriptor.Type) throws {
        var generator = SeededGenerator(seed: 301)
        let (arena, bench) = try make(Descriptor.self, byteCount: 1 << 19)
        for _ in 0..<60 {
            arena.reset()
            var descriptors: [Descriptor] = []
            var results: [(Piece, [UInt8])] = []
            for index in 0..<Int.random(in: 2...64, using: &generator) {
                switch index % 3 {
                case 0:
                    let cipher = CipherDescriptorTests.ciphers.randomElement(using: &generator)!
                    guard
                        let request = CipherDescriptorTests.Request<Descriptor>(
                            cipher, arena, largest: 600, using: &generator)
                    else { continue }
                    descriptors.append(request.descriptor)
                    results.append((request.destination, request.expected))
                case 1:
                    let (algorithm, code) = DigestDescriptorTests.algorithms.randomElement(using: &generator)!
                    let message = arena.piece(generator.bytes(Int.random(in: 1...2000, using: &generator)))
                    let mac = arena.piece(algorithm.digestByteCount, misalignment: index % 8)
                    var descriptor = Descriptor.digest(code)
                    descriptor.sourceAddress = message.address
                    descriptor.authByteCount = UInt32(message.count)
                    descriptor.macAddress = mac.address
                    descriptor.macWordCount = UInt8(algorithm.digestByteCount / 4)
                    descriptors.append(descriptor)
                    results.append((mac, EVPReference.digest(algorithm, message.bytes)))
                default:
                    let (algorithm, code) = MACDescriptorTests.hmacs.randomElement(using: &generator)!
                    let words = Int.random(in: 1...(algorithm.blockByteCount / 4), using: &generator)
                    let key = arena.piece(generator.bytes(4 * words))
                    let message = arena.piece(generator.bytes(Int.random(in: 1...900, using: &generator)))
                    let mac = arena.piece(algorithm.digestByteCount)
                    descriptors.append(
                        MACDescriptorTests.descriptor(Descriptor.self, code, key: key, message: message, mac: mac))
                    results.append((mac, EVPReference.hmac(algorithm, key: key.bytes, message.bytes)))
                }
            }
            #expect(bench.run(descriptors).allSatisfy { $0 == SecErrorType.none })
            for (piece, expected) in results { #expect(piece.bytes == expected && piece.isFenced) }
        }
    }

    /// Digests in parts: states are read and written across borders, and may be the same.
    @Test(arguments: DigestDescriptorTests.algorithms)
    func digestsInParts(_ algorithm: (digest: DigestAlgorithm, code: SecAuthAlgorithm)) throws {
        var generator = SeededGenerator(seed: 302)
        let (arena, bench) = try make(SecBD3.self)
        let block = algorithm.digest.blockByteCount
        for _ in 0..<30 {
            arena.reset()
            move(arena, using: &generator)
            let message = generator.bytes(block * Int.random(in: 2...60, using: &generator) + 17)
            let first = block * Int.random(in: 1..<(message.count / block), using: &generator)
            // A state that ends behind a border.
            let used = arena.piece(1).start - arena.start
            _ = arena.piece((used + 4095) / 4096 * 4096 - used - 128 - 64)
            let state = arena.piece(algorithm.digest.stateByteCount, misalignment: 40)
            let mac = arena.piece(algorithm.digest.digestByteCount)
            var begin = SecBD3.digest(algorithm.code)
            begin.authPadding = .noPad
            begin.sourceAddress = arena.piece(Array(message[..<first])).address
            begin.authByteCount = UInt32(first)
            begin.macAddress = state.address
            #expect(bench.run(begin) == SecErrorType.none)
            var end = SecBD3.digest(algorithm.code)
            end.authStart = .storedState
            end.authStateAddress = state.address
            end.sourceAddress = arena.piece(Array(message[first...])).address
            end.authByteCount = UInt32(message.count - first)
            end.authTotalBitCount = UInt64(8 * message.count)
            end.macAddress = mac.address
            end.macWordCount = UInt8(mac.count / 4)
            #expect(bench.run(end) == SecErrorType.none)
            #expect(mac.bytes == EVPReference.digest(algorithm.digest, message) && mac.isFenced && state.isFenced)
        }
    }

    /// Flat, in lists, and both, whose lists and buffers lie across borders; right tags and wrong ones.
    @Test(arguments: SecVersion.allCases)
    func authenticatedMessages(_ version: SecVersion) throws { try authenticatedMessages(version.descriptor) }

    private func authenticatedMessages<Descriptor: SecDescriptor>(_: Descriptor.Type) throws {
        var generator = SeededGenerator(seed: 303)
        let (arena, bench) = try make(Descriptor.self)
        for round in 0..<300 {
            arena.reset()
            move(arena, using: &generator)
            let scheme = AEADDescriptorTests.schemes(Descriptor.self).randomElement(using: &generator)!
            let request = AEADRequest<Descriptor>(scheme, largest: round % 4 == 0 ? 9000 : 300, using: &generator)
            var layout = AEADRequest<Descriptor>.Layout()
            layout.sourceIsList = Bool.random(using: &generator)
            layout.destinationIsList = Bool.random(using: &generator)
            layout.inPlace = Bool.random(using: &generator)
            if layout.inPlace { layout.destinationIsList = layout.sourceIsList }
            let encrypt = Bool.random(using: &generator)
            let placed = request.place(arena, layout, encrypt: encrypt, using: &generator)
            let isForged = !encrypt && round % 3 == 0
            if isForged { placed.tag.bytes[0] ^= 1 }
            let (completed, result) = bench.execute([placed.descriptor])
            #expect(completed[0].result.error_type == SecErrorType.none.rawValue && result.errorCount == 0)
            #expect((completed[0].result.icv == secTagMismatch) == isForged)
            if !isForged {
                let same = placed.output == placed.expected
                #expect(same, "\(scheme) \(layout) encrypt: \(encrypt)")
            }
            if encrypt { #expect(placed.tag.bytes == request.tag) }
            #expect(placed.isFenced)
        }
    }

    /// An address without a window, or without the right: error, nothing written, and the queue's fault with its address.
    @Test func faults() throws {
        var generator = SeededGenerator(seed: 304)
        let pages = SharedPages(byteCount: 1 << 16)
        let fixed = SharedPages(byteCount: 1 << 16)
        let windows = Windows()
        // Without the last page, behind which something else may lie.
        let limit = pages.byteCount - SharedPages.pageByteCount
        try pages.show(in: windows, limit: limit)
        try fixed.show(in: windows, rights: .read)
        let arena = Arena(pages)
        let constants = Arena(fixed)
        let beyond = pages.address.advanced(by: UInt64(limit))!.rawValue
        let key = constants.piece(generator.bytes(16)).address
        let iv = constants.piece(generator.bytes(16)).address
        let source = constants.piece(generator.bytes(5000)).address
        let output = arena.piece(5000)
        var good = SecBD3.cipher(.encrypt, .aes, .cbc, keyCode: 0)
        good.cipherKeyAddress = key
        good.cipherIVAddress = iv
        good.cipherByteCount = 4992
        good.sourceAddress = source
        good.destinationAddress = output.address
        var digest = SecBD3.digest(.sha256)
        digest.sourceAddress = source
        digest.authByteCount = 100
        digest.macWordCount = 8
        digest.macAddress = output.address
        let bench = SecWorkbench<SecBD3>(memory: .windows(windows))
        #expect(bench.run([good, digest]) == [SecErrorType.none, SecErrorType.none])

        let before = arena.contents
        func expectFault(_ address: UInt64, _ change: (inout SecBD3, inout SecBD3) -> Bool) {
            var (cipher, other) = (good, digest)
            let bad = change(&cipher, &other) ? cipher : other
            // A queue that has had a fault is good for nothing: each has one of its own.
            let bench = SecWorkbench<SecBD3>(memory: .windows(windows))
            let (completed, result) = bench.execute([bad])
            #expect(completed[0].result.error_type == SecErrorType.translation.rawValue)
            #expect(result.faultIndex == 0 && result.faultAddress == address && result.errorCount == 1)
            #expect(arena.contents == before)
        }
        expectFault(beyond) { cipher, _ in
            cipher.cipherKeyAddress = beyond - 8
            return true
        }
        expectFault(16) { cipher, _ in
            cipher.cipherIVAddress = 16
            return true
        }
        expectFault(beyond) { cipher, _ in
            cipher.sourceAddress = beyond - 100
            return true
        }
        expectFault(source) { cipher, _ in
            cipher.destinationAddress = source
            return true
        }
        expectFault(iv) { _, digest in
            digest.macAddress = iv
            return false
        }
        expectFault(beyond) { _, digest in
            digest.macAddress = beyond - 12
            return false
        }
        expectFault(.max) { cipher, _ in
            cipher.sourceAddress = .max
            return true
        }
    }

    /// A neighbour that writes over everything while the device works: no crash, no write outside, and with a key that it
    /// leaves alone, every tag is right for some message: what is checked is what was read once.
    @Test func aNeighbourThatWritesEverywhere() throws {
        var generator = SeededGenerator(seed: 305)
        let pages = SharedPages(byteCount: 1 << 17)
        let windows = Windows()
        try pages.show(in: windows)
        let outside = Arena(byteCount: 1 << 12)
        let untouched = outside.contents
        let bench = SecWorkbench<SecBD3>(memory: .windows(windows))
        let arena = Arena(pages)
        let isOver = Atomic<Bool>(false)
        let ended = DispatchSemaphore(value: 0)
        Thread { [pages] in
            var random = SeededGenerator(seed: 306)
            while !isOver.load(ordering: .relaxed) {
                let place = Int(random.next() % UInt64(pages.byteCount - 8))
                pages.start.storeBytes(of: random.next(), toByteOffset: place, as: UInt64.self)
            }
            ended.signal()
        }.start()
        for _ in 0..<400 {
            arena.reset()
            move(arena, using: &generator)
            var descriptors: [SecBD3] = []
            for _ in 0..<8 {
                let scheme = AEADDescriptorTests.schemes(SecBD3.self).randomElement(using: &generator)!
                let request = AEADRequest<SecBD3>(scheme, largest: 500, using: &generator)
                var layout = AEADRequest<SecBD3>.Layout()
                layout.sourceIsList = Bool.random(using: &generator)
                descriptors.append(
                    request.place(arena, layout, encrypt: Bool.random(using: &generator), using: &generator).descriptor)
                let cipher = CipherDescriptorTests.ciphers.randomElement(using: &generator)!
                if let request = CipherDescriptorTests.Request<SecBD3>(
                    cipher, arena, largest: 500, using: &generator)
                {
                    descriptors.append(request.descriptor)
                }
            }
            let (completed, result) = bench.execute(descriptors)
            // Lists that were changed may be refused or name what is not there; the rest is done.
            let count = result.hasFault ? result.faultIndex + 1 : completed.count
            for descriptor in completed[..<count] { #expect(descriptor.result.done == 1) }
        }
        isOver.store(true, ordering: .relaxed)
        ended.wait()
        #expect(outside.contents == untouched)
    }
}
