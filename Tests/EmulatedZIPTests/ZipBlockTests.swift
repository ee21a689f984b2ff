// SPDX-License-Identifier: Apache-2.0

import EmulatedZIP
import Testing

@Suite struct ZipBlockTests {
    @Test func algorithms() {
        let block = ZipBlock()
        #expect(block.algorithms(.v2) == ["zlib", "gzip"])
        #expect(block.algorithms(.v3) == ["zlib", "gzip", "deflate"])
        #expect(block.driverName == "hisi_zip" && block.entryByteCount == 128)
    }
}
