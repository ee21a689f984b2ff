// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Foundation

/// A list of `OSSL_PARAM` with the memory its entries point to.
final class Parameters {
    private var list: [OSSL_PARAM] = []
    private var owned: [UnsafeMutableRawPointer] = []

    deinit { for memory in owned { free(memory) } }

    @discardableResult
    func add(_ key: String, unsigned value: UInt32 = 0) -> Parameters {
        let memory = own(MemoryLayout<UInt32>.size).bindMemory(to: UInt32.self, capacity: 1)
        memory.pointee = value
        list.append(OSSL_PARAM_construct_uint(own(key), memory))
        return self
    }

    @discardableResult
    func add(_ key: String, signed value: Int32) -> Parameters {
        let memory = own(MemoryLayout<Int32>.size).bindMemory(to: Int32.self, capacity: 1)
        memory.pointee = value
        list.append(OSSL_PARAM_construct_int(own(key), memory))
        return self
    }

    @discardableResult
    func add(_ key: String, size value: Int) -> Parameters {
        let memory = own(MemoryLayout<Int>.size).bindMemory(to: Int.self, capacity: 1)
        memory.pointee = value
        list.append(OSSL_PARAM_construct_size_t(own(key), memory))
        return self
    }

    @discardableResult
    func add(_ key: String, text: String) -> Parameters {
        list.append(OSSL_PARAM_construct_utf8_string(own(key), own(text), 0))
        return self
    }

    /// Room for a string to be returned.
    @discardableResult
    func add(_ key: String, textCapacity: Int) -> Parameters {
        let memory = own(textCapacity).bindMemory(to: CChar.self, capacity: textCapacity)
        list.append(OSSL_PARAM_construct_utf8_string(own(key), memory, textCapacity))
        return self
    }

    @discardableResult
    func add(_ key: String, octets: [UInt8]) -> Parameters {
        let memory = own(max(1, octets.count))
        memory.copyMemory(from: octets, byteCount: octets.count)
        list.append(OSSL_PARAM_construct_octet_string(own(key), memory, octets.count))
        return self
    }

    /// Room for a pointer to a string to be returned.
    @discardableResult
    func addTextPointer(_ key: String) -> Parameters {
        let memory = own(MemoryLayout<UnsafeMutablePointer<CChar>?>.size)
            .bindMemory(to: UnsafeMutablePointer<CChar>?.self, capacity: 1)
        list.append(OSSL_PARAM_construct_utf8_ptr(own(key), memory, 0))
        return self
    }

    /// Room for a pointer to `count` bytes to be returned.
    @discardableResult
    func addOctetPointer(_ key: String, count: Int) -> Parameters {
        let memory = own(MemoryLayout<UnsafeMutableRawPointer?>.size)
            .bindMemory(to: UnsafeMutableRawPointer?.self, capacity: 1)
        list.append(OSSL_PARAM_construct_octet_ptr(own(key), memory, count))
        return self
    }

    /// Hands the list, with its end marker, to a call that sets or gets it.
    func pass<Result>(_ body: (UnsafeMutablePointer<OSSL_PARAM>) throws -> Result) rethrows -> Result {
        var complete = list + [OSSL_PARAM_construct_end()]
        let result = try complete.withUnsafeMutableBufferPointer { try body($0.baseAddress!) }
        list = Array(complete.dropLast())
        return result
    }

    // MARK: What a get_params call left

    /// The size a get_params call reported, or `Int(bitPattern: OSSL_PARAM_UNMODIFIED)` where it did not look.
    func returnedSize(_ index: Int = 0) -> Int { list[index].return_size }
    var wasModified: [Bool] { list.indices.map { list[$0].return_size != Int(bitPattern: UInt.max) } }

    func unsigned(_ index: Int = 0) -> UInt32 { list[index].data.load(as: UInt32.self) }
    func signed(_ index: Int = 0) -> Int32 { list[index].data.load(as: Int32.self) }
    func size(_ index: Int = 0) -> Int { list[index].data.load(as: Int.self) }

    /// The text of a string or string pointer.
    func text(_ index: Int = 0) -> String? {
        let entry = list[index]
        if entry.data_type == OSSL_PARAM_UTF8_PTR {
            return entry.data.load(as: UnsafePointer<CChar>?.self).map { String(cString: $0) }
        }
        return String(cString: entry.data.assumingMemoryBound(to: CChar.self))
    }

    /// The bytes of an octet string or pointer.
    func octets(_ index: Int = 0) -> [UInt8] {
        let entry = list[index]
        let start =
            entry.data_type == OSSL_PARAM_OCTET_PTR
            ? entry.data.load(as: UnsafeRawPointer?.self) : UnsafeRawPointer(entry.data)
        guard let start, returnedSize(index) > 0, wasModified[index] else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: returnedSize(index)))
    }

    private func own(_ byteCount: Int) -> UnsafeMutableRawPointer {
        let memory = calloc(1, byteCount)!
        owned.append(memory)
        return memory
    }

    private func own(_ text: String) -> UnsafeMutablePointer<CChar> {
        let memory = strdup(text)!
        owned.append(memory)
        return memory
    }
}
