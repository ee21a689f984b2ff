// SPDX-License-Identifier: Apache-2.0

import Testing
import VectorKernels

@Suite struct LevelTests {
    /// Asking for more than the processor has gives what it has.
    @Test func clamping() {
        let highest = vector_kernels_level()
        for raw in VECTOR_LEVEL_PORTABLE.rawValue...VECTOR_LEVEL_AVX512.rawValue {
            let kernels = vector_kernels_for(vector_level(rawValue: raw)).pointee
            #expect(kernels.level.rawValue == min(raw, highest.rawValue))
        }
    }
}
