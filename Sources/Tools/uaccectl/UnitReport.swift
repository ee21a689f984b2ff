// SPDX-License-Identifier: Apache-2.0

import CDeflateUnits
import CIPSecMB
import COpenSSL
import Configuration
import EmulatedSEC
import EmulatedZIP
import QueueScheduler
import VectorKernels

/// What an emulated device computes with on this machine: its units, and which of them serves what.
struct UnitReport {
    struct Unit {
        let name: String
        /// nil: it is not there.
        let version: String?
        /// Why it is not there, or what there is to know besides.
        let note: String
    }

    /// Which unit serves one kind of work.
    struct Service {
        let operation: String
        let alone: String
        /// Bytes from which on it does; below, and where it is not there, the unit that does everything.
        let aloneFrom: Int
        /// For requests that come in one batch.
        let together: String
        /// Requests from which on it does; nil: a batch is served as each of its requests alone.
        let togetherFrom: Int?

        var aloneText: String { aloneFrom > 0 ? "\(alone) from \(aloneFrom) bytes" : alone }
        var togetherText: String { togetherFrom.map { "\(together) from \($0) requests" } ?? "as alone" }
    }

    let units: [Unit]
    let services: [Service]

    /// Of a SEC device.
    init(_ configuration: Configuration) {
        let kernels = vector_kernels_for(vector_kernels_level()).pointee
        units = [
            Unit(
                name: "libcrypto", version: String(cString: OpenSSL_version(OPENSSL_VERSION_STRING)),
                note: "the default provider; does everything there is"),
            Unit(
                name: "ipsec-mb", version: ipsec_mb_version().map { String(cString: $0) },
                note: ipsec_mb_absence().map { String(cString: $0) } ?? "wide over one buffer, or in lanes over many"),
            Unit(
                name: "vector", version: String(cString: kernels.name),
                note: kernels.level == VECTOR_LEVEL_PORTABLE
                    ? "this processor has none of the instructions that SM4 and digests in lanes would be faster with"
                    : "SM4, and digests in lanes"),
        ]
        services = UnitPlan(configuration.units).rows.map { row in
            Service(
                operation: row.name.description, alone: row.alone.text.description,
                aloneFrom: row.alone == .libcrypto ? 0 : row.aloneFrom, together: row.together.text.description,
                togetherFrom: row.togetherFrom == .max ? nil : row.togetherFrom)
        }
    }

    /// Of a ZIP device. The first row that fits a request counts.
    init(compression plan: ZipUnitPlan) {
        let isal = isal_unit_absence().map { String(cString: $0) }
        let libdeflate = libdeflate_unit_absence().map { String(cString: $0) }
        units = [
            Unit(name: "zlib", version: "built in", note: "does everything there is"),
            Unit(name: "isal", version: isal == nil ? "present" : nil, note: isal ?? "fast, with a window"),
            Unit(
                name: "libdeflate", version: libdeflate == nil ? "present" : nil,
                note: libdeflate ?? "small and still fast, whole streams only"),
            Unit(name: "kernel", version: "built in", note: "between those two, with a window; decompresses"),
        ]
        services = plan.rows.map { row in
            let levels =
                row.levels.count == 1 ? "\(row.levels.lowerBound)" : "\(row.levels.lowerBound)-\(row.levels.upperBound)"
            return Service(
                operation: "deflate-\(levels)\(row.wholeOnly ? "-whole" : "")", alone: "\(row.unit)",
                aloneFrom: row.fromByteCount, together: "\(row.unit)", togetherFrom: nil)
        }
    }

    func printAll() {
        var present = Table(["UNIT", "VERSION", "NOTE"])
        for unit in units { present.add([unit.name, unit.version ?? "missing", unit.note]) }
        print("")
        present.printAll()
        var serving = Table(["OPERATION", "ALONE", "IN A BATCH"])
        for service in services { serving.add([service.operation, service.aloneText, service.togetherText]) }
        print("")
        serving.printAll()
    }

    var json: JSON {
        .object([
            (
                "present",
                .array(
                    units.map { unit in
                        .object([
                            ("unit", .text(unit.name)), ("version", JSON(unit.version)), ("note", .text(unit.note)),
                        ])
                    })
            ),
            (
                "plan",
                .array(
                    services.map { service in
                        .object([
                            ("operation", .text(service.operation)), ("alone", .text(service.alone)),
                            ("alone_from_bytes", .integer(service.aloneFrom)), ("together", .text(service.together)),
                            ("together_from_requests", service.togetherFrom.map { .integer($0) } ?? .null),
                        ])
                    })
            ),
        ])
    }
}
