// SPDX-License-Identifier: Apache-2.0

import CLinux

/// How a device of this process finds a stream's state: by words in the memory of the stream's context, which say where it
/// is.
///
/// The memory is the driver's, and a device believes nothing in it. So the words are bound to the context's address and to
/// random numbers that the process was started with: what was copied there, left there or made up is no loan. There is no
/// table of loans, and so no lock that another thread might hold when the process forks.
extension InflateState {
    /// Bytes at the beginning of a context that are left alone.
    private static var offset: Int { 16 }
    /// Bytes of the context that this needs.
    public static var loanByteCount: Int { offset + 2 * MemoryLayout<UInt64>.size }

    /// Lets devices go on with the stream when they are told of `context`, until ``endLoan(at:)``. The borrower keeps no
    /// reference: the state must live until then.
    public func lend(at context: UnsafeMutableRawPointer) {
        let words = Self.words(UInt64(UInt(bitPattern: Unmanaged.passUnretained(self).toOpaque())), context)
        context.storeBytes(of: words.0, toByteOffset: Self.offset, as: UInt64.self)
        context.storeBytes(of: words.1, toByteOffset: Self.offset + 8, as: UInt64.self)
    }

    public static func endLoan(at context: UnsafeMutableRawPointer) {
        context.storeBytes(of: 0, toByteOffset: offset, as: UInt64.self)
        context.storeBytes(of: 0, toByteOffset: offset + 8, as: UInt64.self)
    }

    /// What was lent. nil: nothing.
    public static func lent(at context: UnsafeRawPointer) -> Unmanaged<InflateState>? {
        let found = context.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        guard found != 0 else { return nil }
        let random = secret
        let address = found ^ random.0
        let expected = words(address, context)
        guard context.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self) == expected.1,
            let state = UnsafeRawPointer(bitPattern: UInt(address))
        else { return nil }
        return .fromOpaque(state)
    }

    private static func words(_ address: UInt64, _ context: UnsafeRawPointer) -> (UInt64, UInt64) {
        let random = secret
        // Odd numbers multiply without loss; the upper half depends on all bits.
        let mixed = (address ^ random.1).multipliedFullWidth(by: UInt64(UInt(bitPattern: context)) ^ random.0 | 1)
        return (address ^ random.0, mixed.high ^ mixed.low ^ random.1)
    }

    /// What the kernel gives each process: 16 random bytes.
    private static var secret: (UInt64, UInt64) {
        guard let bytes = UnsafeRawPointer(bitPattern: getauxval(UInt(AT_RANDOM))) else {
            return (0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03)
        }
        return (bytes.loadUnaligned(as: UInt64.self), bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    }
}
