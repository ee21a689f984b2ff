// SPDX-License-Identifier: Apache-2.0
//
// The ZIP submission descriptor, 128 bytes, of QM api v2 (type 0) and of api v3 and later (type 3), which differ in where
// the tag is and in what may be asked for. Bit fields run from the least significant bit. Addresses are process virtual
// addresses (SVA), split into two words. Whether a queue compresses or decompresses is no field: its type says so.
// Facts from UADK drv/hisi_comp.c.

#ifndef UACCE_HISI_ZIP_H
#define UACCE_HISI_ZIP_H

#include <stdint.h>

#define HISI_ZIP_DATA_LENGTH_MAX (8u << 20)     // bytes of input, and of output, in one descriptor
#define HISI_ZIP_STREAM_CONTEXT_LENGTH 0x10000u // bytes of a stream's context
#define HISI_ZIP_STREAM_CONTEXT_OFFSET 64u      // what of it the device is told begins here,
#define HISI_ZIP_STREAM_CONTEXT_LIMIT 0x9800u   // and ends here; the rest is the driver's

struct hisi_zip_sqe {
    uint32_t consumed;
    uint32_t produced;
    uint32_t comp_data_length; // lz77_zstd: literals

    uint32_t status : 8;
    uint32_t last_block : 1;
    uint32_t : 23;

    uint32_t input_data_length;
    uint32_t reserved20[2];

    uint32_t in_sge_offset : 24;
    uint32_t : 1;
    uint32_t flush : 1; // 1: finish, 0: sync
    uint32_t stateful : 1;
    uint32_t stream_new : 1;
    uint32_t type : 4; // 0: api v2, 3: api v3

    uint32_t out_sge_offset : 24;
    uint32_t : 8;

    uint32_t req_type : 8;
    uint32_t buf_type : 4; // 1: source and destination are scatter-gather lists
    uint32_t window : 4;
    uint32_t level : 4; // reserved in hardware; the emulated device takes it for zlib's level, 0 for none given
    uint32_t : 12;

    uint32_t reserved40[3];
    uint32_t tag_type0; // lz77_zstd: bytes of the literals' buffer
    uint32_t dest_avail_out;
    uint32_t ctx_dw0;
    uint32_t reserved64[2];
    uint32_t source_addr_l;
    uint32_t source_addr_h;
    uint32_t dest_addr_l;
    uint32_t dest_addr_h;
    uint32_t stream_ctx_addr_l;
    uint32_t stream_ctx_addr_h;
    uint32_t literals_addr_l;
    uint32_t literals_addr_h;
    uint32_t tag_type3;
    uint32_t reserved108;
    uint32_t ctx_dw1;
    uint32_t ctx_dw2;
    uint32_t isize;
    uint32_t checksum;
};

#define HISI_ZIP_AT(field, offset) \
    _Static_assert(__builtin_offsetof(struct hisi_zip_sqe, field) == (offset), "zip sqe." #field)

_Static_assert(sizeof(struct hisi_zip_sqe) == 128, "ZIP descriptor size");
HISI_ZIP_AT(produced, 4);
HISI_ZIP_AT(comp_data_length, 8);
HISI_ZIP_AT(input_data_length, 16);
HISI_ZIP_AT(reserved20, 20);
HISI_ZIP_AT(reserved40, 40);
HISI_ZIP_AT(tag_type0, 52);
HISI_ZIP_AT(dest_avail_out, 56);
HISI_ZIP_AT(ctx_dw0, 60);
HISI_ZIP_AT(reserved64, 64);
HISI_ZIP_AT(source_addr_l, 72);
HISI_ZIP_AT(source_addr_h, 76);
HISI_ZIP_AT(dest_addr_l, 80);
HISI_ZIP_AT(dest_addr_h, 84);
HISI_ZIP_AT(stream_ctx_addr_l, 88);
HISI_ZIP_AT(stream_ctx_addr_h, 92);
HISI_ZIP_AT(literals_addr_l, 96);
HISI_ZIP_AT(literals_addr_h, 100);
HISI_ZIP_AT(tag_type3, 104);
HISI_ZIP_AT(reserved108, 108);
HISI_ZIP_AT(ctx_dw1, 112);
HISI_ZIP_AT(ctx_dw2, 116);
HISI_ZIP_AT(isize, 120);
HISI_ZIP_AT(checksum, 124);

#undef HISI_ZIP_AT

#endif
