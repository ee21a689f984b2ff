// SPDX-License-Identifier: Apache-2.0
//
// The Linux uacce user interface: ioctl numbers, mmap regions, device flags.
// Facts from Linux Documentation/misc-devices/uacce.rst and include/uapi/misc/uacce/{uacce,hisi_qm}.h (6.12).

#ifndef UACCE_UACCE_H
#define UACCE_UACCE_H

#include <stdint.h>

// ioctl requests of the uacce core (type 'W', no argument).
#define UACCE_START_QUEUE 0x5700u // _IO('W', 0): INIT -> STARTED
#define UACCE_PUT_QUEUE 0x5701u   // _IO('W', 1): stop the queue

// ioctl requests of the HiSilicon queue management driver (type 'H').
#define UACCE_QM_SET_CONTEXT 0xc004480au     // _IOWR('H', 10, struct uacce_qm_context)
#define UACCE_QM_GET_INFORMATION 0xc010480bu // _IOWR('H', 11, struct uacce_qm_information)

// mmap: the page offset selects the region.
#define UACCE_REGION_MMIO 0u // doorbell registers
#define UACCE_REGION_DUS 1u  // device-user shared memory: SQ, CQ and the status page

// Bits of the `flags` attribute.
#define UACCE_FLAG_SVA 1u // the device shares the process's virtual addresses

// Argument of UACCE_QM_SET_CONTEXT.
struct uacce_qm_context {
    uint16_t queue_id;   // out: queue pair number that doorbells must carry
    uint16_t queue_type; // in: 0 or 1; the function block gives it a meaning (ZIP: 0 compress, 1 decompress)
};

// Argument of UACCE_QM_GET_INFORMATION; every field is written by the driver.
struct uacce_qm_information {
    uint32_t sqe_size; // bytes
    uint16_t sq_depth; // entries
    uint16_t cq_depth; // entries
    uint64_t reserved;
};

_Static_assert(sizeof(struct uacce_qm_context) == 4, "SET_QP_CTX argument");
_Static_assert(__builtin_offsetof(struct uacce_qm_context, queue_id) == 0, "queue_id");
_Static_assert(__builtin_offsetof(struct uacce_qm_context, queue_type) == 2, "queue_type");
_Static_assert(sizeof(struct uacce_qm_information) == 16, "SET_QP_INFO argument");
_Static_assert(__builtin_offsetof(struct uacce_qm_information, sqe_size) == 0, "sqe_size");
_Static_assert(__builtin_offsetof(struct uacce_qm_information, sq_depth) == 4, "sq_depth");
_Static_assert(__builtin_offsetof(struct uacce_qm_information, cq_depth) == 6, "cq_depth");
_Static_assert(__builtin_offsetof(struct uacce_qm_information, reserved) == 8, "reserved");

#endif
