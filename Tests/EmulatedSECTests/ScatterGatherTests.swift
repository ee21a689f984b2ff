// SPDX-License-Identifier: Apache-2.0

import CUacce
import HisiliconABI
import SoftwareCrypto
import Testing

/// Data in scatter-gather lists: right ones give right results, hostile ones give errors.
@Suite struct ScatterGatherTests {
    /// Writes a chain of lists whose buffers are the given pieces, `perList` to a list.
    static func chain(_ buffers: [Piece], perList: Int, _ arena: Arena) -> Piece {
        let groups = stride(from: 0, to: max(buffers.count, 1), by: perList).map {
            Array(buffers[$0..<min($0 + perList, buffers.count)])
        }
        let lists = groups.map { arena.piece(64 + 32 * $0.count) }
        for (index, (list, group)) in zip(lists, groups).enumerated() {
            var head = hisi_qm_sgl()
            head.next = index + 1 < lists.count ? lists[index + 1].address : 0
            head.entry_sum_in_chain = UInt16(buffers.count)
            head.entry_sum_in_sgl = UInt16(group.count)
            head.entry_length_in_sgl = UInt16(perList)
            list.start.storeBytes(of: head, as: hisi_qm_sgl.self)
            for (place, buffer) in group.enumerated() {
                var entry = hisi_qm_sge()
                entry.buffer = buffer.address
                entry.length = UInt32(buffer.count)
                list.start.storeBytes(of: entry, toByteOffset: 64 + 32 * place, as: hisi_qm_sge.self)
            }
        }
        return lists[0]
    }

