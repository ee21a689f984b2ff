// SPDX-License-Identifier: Apache-2.0
//
// faults: with LIBUACCE_WD_FAULTS=descriptor@3,remove@21 on a device of this process. A descriptor that fails is told, and
// costs no other; a device that goes away gives back what was out, and nothing waits for it.

#include "warpdrive_program.h"

#include <time.h>

#define COUNT 100

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(void)
{
    static const unsigned char key[16];
    static unsigned char blocks[COUNT][16];
    static struct wd_cipher_msg messages[COUNT];
    struct wd_queue queue;
    CHECK_EQUAL(request_queue(&queue, "cipher", 0), 0);
    // The first twenty are done one by one, and the third of them fails.
    int done_count = 0, failed = 0, canceled = 0;
    void *done;
    for (int i = 0; i < 20; i++) {
        messages[i] = (struct wd_cipher_msg){
            .op = WD_ENCRYPT, .status = 77, .alg = WD_AES, .mode = WD_ECB, .key = key, .key_bytes = 16,
            .in = blocks[i], .out = blocks[i], .bytes = 16,
        };
        CHECK_EQUAL(wd_send(&queue, &messages[i]), 0);
        CHECK_EQUAL(wd_recv_sync(&queue, &done, 2000), 0);
        CHECK(done == &messages[i]);
        if (i == 2) {
            CHECK_EQUAL(messages[i].status, -EIO);
            CHECK(messages[i].error != 0);
            failed++;
        } else {
            CHECK_EQUAL(messages[i].status, 0);
            done_count++;
        }
    }
    // The device goes while the rest is out.
    double begin = seconds();
    // A device with threads may go before all is sent, and after it has done something that it could not tell.
    int has_threads = getenv("LIBUACCE_WD_ENGINE_THREADS") != NULL, sent = 20;
    for (; sent < COUNT; sent++) {
        messages[sent] = messages[0];
        messages[sent].status = 77;
        messages[sent].in = messages[sent].out = blocks[sent];
        int error = wd_send(&queue, &messages[sent]);
        if (has_threads && error == -ENODEV)
            break;
        CHECK_EQUAL(error, 0);
    }
    for (int i = 20; i < sent; i++) {
        CHECK_EQUAL(wd_recv_sync(&queue, &done, 2000), 0);
        CHECK(done == &messages[i]);
        CHECK(messages[i].status == 0 || messages[i].status == -ECANCELED);
        if (messages[i].status == -ECANCELED && !has_threads)
            CHECK(blocks[i][0] == 0 && blocks[i][15] == 0);
        canceled += messages[i].status == -ECANCELED;
    }
    CHECK(canceled > 0 || sent == 20);
    CHECK_EQUAL(wd_recv(&queue, &done), -ENOENT);
    CHECK_EQUAL(wd_send(&queue, &messages[0]), -ENODEV);
    CHECK(seconds() - begin < 2);
    wd_release_queue(&queue);
    CHECK_EQUAL(request_queue(&queue, "cipher", 0), -ENODEV);
    printf("%d done, %d failed, %d canceled when the device went\n", done_count, failed, canceled);
    return 0;
}
