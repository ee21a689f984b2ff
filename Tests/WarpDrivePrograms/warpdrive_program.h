// SPDX-License-Identifier: Apache-2.0
//
// What the programs that try libuacce-wd share: a check that tells where it failed, and a queue with a request on it.

#ifndef WARPDRIVE_PROGRAM_H
#define WARPDRIVE_PROGRAM_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uacce_wd.h>

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                                    \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

#define CHECK_EQUAL(value, expected)                                                                                   \
    do {                                                                                                               \
        long long got = (value), wanted = (expected);                                                                  \
        if (got != wanted) {                                                                                           \
            fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #value, got, wanted);                 \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

static inline int request_queue(struct wd_queue *queue, const char *algorithm, uint32_t type)
{
    memset(queue, 0, sizeof(*queue));
    queue->capa.alg = algorithm;
    queue->capa.type = type;
    return wd_request_queue(queue);
}

// One block through AES-128-ECB, compared with FIPS 197, appendix C.1.
static inline int encrypts_the_example(struct wd_queue *queue)
{
    static const unsigned char expected[16] = {0x69, 0xc4, 0xe0, 0xd8, 0x6a, 0x7b, 0x04, 0x30,
                                               0xd8, 0xcd, 0xb7, 0x80, 0x70, 0xb4, 0xc5, 0x5a};
    unsigned char key[16], block[16];
    for (int i = 0; i < 16; i++) {
        key[i] = (unsigned char)i;
        block[i] = (unsigned char)(i * 0x11);
    }
    struct wd_cipher_msg message = {
        .op = WD_ENCRYPT, .status = -1, .alg = WD_AES, .mode = WD_ECB, .key = key, .key_bytes = 16,
        .in = block, .out = block, .bytes = 16,
    };
    void *done = NULL;
    int error = wd_send(queue, &message);
    if (error != 0)
        return error;
    error = wd_recv_sync(queue, &done, 5000);
    if (error != 0)
        return error;
    return done == &message && message.status == 0 && memcmp(block, expected, 16) == 0 ? 0 : 1;
}

#endif
