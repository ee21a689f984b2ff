// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import Testing

/// The codes as UADK has them (include/wd_comp.h, `enum wd_comp_winsz_type`): 24 KiB lies between 16 and 32.
@Suite struct ZipWindowTests {
    @Test(arguments: [(8, 0), (12, 0), (13, 1), (14, 2), (15, 4), (16, 4)]) func codes(bits: Int, code: UInt8) {
        #expect(ZipWindow.code(bits: bits) == code)
    }

    @Test(arguments: [(0, 12), (1, 13), (2, 14), (3, 14), (4, 15)] as [(UInt8, Int)]) func windows(
        code: UInt8, bits: Int
    ) {
        #expect(ZipWindow.bits(code: code) == bits)
    }
}
