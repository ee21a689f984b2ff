// SPDX-License-Identifier: Apache-2.0
//
// messages: every kind of message, against libcrypto where it has the same; and messages that make no sense.

#include "warpdrive_program.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define SIZE 100000

static unsigned char input[SIZE], output[SIZE + 64], expected[SIZE + 64], key[64], iv[16];
static int checks;

static void *receive(struct wd_queue *queue)
{
    void *done = NULL;
    CHECK_EQUAL(wd_recv_sync(queue, &done, 5000), 0);
    return done;
}

static void cipher(struct wd_queue *queue, const char *name, int alg, int mode, int key_bytes, int bytes, int encrypts)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    const EVP_CIPHER *evp = EVP_get_cipherbyname(name);
    CHECK(context != NULL && evp != NULL);
    int length = 0;
    CHECK(EVP_CipherInit_ex(context, evp, NULL, key, iv, encrypts) == 1);
    CHECK(EVP_CIPHER_CTX_set_padding(context, 0) == 1);
    CHECK(EVP_CipherUpdate(context, expected, &length, input, bytes) == 1 && length == bytes);
    EVP_CIPHER_CTX_free(context);

    struct wd_cipher_msg message = {
        .op = encrypts ? WD_ENCRYPT : WD_DECRYPT, .status = -1, .alg = (uint8_t)alg, .mode = (uint8_t)mode,
        .key = key, .key_bytes = (uint16_t)key_bytes, .iv = iv, .in = input, .out = output, .bytes = (uint32_t)bytes,
    };
    int error = wd_send(queue, &message);
    // Descriptors of v2 have three modes.
    if (strcmp(queue->api, "hisi_qm_v2") == 0 && mode != WD_ECB && mode != WD_CBC && mode != WD_XTS) {
        if (error == 0) {
            CHECK(receive(queue) == &message);
            CHECK_EQUAL(message.status, -EIO);
        }
        return;
    }
    CHECK_EQUAL(error, 0);
    CHECK(receive(queue) == &message);
    if (message.status != 0 || memcmp(output, expected, (size_t)bytes) != 0) {
        fprintf(stderr, "%s, %d bytes: status %d, error %u\n", name, bytes, message.status, message.error);
        exit(1);
    }
    checks++;
}

static void digest(struct wd_queue *queue, const char *name, int alg, int bytes, int key_bytes)
{
    unsigned length = 0;
    const EVP_MD *evp = EVP_get_digestbyname(name);
    CHECK(evp != NULL);
    if (key_bytes > 0)
        CHECK(HMAC(evp, key, key_bytes, input, (size_t)bytes, expected, &length) != NULL);
    else
        CHECK(EVP_Digest(input, (size_t)bytes, expected, &length, evp, NULL) == 1);
    memset(output, 0xee, 80);
    struct wd_digest_msg message = {
        .op = WD_DIGEST, .status = -1, .alg = (uint8_t)alg, .key = key, .key_bytes = (uint16_t)key_bytes,
        .in = input, .bytes = (uint32_t)bytes, .out = output, .out_bytes = 80,
    };
    CHECK_EQUAL(wd_send(queue, &message), 0);
    CHECK(receive(queue) == &message);
    CHECK_EQUAL(message.status, 0);
    CHECK_EQUAL(message.out_bytes, length);
    CHECK(memcmp(output, expected, length) == 0 && output[length] == 0xee);
    checks++;
}

