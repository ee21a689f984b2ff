// SPDX-License-Identifier: Apache-2.0
//
// What this processor can do, and the table of kernels for it.

#include "digest_kernels.h"
#include "sm4_kernels.h"
#include "vector_kernels.h"

#define SM4_KERNELS(level)                                                                                             \
    .sm4_expand_key = sm4_expand_key_##level, .sm4_ecb = sm4_ecb_##level, .sm4_ctr = sm4_ctr_##level,                  \
    .sm4_cbc_encrypt = sm4_cbc_encrypt_##level, .sm4_cbc_decrypt = sm4_cbc_decrypt_##level,                            \
    .sm4_cfb_encrypt = sm4_cfb_encrypt_##level, .sm4_cfb_decrypt = sm4_cfb_decrypt_##level,                            \
    .sm4_ofb = sm4_ofb_##level, .sm4_xts_encrypt = sm4_xts_encrypt_##level,                                            \
    .sm4_xts_decrypt = sm4_xts_decrypt_##level, .sm4_cbc_encrypt_lanes = sm4_cbc_encrypt_lanes_##level

#define DIGEST_KERNELS(level)                                                                                          \
    .md5_lanes = md5_lanes_##level, .sha1_lanes = sha1_lanes_##level, .sha256_lanes = sha256_lanes_##level,            \
    .sha512_lanes = sha512_lanes_##level, .sm3_lanes = sm3_lanes_##level

static const struct vector_kernels kernels[] = {
    {VECTOR_LEVEL_PORTABLE, "portable", SM4_KERNELS(portable), DIGEST_KERNELS(portable)},
#if defined(__x86_64__) && !defined(UACCE_PORTABLE)
    // Four lanes of SSE are no faster than one of the processor's SHA instructions, which libcrypto has.
    {VECTOR_LEVEL_AESNI, "aesni", SM4_KERNELS(aesni), DIGEST_KERNELS(portable)},
    {VECTOR_LEVEL_AVX2, "avx2", SM4_KERNELS(avx2), DIGEST_KERNELS(avx2)},
    {VECTOR_LEVEL_AVX512, "avx512", SM4_KERNELS(avx512), DIGEST_KERNELS(avx512)},
#endif
};

#if defined(__x86_64__) && !defined(UACCE_PORTABLE)
#include <cpuid.h>
#include <stdatomic.h>

// State components the operating system saves and restores, of extended control register 0.
#define XCR0_SSE_AND_AVX 0x06u
#define XCR0_AVX512 0xe0u // mask registers, upper halves of registers 0-15, registers 16-31

static unsigned saved_state(void)
{
    unsigned low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static int has(unsigned value, unsigned bits) { return (value & bits) == bits; }

static enum vector_level find_level(void)
{
    unsigned eax, ebx, ecx, edx;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !has(ecx, bit_SSSE3 | bit_AES))
        return VECTOR_LEVEL_PORTABLE;
    if (!has(ecx, bit_OSXSAVE | bit_AVX))
        return VECTOR_LEVEL_AESNI;
    unsigned state = saved_state();
    if (!has(state, XCR0_SSE_AND_AVX) || !__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx))
        return VECTOR_LEVEL_AESNI;
    if (!has(ebx, bit_AVX2) || !has(ecx, bit_GFNI))
        return VECTOR_LEVEL_AESNI;
    if (!has(state, XCR0_AVX512) || !has(ebx, bit_AVX512F | bit_AVX512BW | bit_AVX512VL))
        return VECTOR_LEVEL_AVX2;
    return VECTOR_LEVEL_AVX512;
}

// Asked once in a process: a virtual machine leaves for its host to answer, which takes microseconds. Threads that ask at
// the same time find the same.
enum vector_level vector_kernels_level(void)
{
    static _Atomic int known; // and one more
    int level = atomic_load_explicit(&known, memory_order_relaxed);
    if (level == 0) {
        level = (int)find_level() + 1;
        atomic_store_explicit(&known, level, memory_order_relaxed);
    }
    return (enum vector_level)(level - 1);
}
#else
enum vector_level vector_kernels_level(void) { return VECTOR_LEVEL_PORTABLE; }
#endif

const struct vector_kernels *vector_kernels_for(enum vector_level level)
{
    enum vector_level highest = vector_kernels_level();
    return &kernels[level < highest ? level : highest];
}
