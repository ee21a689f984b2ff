// SPDX-License-Identifier: Apache-2.0

#include "aes_functions.h"
#include "vector_kernels.h"

#if defined(__x86_64__) && !defined(UACCE_PORTABLE)
#include <cpuid.h>
#include <stdatomic.h>

static const struct aes_kernels table = {
    .expand_key = aes_expand_key,
    .expand_xts_key = aes_xts_expand_key,
    .expand_gcm_key = aes_gcm_expand_key,
    .ecb_encrypt = aes_ecb_encrypt,
    .ecb_decrypt = aes_ecb_decrypt,
    .cbc_encrypt = aes_cbc_encrypt,
    .cbc_decrypt = aes_cbc_decrypt,
    .ctr = aes_ctr,
    .cfb_encrypt = aes_cfb_encrypt,
    .cfb_decrypt = aes_cfb_decrypt,
    .ofb = aes_ofb,
    .xts_encrypt = aes_xts_encrypt,
    .xts_decrypt = aes_xts_decrypt,
    .gcm_encrypt = aes_gcm_encrypt,
    .gcm_decrypt = aes_gcm_decrypt,
    .gcm_absorb = aes_gcm_absorb,
    .gcm_tag = aes_gcm_tag,
};

static int are_available(void)
{
    unsigned eax, ebx, ecx, edx;
    if (vector_kernels_level() < VECTOR_LEVEL_AVX512 || !__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx))
        return 0;
    return (ecx & bit_VAES) && (ecx & bit_VPCLMULQDQ) && (ebx & bit_AVX512DQ) && (ebx & bit_BMI2);
}

// Asked once in a process, as vector_kernels_level is, and asked again for every key of GCM.
const struct aes_kernels *aes_kernels(void)
{
    enum { UNKNOWN, ABSENT, PRESENT };
    static _Atomic int known = UNKNOWN;
    int state = atomic_load_explicit(&known, memory_order_relaxed);
    if (state == UNKNOWN) {
        state = are_available() ? PRESENT : ABSENT;
        atomic_store_explicit(&known, state, memory_order_relaxed);
    }
    return state == PRESENT ? &table : NULL;
}

#else

const struct aes_kernels *aes_kernels(void) { return NULL; }

#endif