static void compression(int format, int bytes)
{
    struct wd_queue pack, unpack;
    CHECK_EQUAL(request_queue(&pack, "gzip", 0), 0);
    CHECK_EQUAL(request_queue(&unpack, "gzip", 1), 0);
    struct wd_comp_msg message = {
        .op = WD_COMPRESS, .format = (uint32_t)format, .in = input, .bytes = (uint32_t)bytes,
        .out = output, .out_bytes = sizeof(output),
    };
    if (format == WD_DEFLATE && strcmp(pack.api, "hisi_qm_v2") == 0) {
        CHECK_EQUAL(wd_send(&pack, &message), -EINVAL);
        wd_release_queue(&pack);
        wd_release_queue(&unpack);
        return;
    }
    CHECK_EQUAL(wd_send(&unpack, &message), -EINVAL);
    CHECK_EQUAL(wd_send(&pack, &message), 0);
    CHECK(receive(&pack) == &message);
    CHECK_EQUAL(message.status, 0);
    CHECK_EQUAL(message.bytes, bytes);
    CHECK(message.out_bytes > 0 && message.out_bytes < (uint32_t)bytes / 2 + 64);
    uint32_t packed = message.out_bytes;

    // Back again; into too little room; cut short; and with a byte turned.
    struct wd_comp_msg back = {
        .op = WD_DECOMPRESS, .format = (uint32_t)format, .in = output, .bytes = packed,
        .out = expected, .out_bytes = sizeof(expected),
    };
    CHECK_EQUAL(wd_send(&unpack, &back), 0);
    CHECK(receive(&unpack) == &back);
    CHECK_EQUAL(back.status, 0);
    CHECK_EQUAL(back.out_bytes, bytes);
    CHECK_EQUAL(back.bytes, packed);
    CHECK(memcmp(expected, input, (size_t)bytes) == 0);
    struct wd_comp_msg small = back;
    small.bytes = packed;
    small.out_bytes = (uint32_t)bytes - 1;
    CHECK_EQUAL(wd_send(&unpack, &small), 0);
    CHECK(receive(&unpack) == &small);
    CHECK_EQUAL(small.status, -ENOSPC);
    if (format != WD_DEFLATE) {
        output[packed - 1] ^= 1; // of the trailer
        struct wd_comp_msg wrong = back;
        wrong.bytes = packed;
        wrong.out_bytes = sizeof(expected);
        CHECK_EQUAL(wd_send(&unpack, &wrong), 0);
        CHECK(receive(&unpack) == &wrong);
        CHECK_EQUAL(wrong.status, -EBADMSG);
        wrong.bytes = packed;
        wrong.out_bytes = sizeof(expected);
        output[0] ^= 0xff; // of the header
        CHECK_EQUAL(wd_send(&unpack, &wrong), -EBADMSG);
    }
    wd_release_queue(&pack);
    wd_release_queue(&unpack);
    checks += 3;
}

// Messages are received in the order they were sent, and no more are taken than there is room for.
static void order(struct wd_queue *queue)
{
    uint32_t depth = queue->depth;
    CHECK(depth >= 100 && depth < 70000);
    struct wd_cipher_msg *messages = calloc(depth + 1, sizeof(*messages));
    unsigned char(*blocks)[16] = calloc(depth + 1, 16);
    void *done = NULL;
    CHECK(messages != NULL && blocks != NULL);
    CHECK_EQUAL(wd_recv(queue, &done), -ENOENT);
    for (int round = 0; round < 3; round++) {
        for (uint32_t i = 0; i <= depth; i++) {
            messages[i] = (struct wd_cipher_msg){
                .op = WD_ENCRYPT, .alg = WD_AES, .mode = WD_ECB, .key = key, .key_bytes = 16,
                .in = blocks[i], .out = blocks[i], .bytes = 16, .tag = &blocks[i],
            };
            CHECK_EQUAL(wd_send(queue, &messages[i]), i < depth ? 0 : -EBUSY);
        }
        for (uint32_t i = 0; i < depth; i++) {
            CHECK(receive(queue) == &messages[i]);
            CHECK(messages[i].status == 0 && messages[i].tag == &blocks[i]);
            CHECK(memcmp(blocks[i], blocks[0], 16) == 0);
        }
        CHECK_EQUAL(wd_recv(queue, &done), -ENOENT);
    }
    // Released with messages out: nothing is written to them afterwards.
    for (uint32_t i = 0; i < depth; i++)
        CHECK_EQUAL(wd_send(queue, &messages[i]), 0);
    wd_release_queue(queue);
    free(messages);
    free(blocks);
    checks += 4;
}

