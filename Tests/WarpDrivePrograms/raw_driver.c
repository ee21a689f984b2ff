// SPDX-License-Identifier: Apache-2.0
//
// raw_driver: a user driver of a program's own, in the place of the built-in one. It writes descriptors and rings
// doorbells itself, and knows nothing but the ABI's headers.

#include "warpdrive_program.h"

#include <hisi_qm.h>
#include <hisi_sec.h>

struct raw {
    unsigned char *dus;
    size_t dus_size;
    uint32_t entry_size, depth;
    uint16_t number, tail, head, phase;
    void *out[HISI_QM_QUEUE_DEPTH];
};

static int opened, closed;

static int raw_open(struct wd_queue *q)
{
    struct raw *raw = calloc(1, sizeof(*raw));
    if (raw == NULL)
        return -ENOMEM;
    size_t mmio_size;
    uint16_t sq_depth, cq_depth;
    raw->dus = wd_drv_mmap(q, WD_REGION_DUS, &raw->dus_size);
    CHECK(raw->dus != NULL);
    CHECK(wd_drv_mmap(q, WD_REGION_DUS, NULL) == NULL && errno == EEXIST);
    CHECK(wd_drv_mmap(q, WD_REGION_MMIO, &mmio_size) != NULL && mmio_size > HISI_QM_DOORBELL_V2);
    CHECK_EQUAL(wd_drv_set_context(q, 7, NULL), -EINVAL);
    CHECK_EQUAL(wd_drv_set_context(q, 0, &raw->number), 0);
    CHECK_EQUAL(wd_drv_information(q, &raw->entry_size, &sq_depth, &cq_depth), 0);
    CHECK(raw->entry_size == sizeof(struct hisi_sec_bd3) && sq_depth == cq_depth && sq_depth <= HISI_QM_QUEUE_DEPTH);
    CHECK_EQUAL(wd_drv_start(q), 0);
    CHECK_EQUAL(wd_drv_start(q), -EINVAL);
    raw->depth = sq_depth;
    raw->phase = 1;
    q->priv = raw;
    q->depth = sq_depth - 1;
    opened++;
    return 0;
}

static void raw_close(struct wd_queue *q)
{
    wd_drv_stop(q);
    free(q->priv);
    closed++;
}

static void ring(struct wd_queue *q, uint64_t command, uint64_t index)
{
    struct raw *raw = q->priv;
    wd_drv_ring(q, HISI_QM_DOORBELL_V2, raw->number | command << 12 | index << 32);
}

// A message is a descriptor.
static int raw_send(struct wd_queue *q, void *request)
{
    struct raw *raw = q->priv;
    if ((raw->tail + 1) % raw->depth == raw->head)
        return -EBUSY;
    struct hisi_sec_bd3 *descriptor = request;
    if (wd_drv_check(q, (void *)(uintptr_t)descriptor->data_src_addr, descriptor->c_len) != 0)
        return -EFAULT;
    memcpy(raw->dus + raw->tail * (size_t)raw->entry_size, request, raw->entry_size);
    raw->out[raw->tail] = request;
    raw->tail = (uint16_t)((raw->tail + 1) % raw->depth);
    ring(q, HISI_QM_DOORBELL_SQ, raw->tail);
    return 0;
}

static int raw_recv(struct wd_queue *q, void **request)
{
    struct raw *raw = q->priv;
    if (raw->head == raw->tail)
        return -ENOENT;
    wd_drv_advance(q);
    struct hisi_qm_cqe *completion =
        (struct hisi_qm_cqe *)(raw->dus + (size_t)raw->entry_size * raw->depth) + raw->head;
    if ((__atomic_load_n(&completion->w7, __ATOMIC_ACQUIRE) & 1) != raw->phase)
        return -EAGAIN;
    CHECK_EQUAL(completion->sq_head, raw->head);
    *request = raw->out[raw->head];
    memcpy(*request, raw->dus + raw->head * (size_t)raw->entry_size, raw->entry_size);
    raw->head = (uint16_t)((raw->head + 1) % raw->depth);
    if (raw->head == 0)
        raw->phase ^= 1;
    ring(q, HISI_QM_DOORBELL_CQ, raw->head);
    return 0;
}

int main(void)
{
    static const struct wd_driver driver = {"hisi_sec2", raw_open, raw_close, raw_send, raw_recv};
    static const struct wd_driver broken = {"hisi_sec2", raw_open, NULL, raw_send, raw_recv};
    CHECK_EQUAL(wd_register_driver(NULL), -EINVAL);
    CHECK_EQUAL(wd_register_driver(&broken), -EINVAL);
    CHECK_EQUAL(wd_register_driver(&driver), 0);

    struct wd_queue queue;
    CHECK_EQUAL(request_queue(&queue, "cipher", 0), 0);
    CHECK_EQUAL(opened, 1);
    CHECK(strcmp(queue.api, "hisi_qm_v3") == 0);

    static const unsigned char expected[16] = {0x69, 0xc4, 0xe0, 0xd8, 0x6a, 0x7b, 0x04, 0x30,
                                               0xd8, 0xcd, 0xb7, 0x80, 0x70, 0xb4, 0xc5, 0x5a};
    unsigned char key[16], block[16], result[16];
    for (int i = 0; i < 16; i++) {
        key[i] = (unsigned char)i;
        block[i] = (unsigned char)(i * 0x11);
    }
    struct hisi_sec_bd3 template = {0}, descriptor;
    template.type = 3;
    template.scene = 1; // IPSEC
    template.de = 1;
    template.cipher = 1; // encrypt
    template.c_alg = 2;  // AES
    template.c_mode = 0; // ECB
    template.c_len = 16;
    template.data_src_addr = (uintptr_t)block;
    template.data_dst_addr_l = (uint32_t)(uintptr_t)result;
    template.data_dst_addr_h = (uint32_t)((uintptr_t)result >> 32);
    template.c_key_addr = (uintptr_t)key;
    // Several times around the rings.
    for (int round = 0; round < 5000; round++) {
        void *done = NULL;
        memset(result, 0, sizeof(result));
        descriptor = template;
        descriptor.tag = (uint64_t)round;
        CHECK_EQUAL(wd_send(&queue, &descriptor), 0);
        CHECK_EQUAL(wd_recv_sync(&queue, &done, 5000), 0);
        CHECK(done == &descriptor && descriptor.tag == (uint64_t)round);
        CHECK(descriptor.result.done == 1 && descriptor.result.error_type == 0);
        CHECK(memcmp(result, expected, 16) == 0);
    }
    // And one that makes no sense: the device says so.
    void *done;
    descriptor = template;
    descriptor.c_mode = 15;
    CHECK_EQUAL(wd_send(&queue, &descriptor), 0);
    CHECK_EQUAL(wd_recv_sync(&queue, &done, 5000), 0);
    CHECK(descriptor.result.done == 1 && descriptor.result.error_type != 0);
    wd_release_queue(&queue);
    CHECK_EQUAL(closed, 1);
    printf("a driver of the program's own did 5001 descriptors\n");
    return 0;
}
