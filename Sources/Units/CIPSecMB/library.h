// SPDX-License-Identifier: Apache-2.0
//
// What the files of this folder share: the library's header, where there is one, and its types behind ours.

#ifndef IPSEC_MB_LIBRARY_H
#define IPSEC_MB_LIBRARY_H

#include "ipsec_mb.h"

#if defined(__x86_64__) && !defined(UACCE_PORTABLE) && __has_include(<intel-ipsec-mb.h>)
#define HAS_IPSEC_MB 1
#include <intel-ipsec-mb.h>

struct ipsec_mb {
    IMB_MGR *manager;
    IMB_JOB burst[IPSEC_MB_LIMIT];
    uint8_t scratch[4096];
};

/// Schedules are 16-byte aligned, what GCM's kernels load is 64-byte aligned.
struct ipsec_mb_key {
    union {
        struct {
            _Alignas(64) uint32_t encrypt[60];
            _Alignas(64) uint32_t decrypt[60];
        } aes;
        struct gcm_key_data gcm;
        struct {
            _Alignas(64) uint64_t schedule[3][IMB_DES_KEY_SCHED_SIZE / 8];
            const void *schedules[3];
        } des;
        struct {
            _Alignas(64) uint32_t schedule[60];
            _Alignas(16) uint32_t first[4];
            _Alignas(16) uint32_t second[4];
        } cmac;
        struct {
            _Alignas(64) uint8_t inner[64];
            _Alignas(64) uint8_t outer[64];
        } hmac;
    };
};

/// The functions that are looked up by name; the rest are in a manager.
struct library {
    IMB_MGR *(*alloc)(uint64_t flags);
    void (*init)(IMB_MGR *, IMB_ARCH *);
    void (*free)(IMB_MGR *);
    const char *(*version)(void);
};

/// NULL when it is absent.
const struct library *ipsec_mb_library(void);

#else
#define HAS_IPSEC_MB 0
#endif

#endif
