// SPDX-License-Identifier: Apache-2.0
//
// Throughput of the vector kernels, level by level, in GB/s (10^9 bytes). Build and run from the project's folder:
//
//     clang -O3 -ISources/Units/VectorKernels/include -o /tmp/vector_kernels Benchmarks/vector_kernels.c \
//         Sources/Units/VectorKernels/*.c && /tmp/vector_kernels [level]

#include "vector_kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_BYTES = 256 << 10, MOST_LANES = 32, LANE_BYTES = 16 << 10, TRIES = 7 };

static uint8_t buffers[MOST_LANES][MOST_BYTES];
static uint32_t round_keys[32];
static uint8_t iv[MOST_LANES][16];
static uint64_t states[MOST_LANES][8];
static const struct vector_kernels *kernels;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

// Seconds of one call, the best of some tries of two milliseconds.
static double measure(void (*work)(size_t kind, size_t bytes, size_t lanes), size_t kind, size_t bytes, size_t lanes)
{
    double best = 1;
    size_t calls = 1;
    for (int try = 0; try < TRIES;) {
        double start = now();
        for (size_t call = 0; call < calls; call++)
            work(kind, bytes, lanes);
        double taken = now() - start;
        if (taken < 0.002) {
            calls *= 2;
            continue;
        }
        if (taken / (double)calls < best)
            best = taken / (double)calls;
        try++;
    }
    return best;
}

static const char *const mode_names[] = {"ecb", "ctr",     "cbc decrypt", "cfb decrypt", "xts",
                                         "xts gb", "cbc encrypt", "cfb encrypt", "ofb",   "expand key"};

static void run_mode(size_t mode, size_t bytes, size_t lanes)
{
    (void)lanes;
    uint8_t *data = buffers[0];
    size_t blocks = bytes / 16;
    switch (mode) {
    case 0: kernels->sm4_ecb(round_keys, data, data, blocks); break;
    case 1: kernels->sm4_ctr(round_keys, iv[0], data, data, blocks); break;
    case 2: kernels->sm4_cbc_decrypt(round_keys, iv[0], data, data, blocks); break;
    case 3: kernels->sm4_cfb_decrypt(round_keys, iv[0], data, data, blocks); break;
    case 4: kernels->sm4_xts_encrypt(round_keys, SM4_XTS_IEEE, iv[0], data, data, bytes); break;
    case 5: kernels->sm4_xts_encrypt(round_keys, SM4_XTS_GB, iv[0], data, data, bytes); break;
    case 6: kernels->sm4_cbc_encrypt(round_keys, iv[0], data, data, blocks); break;
    case 7: kernels->sm4_cfb_encrypt(round_keys, iv[0], data, data, blocks); break;
    case 8: kernels->sm4_ofb(round_keys, iv[0], data, data, blocks); break;
    case 9: kernels->sm4_expand_key(data, round_keys); break;
    }
}

static const char *const lane_names[] = {"sm4 cbc", "md5", "sha1", "sha256", "sha512", "sm3"};

static void run_lanes(size_t kind, size_t bytes, size_t lanes)
{
    if (kind == 0) {
        struct sm4_cbc_lane all[MOST_LANES];
        for (size_t lane = 0; lane < lanes; lane++)
            all[lane] = (struct sm4_cbc_lane){round_keys, buffers[lane], buffers[lane], bytes, iv[lane]};
        kernels->sm4_cbc_encrypt_lanes(all, lanes);
        return;
    }
    digest_lanes_function *const digests[] = {kernels->md5_lanes, kernels->sha1_lanes, kernels->sha256_lanes,
                                              kernels->sha512_lanes, kernels->sm3_lanes};
    struct digest_lane all[MOST_LANES];
    for (size_t lane = 0; lane < lanes; lane++)
        all[lane] = (struct digest_lane){states[lane], buffers[lane], bytes / (kind == 4 ? 128 : 64)};
    digests[kind - 1](all, lanes);
}

static void report(enum vector_level level)
{
    static const size_t sizes[] = {256, 1024, 16384, MOST_BYTES}, counts[] = {1, 2, 4, 8, 16, 32};
    kernels = vector_kernels_for(level);
    printf("\n%s\n%-14s%10s%10s%10s%10s\n", kernels->name, "SM4, bytes:", "256", "1 Ki", "16 Ki", "256 Ki");
    for (size_t mode = 0; mode < 9; mode++) {
        printf("%-14s", mode_names[mode]);
        for (size_t index = 0; index < 4; index++)
            printf("%10.2f", 1e-9 * (double)sizes[index] / measure(run_mode, mode, sizes[index], 1));
        printf("\n");
    }
    printf("%-14s%10.0f ns\n", mode_names[9], 1e9 * measure(run_mode, 9, 0, 1));
    for (size_t bytes = 256; bytes <= LANE_BYTES; bytes *= 64) {
        printf("lanes of %-5zu%10s%10s%10s%10s%10s%10s  ns of all lanes' 64 bytes\n", bytes, "1", "2", "4", "8", "16", "32");
        for (size_t kind = 0; kind < 6; kind++) {
            double pass = 0;
            printf("%-14s", lane_names[kind]);
            for (size_t index = 0; index < 6; index++) {
                double taken = measure(run_lanes, kind, bytes, counts[index]);
                printf("%10.2f", 1e-9 * (double)(bytes * counts[index]) / taken);
                if (counts[index] == 2)
                    pass = taken / ((double)bytes / 64);
            }
            printf("%8.0f\n", 1e9 * pass);
        }
    }
}

int main(int count, char **arguments)
{
    for (int lane = 0; lane < MOST_LANES; lane++)
        memset(buffers[lane], lane, MOST_BYTES);
    vector_kernels_for(VECTOR_LEVEL_PORTABLE)->sm4_expand_key(buffers[3], round_keys);
    for (enum vector_level level = VECTOR_LEVEL_PORTABLE; level <= vector_kernels_level(); level++)
        if (count < 2 || atoi(arguments[1]) == (int)level)
            report(level);
    return 0;
}
