// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import SoftwareInflate

/// Compresses: blocks by a unit, the trailer here.
struct Compression: ~Copyable {
    private let units: CompressingUnits
    private let checksums = Checksums()

    init(_ plan: ZipUnitPlan) {
        units = CompressingUnits(plan)
    }

    func run(_ job: inout ZipJob) {
        let trailerByteCount = job.finishes ? job.trailerByteCount : 0
        guard job.room >= trailerByteCount, let written = units.run(job, room: job.room - trailerByteCount) else {
            return job.fail(.outputTooSmall)
        }
        job.account(job.input, byteCount: job.inputByteCount, with: checksums)
        for index in 0..<trailerByteCount { job.output[written + index] = job.trailerByte(index) }
        job.consumed = job.inputByteCount
        job.produced = written + trailerByteCount
        job.isLastBlock = job.finishes
        job.status = job.produced > job.consumed ? .expanded : .ok
    }
}
