// SPDX-License-Identifier: Apache-2.0

import CIPSecMB
import COpenSSL
import EmulatedQM
import EmulatedSEC
import QueueScheduler
import VectorKernels

/// What the emulated device computes with on this machine: its units, and which of them serves what.
struct UnitReport {
    struct Unit {
        let name: UnitName
        /// nil: it is not there.
        let version: String?
        /// Why it is not there, or what there is to know besides.
        let note: String

        static let libcrypto = Unit(
            name: .libcrypto, version: String(cString: OpenSSL_version(OPENSSL_VERSION_STRING)),
            note: "the default provider; does everything there is")

        static var ipsecMB: Unit {
            Unit(
                name: .ipsecMB, version: ipsec_mb_version().map { String(cString: $0) },
                note: ipsec_mb_absence().map { String(cString: $0) } ?? "wide over one buffer, or in lanes over many")
        }

        static var vector: Unit {
            let kernels = vector_kernels_for(vector_kernels_level()).pointee
            return Unit(
                name: .vector, version: String(cString: kernels.name),
                note: kernels.level == VECTOR_LEVEL_PORTABLE
                    ? "this processor has none of the instructions that SM4 and digests in lanes would be faster with"
                    : "SM4, and digests in lanes")
        }
    }

    let units: [Unit]
    let plan: UnitPlan

    init(_ configuration: Configuration) {
        units = [.libcrypto, .ipsecMB, .vector]
        plan = UnitPlan(configuration.units)
    }

    func printAll() {
        var present = Table(["UNIT", "VERSION", "NOTE"])
        for unit in units { present.add([unit.name.text.description, unit.version ?? "missing", unit.note]) }
        print("")
        present.printAll()
        var serving = Table(["OPERATION", "ALONE", "IN A BATCH"])
        for row in plan.rows { serving.add([row.name.description, aloneText(row), togetherText(row)]) }
        print("")
        serving.printAll()
    }

    private func aloneText(_ row: UnitPlanRow) -> String {
        let name = row.alone.text.description
        return row.aloneFrom > 0 && row.alone != .libcrypto ? "\(name) from \(row.aloneFrom) bytes" : name
    }

    private func togetherText(_ row: UnitPlanRow) -> String {
        if row.togetherFrom == .max { return "as alone" }
        return "\(row.together.text) from \(row.togetherFrom) requests"
    }

    var json: JSON {
        .object([
            (
                "present",
                .array(
                    units.map { unit in
                        .object([
                            ("unit", .text(unit.name.text.description)), ("version", JSON(unit.version)),
                            ("note", .text(unit.note)),
                        ])
                    })
            ),
            (
                "plan",
                .array(
                    plan.rows.map { row in
                        .object([
                            ("operation", .text(row.name.description)), ("alone", .text(row.alone.text.description)),
                            ("alone_from_bytes", .integer(row.aloneFrom)),
                            ("together", .text(row.together.text.description)),
                            ("together_from_requests", row.togetherFrom == .max ? .null : .integer(row.togetherFrom)),
                        ])
                    })
            ),
        ])
    }
}