static void nonsense(struct wd_queue *queue)
{
    struct wd_cipher_msg good = {
        .op = WD_ENCRYPT, .alg = WD_AES, .mode = WD_CBC, .key = key, .key_bytes = 16, .iv = iv,
        .in = input, .out = output, .bytes = 32,
    }, message;
    void *done = NULL;
    message = good; message.op = 99; CHECK_EQUAL(wd_send(queue, &message), -EINVAL);
    message = good; message.op = WD_COMPRESS; CHECK_EQUAL(wd_send(queue, &message), -EINVAL);
    message = good; message.alg = 0; CHECK_EQUAL(wd_send(queue, &message), -EINVAL);
    message = good; message.mode = 77; CHECK_EQUAL(wd_send(queue, &message), -EINVAL);
    message = good; message.key_bytes = 15; CHECK_EQUAL(wd_send(queue, &message), -EINVAL);
    message = good; message.bytes = 0; CHECK_EQUAL(wd_send(queue, &message), -EINVAL);
    message = good; message.bytes = 33; CHECK_EQUAL(wd_send(queue, &message), -EINVAL);
    message = good; message.bytes = WD_SEC_BYTES + 16; CHECK_EQUAL(wd_send(queue, &message), -EINVAL);
    message = good; message.in = NULL; CHECK_EQUAL(wd_send(queue, &message), -EFAULT);
    message = good; message.out = NULL; CHECK_EQUAL(wd_send(queue, &message), -EFAULT);
    message = good; message.iv = NULL; CHECK_EQUAL(wd_send(queue, &message), -EFAULT);
    message = good; message.key = NULL; CHECK_EQUAL(wd_send(queue, &message), -EFAULT);
    CHECK_EQUAL(wd_send(queue, NULL), -EINVAL);
    CHECK_EQUAL(wd_send(NULL, &good), -EINVAL);
    CHECK_EQUAL(wd_recv(queue, &done), -ENOENT);
    struct wd_queue none;
    CHECK_EQUAL(request_queue(&none, "rot13", 0), -ENODEV);
    CHECK_EQUAL(request_queue(&none, "gzip", 2), -EINVAL);
    CHECK_EQUAL(wd_send(&none, &good), -EINVAL);
    wd_release_queue(&none);
    memset(&none, 0, sizeof(none));
    strcpy(none.dev_path, "/dev/hisi_nothing-0");
    CHECK_EQUAL(wd_request_queue(&none), -ENODEV);
    memset(none.dev_path, 'x', sizeof(none.dev_path));
    CHECK_EQUAL(wd_request_queue(&none), -EINVAL);
    // The queue is none the worse for it.
    CHECK_EQUAL(encrypts_the_example(queue), 0);
    checks += 20;
}

// Only what was shared may be pointed to, to the byte.
static void sharing(void)
{
    struct wd_queue queue = {.capa = {.alg = "cipher", .flags = WD_SHARE_FIRST}};
    CHECK_EQUAL(wd_request_queue(&queue), 0);
    CHECK(queue.flags & WD_QUEUE_SHARE_FIRST);
    struct wd_cipher_msg message = {
        .op = WD_ENCRYPT, .alg = WD_AES, .mode = WD_CBC, .key = key, .key_bytes = 16, .iv = iv,
        .in = input, .out = output, .bytes = 4096,
    };
    CHECK_EQUAL(wd_send(&queue, &message), -EFAULT);
    CHECK_EQUAL(wd_mem_share(&queue, key, sizeof(key), 0), 0);
    CHECK_EQUAL(wd_mem_share(&queue, iv, sizeof(iv), 0), 0);
    CHECK_EQUAL(wd_mem_share(&queue, input, 4095, 0), 0);
    CHECK_EQUAL(wd_mem_share(&queue, output, 4096, 0), 0);
    CHECK_EQUAL(wd_send(&queue, &message), -EFAULT);
    wd_mem_unshare(&queue, input, 4095);
    CHECK_EQUAL(wd_mem_share(&queue, input, 4096, 0), 0);
    CHECK_EQUAL(wd_send(&queue, &message), 0);
    CHECK(receive(&queue) == &message);
    CHECK_EQUAL(message.status, 0);
    wd_mem_unshare(&queue, output, 4096);
    CHECK_EQUAL(wd_send(&queue, &message), -EFAULT);
    CHECK_EQUAL(wd_mem_share(&queue, NULL, 1, 0), -EINVAL);
    CHECK_EQUAL(wd_mem_share(&queue, input, 0, 0), -EINVAL);
    CHECK_EQUAL(wd_mem_share(&queue, input, SIZE_MAX / 2 + 1, 0), -EINVAL);
    CHECK_EQUAL(wd_mem_share(&queue, input, 1, 1), -EINVAL);
    for (int i = 3; i < WD_SHARES; i++)
        CHECK_EQUAL(wd_mem_share(&queue, input + i, 1, 0), 0);
    CHECK_EQUAL(wd_mem_share(&queue, input, 1, 0), -ENOMEM);
    wd_release_queue(&queue);
    checks += 10;
}