    /// Cuts `bytes` into buffers of random size, empty ones among them.
    static func scatter(_ bytes: [UInt8], _ arena: Arena, using generator: inout SeededGenerator) -> [Piece] {
        var pieces: [Piece] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = min(rest.count, Int.random(in: 0...(bytes.count / 3 + 3), using: &generator))
            pieces.append(arena.piece(Array(rest.prefix(count)), misalignment: count % 7))
            rest = rest.dropFirst(count)
        }
        return pieces
    }

    /// Every combination of flat and scattered, with an offset into the chains and room behind the data.
    @Test(arguments: SecVersion.allCases)
    func ciphers(_ version: SecVersion) {
        ciphers(version.descriptor)
    }

    private func ciphers<Descriptor: SecDescriptor>(_: Descriptor.Type) {
        var generator = SeededGenerator(seed: 40)
        let arena = Arena(byteCount: 1 << 18)
        let bench = SecWorkbench<Descriptor>()
        let kind = CipherKind(.aes, .cbc, keyByteCount: 16)
        for round in 0..<200 {
            arena.reset()
            let byteCount = 16 * Int.random(in: 1...200, using: &generator)
            let offset = round % 3 == 0 ? Int.random(in: 0...100, using: &generator) : 0
            let spare = round % 5
            let input = generator.bytes(byteCount)
            let key = generator.bytes(16)
            let iv = generator.bytes(16)
            let sources = Self.scatter([UInt8](repeating: 9, count: offset) + input, arena, using: &generator)
            let targets = Self.scatter(
                [UInt8](repeating: 8, count: offset + byteCount + spare), arena, using: &generator)
            let flatSource = arena.piece([UInt8](repeating: 9, count: offset) + input)
            let flatTarget = arena.piece([UInt8](repeating: 8, count: offset + byteCount + spare))
            let perList = Int.random(in: 1...5, using: &generator)

            var descriptor = Descriptor.cipher(.encrypt, .aes, .cbc, keyCode: 0)
            descriptor.cipherKeyAddress = arena.piece(key).address
            descriptor.cipherIVAddress = arena.piece(iv).address
            descriptor.cipherByteCount = UInt32(byteCount)
            descriptor.cipherSourceOffset = UInt16(offset)
            descriptor.sourceIsList = round & 1 == 0
            descriptor.destinationIsList = round & 2 == 0
            descriptor.sourceAddress =
                round & 1 == 0 ? Self.chain(sources, perList: perList, arena).address : flatSource.address
            descriptor.destinationAddress =
                round & 2 == 0 ? Self.chain(targets, perList: perList, arena).address : flatTarget.address
            #expect(bench.run(descriptor) == SecErrorType.none)

            let secret = EVPReference.cipher(kind, encrypt: true, key: key, iv: iv, input)!
            let expected =
                [UInt8](repeating: 8, count: offset) + secret + [UInt8](repeating: 8, count: spare)
            let output = round & 2 == 0 ? targets.flatMap(\.bytes) : flatTarget.bytes
            #expect(output == expected)
            #expect((sources + targets + [flatSource, flatTarget]).allSatisfy { $0.isFenced })
            #expect(sources.flatMap(\.bytes) == [UInt8](repeating: 9, count: offset) + input)
        }
    }

    /// Without a destination the source's chain is it.
    @Test func inPlace() {
        var generator = SeededGenerator(seed: 41)
        let arena = Arena(byteCount: 1 << 16)
        let input = generator.bytes(333)
        let key = generator.bytes(32)
        let iv = generator.bytes(16)
        let buffers = Self.scatter(input, arena, using: &generator)
        var descriptor = SecBD3.cipher(.encrypt, .aes, .ctr, keyCode: 2)
        descriptor.cipherKeyAddress = arena.piece(key).address
        descriptor.cipherIVAddress = arena.piece(iv).address
        descriptor.cipherByteCount = 333
        descriptor.sourceIsList = true
        descriptor.hasDestination = false
        descriptor.sourceAddress = Self.chain(buffers, perList: 2, arena).address
        #expect(SecWorkbench<SecBD3>().run(descriptor) == SecErrorType.none)
        let kind = CipherKind(.aes, .ctr, keyByteCount: 32)
        #expect(buffers.flatMap(\.bytes) == EVPReference.cipher(kind, encrypt: true, key: key, iv: iv, input))
    }

    @Test func digestsInBatches() {
        var generator = SeededGenerator(seed: 42)
        let arena = Arena(byteCount: 1 << 18)
        let bench = SecWorkbench<SecBD3>()
        for _ in 0..<20 {
            arena.reset()
            var descriptors: [SecBD3] = []
            var expected: [(Piece, [UInt8])] = []
            for index in 0..<20 {
                let message = generator.bytes(Int.random(in: 1...2000, using: &generator))
                let mac = arena.piece(32)
                var descriptor = SecBD3.digest(.sha256)
                descriptor.macAddress = mac.address
                descriptor.macWordCount = 8
                descriptor.authByteCount = UInt32(message.count)
                descriptor.sourceIsList = index % 2 == 0
                descriptor.sourceAddress =
                    index % 2 == 0
                    ? Self.chain(Self.scatter(message, arena, using: &generator), perList: 3, arena).address
                    : arena.piece(message).address
                descriptors.append(descriptor)
                expected.append((mac, EVPReference.digest(.sha256, message)))
            }
            #expect(bench.run(descriptors).allSatisfy { $0 == SecErrorType.none })
            for (mac, digest) in expected { #expect(mac.bytes == digest) }
        }
    }

    /// A chain as long as chains may be, of lists as long as lists may be.
    @Test func longestChain() {
        let arena = Arena(byteCount: 8 << 20)
        let message = [UInt8](repeating: 0x33, count: 255 * 256)
        let data = arena.piece(message)
        let buffers = message.indices.map { Piece(start: data.start + $0, count: 1) }
        let mac = arena.piece(32)
        var descriptor = SecBD3.digest(.sha256)
        descriptor.macAddress = mac.address
        descriptor.macWordCount = 8
        descriptor.authByteCount = UInt32(message.count)
        descriptor.sourceIsList = true
        descriptor.sourceAddress = Self.chain(buffers, perList: 255, arena).address
        #expect(SecWorkbench<SecBD3>().run(descriptor) == SecErrorType.none)
        #expect(mac.bytes == EVPReference.digest(.sha256, message))
        // One list more.
        descriptor.sourceAddress = Self.chain(buffers, perList: 254, arena).address
        #expect(SecWorkbench<SecBD3>().run(descriptor) == .scatterGatherList)
    }

    /// What is wrong with a chain, and the error it gives.
    enum Flaw: CaseIterable {
        case loop, loopOfEmptyLists, selfLoop, tooManyEntries, moreEntriesThanRoom, misaligned, misalignedNext, null
        case unmapped, unmappedNext, nullBuffer, bufferAroundTheEnd, bufferTooLong, tooShort, empty

        var error: SecErrorType {
            switch self {
            case .loop, .loopOfEmptyLists, .selfLoop, .tooManyEntries, .moreEntriesThanRoom, .misaligned,
                .misalignedNext, .bufferTooLong, .tooShort, .empty:
                .scatterGatherList
            case .null, .unmapped, .unmappedNext, .nullBuffer, .bufferAroundTheEnd: .address
            }
        }

        /// A chain of two lists, two buffers of 16 bytes each, spoilt. Gives the address to name.
        func build(_ arena: Arena) -> UInt64 {
            let buffers = (0..<4).map { _ in arena.piece(16) }
            let list = chain(buffers, perList: 2, arena)
            let head = list.start.assumingMemoryBound(to: hisi_qm_sgl.self)
            let second = UnsafeMutablePointer<hisi_qm_sgl>(bitPattern: UInt(head.pointee.next))!
            let entries = (list.start + 64).assumingMemoryBound(to: hisi_qm_sge.self)
            switch self {
            case .loop: second.pointee.next = list.address
            case .loopOfEmptyLists:
                second.pointee.next = list.address
                head.pointee.entry_sum_in_sgl = 0
                second.pointee.entry_sum_in_sgl = 0
            case .selfLoop: second.pointee.next = UInt64(UInt(bitPattern: second))
            case .tooManyEntries:
                head.pointee.entry_sum_in_sgl = 256
                head.pointee.entry_length_in_sgl = 256
            case .moreEntriesThanRoom: head.pointee.entry_sum_in_sgl = 3
            case .misaligned: return list.address + 8
            case .misalignedNext: head.pointee.next += 32
            case .null: return 0
            case .unmapped: return 1 << 63
            case .unmappedNext: head.pointee.next = 0xffff_ffff_ffff_ffc0
            case .nullBuffer: entries[1].buffer = 0
            case .bufferAroundTheEnd: entries[1].buffer = .max - 7
            case .bufferTooLong: entries[1].length = (8 << 20) + 1
            case .tooShort: entries[1].length = 0
            case .empty:
                for index in 0..<2 { entries[index].length = 0 }
                head.pointee.next = 0
            }
            return list.address
        }
    }

    /// 64 bytes are asked for; a loop gives that and more, so loops ask for what only an endless walk would give.
    @Test(arguments: Flaw.allCases, SecVersion.allCases)
    func flaws(_ flaw: Flaw, _ version: SecVersion) {
        flaws(flaw, version.descriptor)
    }

    private func flaws<Descriptor: SecDescriptor>(_ flaw: Flaw, _: Descriptor.Type) {
        let arena = Arena(byteCount: 1 << 16)
        let isLoop = [.loop, .selfLoop].contains(flaw)
        let byteCount = isLoop ? 32768 : 64
        var descriptor = Descriptor.cipher(.encrypt, .aes, .ecb, keyCode: 0)
        descriptor.cipherKeyAddress = arena.piece([UInt8](repeating: 2, count: 16)).address
        descriptor.cipherByteCount = UInt32(byteCount)
        let data = arena.piece(byteCount)
        let list = flaw.build(arena)
        let before = arena.contents
        let bench = SecWorkbench<Descriptor>()

        descriptor.sourceIsList = true
        descriptor.sourceAddress = list
        descriptor.destinationAddress = data.address
        #expect(bench.run(descriptor) == flaw.error, "as source")

        descriptor.sourceIsList = false
        descriptor.sourceAddress = data.address
        descriptor.destinationIsList = true
        descriptor.destinationAddress = list
        #expect(bench.run(descriptor) == flaw.error, "as destination")
        #expect(arena.contents == before, "an error writes nothing")
    }
}
