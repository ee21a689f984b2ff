// SPDX-License-Identifier: Apache-2.0

import Testing
import VectorKernels

/// Kernels under test: every level that this processor has.
struct KernelLevel: Sendable, CustomTestStringConvertible {
    let level: vector_level

    static let all: [KernelLevel] = (0...vector_kernels_level().rawValue).map {
        KernelLevel(level: vector_level(rawValue: $0))
    }

    var kernels: vector_kernels { vector_kernels_for(level).pointee }
    var testDescription: String { String(cString: kernels.name) }
}
