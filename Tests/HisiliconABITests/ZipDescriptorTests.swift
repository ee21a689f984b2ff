// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import Testing

extension ZipDescriptor: PlacedDescriptor {
    init() { self.init(version: .v3) }
}

@Suite struct ZipDescriptorTests {
    /// Where UADK's hisi_comp.c has them.
    static var fields: [FieldPlacement<ZipDescriptor>] {
        [
            .number("consumed", 0, 0...31, \.consumed),
            .number("produced", 4, 0...31, \.produced),
            .flag("lstblk", 12, 8...8, \.isLastBlock),
            .number("input_data_length", 16, 0...31, \.inputByteCount),
            .number("in_sge_offset", 28, 0...23, \.inputOffset),
            .flag("flush", 28, 25...25, \.finishes),
            .flag("stateful", 28, 26...26, \.isStateful),
            .flag("stream_new", 28, 27...27, \.beginsStream),
            .number("out_sge_offset", 32, 0...23, \.outputOffset),
            .code("req_type", 36, 0...7, \.requestType),
            .number("buf_type", 36, 8...11, \.bufferType),
            .number("window", 36, 12...15, \.windowCode),
            .number("level", 36, 16...19, \.level),
            .number("dest_avail_out", 56, 0...31, \.outputByteCount),
            .number("ctx_dw0", 60, 0...31, \.contextWords.0),
            .quad("source_addr", 72, \.sourceAddress),
            .quad("dest_addr", 80, \.destinationAddress),
            .quad("stream_ctx_addr", 88, \.contextAddress),
            .number("ctx_dw1", 112, 0...31, \.contextWords.1),
            .number("ctx_dw2", 116, 0...31, \.contextWords.2),
            .number("isize", 120, 0...31, \.streamByteCount),
            .number("checksum", 124, 0...31, \.checksum),
        ]
    }

    @Test func everyField() {
        for field in Self.fields { field.check() }
    }

    @Test func theStatusIsTheLowestByteOfItsWord() {
        for value in [UInt8(0), 0x0d, 0x0e, 0x10, 0x13, 0xff] {
            var descriptor = ZipDescriptor(version: .v3)
            descriptor.status = ZipStatus(rawValue: value)
            #expect(withUnsafeBytes(of: descriptor) { $0[12] } == value)
            #expect(descriptor.status.rawValue == value && !descriptor.isLastBlock)
        }
    }

    /// The type is in the four highest bits of word 7; the tag of type 0 is word 13, that of type 3 word 26.
    @Test func versions() {
        for (version, code, tagOffset) in [(QueueManagementVersion.v2, UInt8(0), 52), (.v3, 3, 104)] {
            var descriptor = ZipDescriptor(version: version)
            #expect(descriptor.typeCode == code)
            #expect(withUnsafeBytes(of: descriptor) { $0[31] } == code << 4)
            descriptor.tag = 0x1234_5678
            #expect(descriptor.tag == 0x1234_5678)
            let stored = withUnsafeBytes(of: descriptor) {
                $0.loadUnaligned(fromByteOffset: tagOffset, as: UInt32.self)
            }
            #expect(stored == 0x1234_5678)
        }
    }

    /// bitrev(~x), both ways.
    @Test func theChecksumOnTheWire() {
        #expect(zipWireChecksum(crc32: 0) == 0xffff_ffff)
        #expect(zipWireChecksum(crc32: 0xffff_fffe) == 0x8000_0000)
        #expect(zipWireChecksum(crc32: 0xcbf4_3926) == 0x9b63_d02c)
        for value: UInt32 in [0, 1, 0xdead_beef, 0x8000_0001, .max] {
            #expect(zipWireChecksum(crc32: zipWireChecksum(crc32: value)) == value)
        }
    }
}