int main(void)
{
    for (int i = 0; i < SIZE; i++)
        input[i] = (unsigned char)(i % 251 * (i / 1000));
    for (int i = 0; i < 64; i++)
        key[i] = (unsigned char)(i * 5 + 1);
    memset(iv, 0xff, sizeof(iv)); // the first counter is the last one
    struct wd_queue queue;
    CHECK_EQUAL(request_queue(&queue, "cipher", 0), 0);
    CHECK(strncmp(queue.dev_path, "hisi_sec2-", 10) == 0 && strcmp(queue.hw_type, "hisi_sec2") == 0);
    for (int encrypts = 0; encrypts <= 1; encrypts++) {
        cipher(&queue, "aes-128-ecb", WD_AES, WD_ECB, 16, 4096, encrypts);
        cipher(&queue, "aes-192-cbc", WD_AES, WD_CBC, 24, 99984, encrypts);
        cipher(&queue, "aes-256-ctr", WD_AES, WD_CTR, 32, 99999, encrypts);
        cipher(&queue, "aes-128-ofb", WD_AES, WD_OFB, 16, 1001, encrypts);
        cipher(&queue, "aes-256-cfb", WD_AES, WD_CFB, 32, 777, encrypts);
        cipher(&queue, "aes-128-xts", WD_AES, WD_XTS, 32, 4099, encrypts);
        cipher(&queue, "aes-256-xts", WD_AES, WD_XTS, 64, 512, encrypts);
        cipher(&queue, "sm4-cbc", WD_SM4, WD_CBC, 16, 65536, encrypts);
        cipher(&queue, "sm4-ctr", WD_SM4, WD_CTR, 16, 31, encrypts);
        cipher(&queue, "des-ede3-cbc", WD_3DES, WD_CBC, 24, 8008, encrypts);
    }
    static const struct {
        const char *name;
        int alg, block;
    } digests[] = {
        {"md5", WD_MD5, 64},       {"sha1", WD_SHA1, 64},     {"sha224", WD_SHA224, 64},
        {"sha256", WD_SHA256, 64}, {"sha384", WD_SHA384, 128}, {"sha512", WD_SHA512, 128},
        {"sha512-224", WD_SHA512_224, 128}, {"sha512-256", WD_SHA512_256, 128}, {"sm3", WD_SM3, 64},
    };
    for (size_t i = 0; i < sizeof(digests) / sizeof(*digests); i++) {
        for (int bytes = 1; bytes < SIZE; bytes = bytes * 7 + 3)
            digest(&queue, digests[i].name, digests[i].alg, bytes, 0);
        digest(&queue, digests[i].name, digests[i].alg, 1000, 20);
        digest(&queue, digests[i].name, digests[i].alg, 99999, 64);
    }
    nonsense(&queue);
    order(&queue);
    sharing();
    for (int format = WD_DEFLATE; format <= WD_GZIP; format++) {
        compression(format, 300);
        compression(format, SIZE);
    }
    printf("%d messages and refusals as they should be\n", checks);
    return 0;
}
