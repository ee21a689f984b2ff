// SPDX-License-Identifier: Apache-2.0
//
// The HiSilicon queue management block (QM) as a user process sees it: completion entries, doorbells, the shared
// status words and the scatter-gather list that SEC and ZIP descriptors may point at. Little-endian throughout.
// Facts from Linux drivers/crypto/hisilicon/qm.c and UADK drv/hisi_qm_udrv.c.

#ifndef UACCE_HISI_QM_H
#define UACCE_HISI_QM_H

#include <stdint.h>

// Doorbell register offsets in the MMIO region.
#define HISI_QM_DOORBELL_V1 0x340u
#define HISI_QM_DOORBELL_V2 0x1000u // v2 and everything later

// Doorbell commands.
#define HISI_QM_DOORBELL_SQ 0u // index: the new SQ tail
#define HISI_QM_DOORBELL_CQ 1u // index: the new CQ head; priority bit arms the completion interrupt

// Entries in each ring, and the largest number that may be outstanding (one slot always stays empty).
#define HISI_QM_QUEUE_DEPTH 1024u

// Status words at the very end of the DUS region (offset = region size - this value).
#define HISI_QM_STATUS_TX 4u // u32, 1: the device takes no more submissions
#define HISI_QM_STATUS_RX 8u // u32, 1: the device will complete nothing more

// Completion queue entry, 16 bytes.
struct hisi_qm_cqe {
    uint32_t reserved0;
    uint16_t command_id;
    uint16_t reserved1;
    uint16_t sq_head; // slot of the completed submission
    uint16_t sq_number;
    uint16_t reserved2;
    uint16_t w7; // bit 0: phase
};

_Static_assert(sizeof(struct hisi_qm_cqe) == 16, "CQE size");
_Static_assert(__builtin_offsetof(struct hisi_qm_cqe, command_id) == 4, "command_id");
_Static_assert(__builtin_offsetof(struct hisi_qm_cqe, sq_head) == 8, "sq_head");
_Static_assert(__builtin_offsetof(struct hisi_qm_cqe, sq_number) == 10, "sq_number");
_Static_assert(__builtin_offsetof(struct hisi_qm_cqe, w7) == 14, "w7");

// One buffer of a scatter-gather list.
struct hisi_qm_sge {
    uint64_t buffer;
    uint64_t page_control;
    uint32_t length; // bytes, at most 8 MiB
    uint32_t padding;
    uint64_t virtual_buffer; // for software; the device ignores it
};

// Head of a scatter-gather list; 64-byte aligned, its entries follow at offset 64.
struct hisi_qm_sgl {
    uint64_t next; // next list of the chain, 0 at the end
    uint16_t entry_sum_in_chain;
    uint16_t entry_sum_in_sgl;    // entries that hold a buffer
    uint16_t entry_length_in_sgl; // entries there is room for, at most 255
    uint16_t padding0;
    uint64_t padding1[4];
    uint64_t software_next;
    uint64_t entry_size_in_sgl;
};

#define HISI_QM_SGL_ENTRIES_MAX 255u           // per list
#define HISI_QM_SGL_ALIGNMENT 64u              // bytes
#define HISI_QM_SGE_LENGTH_MAX (8u << 20)      // bytes
#define HISI_QM_SGL_CHAIN_MAX 256u             // lists per chain (UADK's pool holds as many)

_Static_assert(sizeof(struct hisi_qm_sge) == 32, "SGE size");
_Static_assert(__builtin_offsetof(struct hisi_qm_sge, page_control) == 8, "page_control");
_Static_assert(__builtin_offsetof(struct hisi_qm_sge, length) == 16, "length");
_Static_assert(__builtin_offsetof(struct hisi_qm_sge, virtual_buffer) == 24, "virtual_buffer");
_Static_assert(sizeof(struct hisi_qm_sgl) == 64, "SGL head size: entries follow at 64");
_Static_assert(__builtin_offsetof(struct hisi_qm_sgl, entry_sum_in_chain) == 8, "entry_sum_in_chain");
_Static_assert(__builtin_offsetof(struct hisi_qm_sgl, entry_sum_in_sgl) == 10, "entry_sum_in_sgl");
_Static_assert(__builtin_offsetof(struct hisi_qm_sgl, entry_length_in_sgl) == 12, "entry_length_in_sgl");

#endif
