// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Foundation

/// What the provider counted, summed over its devices: the only evidence a test has of the way a request took.
struct Statistics {
    /// Requests that went to the CPU, by cause.
    struct Processor: Decodable, Equatable {
        /// Smaller than `min_offload`.
        var size = 0
        /// The queues were full or taken.
        var full = 0
        /// The device failed the request.
        var device = 0
        /// There is no device.
        var absent = 0
        /// The device's interface cannot express the request.
        var unsupported = 0

        var total: Int { size + full + device + absent + unsupported }
    }

    /// One device's line.
    struct Device: Decodable {
        let device: String
        let backend: String
        let api: String
        let requests: Int
        let bytes: Int
        let batches: Int
        let maxBatch: Int
        let errors: Int
        let cpu: Processor

        enum CodingKeys: String, CodingKey {
            case device, backend, api, requests, bytes, batches, errors, cpu
            case maxBatch = "max_batch"
        }
    }

    let devices: [Device]

    var requests: Int { devices.reduce(0) { $0 + $1.requests } }
    var bytes: Int { devices.reduce(0) { $0 + $1.bytes } }
    var errors: Int { devices.reduce(0) { $0 + $1.errors } }
    var processor: Processor {
        devices.reduce(into: Processor()) { sum, device in
            sum.size += device.cpu.size
            sum.full += device.cpu.full
            sum.device += device.cpu.device
            sum.absent += device.cpu.absent
            sum.unsupported += device.cpu.unsupported
        }
    }

    /// The live counters of a provider in this process.
    init(of library: LibraryContext) throws {
        guard let text = try Self.text(of: library) else {
            throw Difference("the provider does not answer to uacce-statistics")
        }
        try self.init(text)
    }

    /// JSON: one object a line, or an array of them.
    init(_ text: String) throws {
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        let array = trimmed.hasPrefix("[") ? trimmed : "[" + trimmed.split(separator: "\n").joined(separator: ",") + "]"
        devices = try JSONDecoder().decode([Device].self, from: Data(array.utf8))
    }

    /// The text of the parameter, or nil if the provider has none of that name.
    static func text(of library: LibraryContext) throws -> String? {
        // As a pointer or copied into a buffer, whichever the provider says it does.
        var entry = OSSL_PROVIDER_gettable_params(library.provider)
        while let key = entry?.pointee.key, strcmp(key, "uacce-statistics") != 0 { entry = entry.map { $0 + 1 } }
        guard let entry, entry.pointee.key != nil else { return nil }
        let list = Parameters()
        if entry.pointee.data_type == OSSL_PARAM_UTF8_PTR {
            list.addTextPointer("uacce-statistics")
        } else {
            list.add("uacce-statistics", textCapacity: 1 << 16)
        }
        guard list.pass({ OSSL_PROVIDER_get_params(library.provider, $0) }) == 1 else { return nil }
        return list.text()
    }
}
