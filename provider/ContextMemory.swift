// SPDX-License-Identifier: Apache-2.0

import CLinux
import COpenSSL
import AllocationReserve

/// Memory for what OpenSSL holds of an operation. Where there is none the call fails with OpenSSL's own reason: Swift's
/// allocation, in Embedded Swift, does not tell whether it failed.
enum ContextMemory {
    /// nil: there is no memory, which is on the error queue.
    static func allocate<Context: ~Copyable>(_ type: Context.Type) -> UnsafeMutablePointer<Context>? {
        guard !allocation_reserve_is_low(), let memory = malloc(MemoryLayout<Context>.size) else {
            raiseNoMemory()
            return nil
        }
        return memory.bindMemory(to: Context.self, capacity: 1)
    }

    /// Frees what holds no context.
    static func deallocate<Context: ~Copyable>(_ memory: UnsafeMutablePointer<Context>) {
        free(memory)
    }

    /// Puts a context into memory of its own. nil where there is neither, which is on the error queue.
    static func hold<Context: ~Copyable>(_ context: consuming Context?) -> UnsafeMutableRawPointer? {
        guard let context else {
            raiseNoMemory()
            return nil
        }
        guard let memory = allocate(Context.self) else { return nil }
        memory.initialize(to: context)
        return UnsafeMutableRawPointer(memory)
    }

    /// Ends a context that `hold` was given.
    static func release<Context: ~Copyable>(_ context: UnsafeMutableRawPointer?, _ type: Context.Type) {
        guard let context else { return }
        context.assumingMemoryBound(to: Context.self).deinitialize(count: 1)
        free(context)
    }
}

/// Reports that there is no memory.
func raiseNoMemory(line: Int32 = #line) {
    raiseProviderError(Int32(openssl_no_memory_reason()), line: line)
}
