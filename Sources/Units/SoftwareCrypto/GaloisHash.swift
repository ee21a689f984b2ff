// SPDX-License-Identifier: Apache-2.0

import CIntrinsics
import CLinux

/// GHASH under one hash key (NIST SP 800-38D section 6.4), as a function of an accumulator that the caller keeps.
///
/// An accumulator is 16 bytes at any alignment, all zero before the first block. Takes the same time for every key and
/// every data. Absorbing changes nothing here, so several threads may use one hash. The key's table is wiped when the
/// hash goes.
public struct GaloisHash: ~Copyable, @unchecked Sendable {
    /// Bytes of a block, of an accumulator and of H.
    public static let blockByteCount = 16

    /// Powers of H for the processor's carry-less multiplication, or, at its start, a `GaloisFactor`.
    private let table: UnsafeMutablePointer<ghash_pclmul_table>
    private let usesCarrylessMultiplication: Bool

    /// - Parameter hashKey: H, 16 bytes: the block cipher's encryption of sixteen zeros.
    public init(hashKey: UnsafeRawPointer) {
        self.init(hashKey: hashKey, usesCarrylessMultiplication: processorHasCarrylessMultiplication)
    }

    /// - Parameter usesCarrylessMultiplication: only where the processor has it.
    init(hashKey: UnsafeRawPointer, usesCarrylessMultiplication: Bool) {
        self.usesCarrylessMultiplication = usesCarrylessMultiplication
        table = .allocate(capacity: 1)
        if usesCarrylessMultiplication {
            ghash_pclmul_prepare(table, hashKey)
        } else {
            UnsafeMutableRawPointer(table).initializeMemory(as: GaloisFactor.self, to: GaloisFactor(hashKey))
        }
    }

    deinit {
        linux_wipe(table, MemoryLayout<ghash_pclmul_table>.size)
        table.deallocate()
    }

    /// Feeds whole blocks into an accumulator.
    ///
    /// - Parameters:
    ///   - blocks: `blockCount * 16` bytes.
    ///   - accumulator: 16 bytes, replaced.
    public func absorb(blocks: UnsafeRawPointer, blockCount: Int, into accumulator: UnsafeMutableRawPointer) {
        if usesCarrylessMultiplication {
            ghash_pclmul_absorb(table, accumulator, blocks, blockCount)
        } else {
            UnsafeRawPointer(table).assumingMemoryBound(to: GaloisFactor.self).pointee
                .absorb(blocks, blockCount, into: accumulator)
        }
    }

    /// Feeds `byteCount` bytes and as many zeros as complete the last block: all of the additional data of a message, or
    /// the end of its ciphertext.
    public func absorb(padding data: UnsafeRawPointer, byteCount: Int, into accumulator: UnsafeMutableRawPointer) {
        let restByteCount = byteCount & 15
        let wholeByteCount = byteCount &- restByteCount
        if wholeByteCount != 0 { absorb(blocks: data, blockCount: wholeByteCount &>> 4, into: accumulator) }
        guard restByteCount != 0 else { return }
        var block = (UInt64(0), UInt64(0))
        memcpy(&block, data + wholeByteCount, restByteCount)
        absorb(blocks: &block, blockCount: 1, into: accumulator)
        linux_wipe(&block, restByteCount)
    }

    /// Feeds the block that ends a message: both lengths in bits.
    public func absorbLengths(
        additionalByteCount: UInt64, byteCount: UInt64, into accumulator: UnsafeMutableRawPointer
    ) {
        var block = ((additionalByteCount &<< 3).bigEndian, (byteCount &<< 3).bigEndian)
        absorb(blocks: &block, blockCount: 1, into: accumulator)
    }
}

/// PCLMULQDQ and the byte shuffle that goes with it.
let processorHasCarrylessMultiplication = ghash_pclmul_is_available() != 0

/// Asks the processor, as a library is loaded, what hashing wants to know of it.
public func prepareGaloisHash() -> Bool { processorHasCarrylessMultiplication }
