// SPDX-License-Identifier: Apache-2.0
//
// seal FILE OUTPUT KEY IV: compresses a file and encrypts it, both on queues of uacce devices.
//
// KEY: 64 hexadecimal digits, IV: 32. What comes out is gzip (a member for each piece of the file) under AES-256-CTR:
//
//     openssl enc -d -aes-256-ctr -K KEY -iv IV -in OUTPUT | gunzip
//
// Both steps keep as many requests under way as there are buffers, so that a device may work on several at a time.
// Build: cc seal.c $(pkg-config --cflags --libs uacce-wd)
// With SHARE=first in the environment the queues take only memory that was shared with them.

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <uacce_wd.h>
#include <unistd.h>

#define PIECE (256u << 10)           // bytes of the file in one request
#define ROOM (PIECE + PIECE / 8 + 64) // what a piece may become that does not compress
#define BUFFERS 16                    // requests under way at a time

static _Noreturn void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("seal: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static void from_hex(const char *text, unsigned char *bytes, size_t count, const char *name)
{
    if (strlen(text) != 2 * count)
        fail("%s has %zu hexadecimal digits", name, 2 * count);
    for (size_t i = 0; i < count; i++)
        if (sscanf(text + 2 * i, "%2hhx", &bytes[i]) != 1)
            fail("%s is no hexadecimal number", name);
}

static void request(struct wd_queue *queue, const char *algorithm, uint32_t type)
{
    const char *share = getenv("SHARE");
    memset(queue, 0, sizeof(*queue));
    queue->capa.alg = algorithm;
    queue->capa.type = type;
    queue->capa.flags = share != NULL && strcmp(share, "first") == 0 ? WD_SHARE_FIRST : 0;
    int error = wd_request_queue(queue);
    if (error != 0)
        fail("no queue for %s: %s", algorithm, strerror(-error));
    fprintf(stderr, "%s: %s (%s)\n", algorithm, queue->dev_path, queue->api);
}

static void share(struct wd_queue *queue, const void *memory, size_t size)
{
    int error = wd_mem_share(queue, memory, size, 0);
    if (error != 0)
        fail("cannot share memory: %s", strerror(-error));
}

static void *receive(struct wd_queue *queue)
{
    void *message;
    int error = wd_recv_sync(queue, &message, 0);
    if (error != 0)
        fail("nothing comes back: %s", strerror(-error));
    return message;
}

// The file, compressed, in one piece of memory.
static unsigned char *compress_file(const unsigned char *input, size_t size, size_t *sealed)
{
    struct wd_queue queue;
    request(&queue, "gzip", 0);
    size_t pieces = (size + PIECE - 1) / PIECE;
    struct wd_comp_msg messages[BUFFERS];
    unsigned char *buffers = malloc(BUFFERS * (size_t)ROOM);
    unsigned char *output = malloc(pieces * (size_t)ROOM);
    if (buffers == NULL || output == NULL)
        fail("no memory");
    share(&queue, input, size);
    share(&queue, buffers, BUFFERS * (size_t)ROOM);

    size_t sent = 0, received = 0, length = 0;
    while (received < pieces) {
        if (sent < pieces && sent - received < BUFFERS) {
            struct wd_comp_msg *message = &messages[sent % BUFFERS];
            size_t offset = sent * (size_t)PIECE;
            *message = (struct wd_comp_msg){
                .op = WD_COMPRESS,
                .format = WD_GZIP,
                .in = input + offset,
                .bytes = (uint32_t)(size - offset < PIECE ? size - offset : PIECE),
                .out = buffers + sent % BUFFERS * (size_t)ROOM,
                .out_bytes = ROOM,
            };
            int error = wd_send(&queue, message);
            if (error == 0) {
                sent++;
                continue;
            }
            if (error != -EBUSY)
                fail("cannot compress: %s", strerror(-error));
        }
        struct wd_comp_msg *done = receive(&queue);
        if (done->status != 0)
            fail("compression failed: %s, the device says %#x", strerror(-done->status), done->error);
        memcpy(output + length, done->out, done->out_bytes);
        length += done->out_bytes;
        received++;
    }
    wd_mem_unshare(&queue, buffers, BUFFERS * (size_t)ROOM);
    wd_mem_unshare(&queue, input, size);
    wd_release_queue(&queue);
    free(buffers);
    *sealed = length;
    return output;
}

// The counter block that is `blocks` behind the first (NIST SP 800-38A, B.1: all 128 bits count).
static void advance(unsigned char *counter, const unsigned char *first, size_t blocks)
{
    memcpy(counter, first, 16);
    for (int i = 15; i >= 0 && blocks > 0; i--) {
        blocks += counter[i];
        counter[i] = (unsigned char)blocks;
        blocks >>= 8;
    }
}

static void encrypt(unsigned char *data, size_t size, const unsigned char *key, const unsigned char *iv)
{
    struct wd_queue queue;
    request(&queue, "cipher", 0);
    struct {
        struct wd_cipher_msg messages[BUFFERS];
        unsigned char counters[BUFFERS][16];
        unsigned char key[32];
    } memory;
    memcpy(memory.key, key, 32);
    share(&queue, data, size);
    share(&queue, &memory, sizeof(memory));

    size_t pieces = (size + PIECE - 1) / PIECE, sent = 0, received = 0;
    while (received < pieces) {
        if (sent < pieces && sent - received < BUFFERS) {
            size_t offset = sent * (size_t)PIECE;
            // Counters of different pieces do not depend on one another, so many may be under way.
            advance(memory.counters[sent % BUFFERS], iv, offset / 16);
            memory.messages[sent % BUFFERS] = (struct wd_cipher_msg){
                .op = WD_ENCRYPT,
                .alg = WD_AES,
                .mode = WD_CTR,
                .key = memory.key,
                .key_bytes = 32,
                .iv = memory.counters[sent % BUFFERS],
                .in = data + offset,
                .out = data + offset,
                .bytes = (uint32_t)(size - offset < PIECE ? size - offset : PIECE),
            };
            int error = wd_send(&queue, &memory.messages[sent % BUFFERS]);
            if (error == 0) {
                sent++;
                continue;
            }
            if (error != -EBUSY)
                fail("cannot encrypt: %s", strerror(-error));
        }
        struct wd_cipher_msg *done = receive(&queue);
        if (done->status != 0)
            fail("encryption failed: %s, the device says %#x", strerror(-done->status), done->error);
        received++;
    }
    wd_release_queue(&queue);
    explicit_bzero(memory.key, sizeof(memory.key));
}

int main(int count, char **arguments)
{
    if (count != 5) {
        fputs("usage: seal FILE OUTPUT KEY IV\n", stderr);
        return 2;
    }
    unsigned char key[32], iv[16];
    from_hex(arguments[3], key, sizeof(key), "KEY");
    from_hex(arguments[4], iv, sizeof(iv), "IV");

    int file = open(arguments[1], O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0)
        fail("%s: %s", arguments[1], strerror(errno));
    if (status.st_size == 0)
        fail("%s is empty", arguments[1]);
    size_t size = (size_t)status.st_size;
    unsigned char *input = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
    if (input == MAP_FAILED)
        fail("%s: %s", arguments[1], strerror(errno));

    size_t sealed;
    unsigned char *output = compress_file(input, size, &sealed);
    encrypt(output, sealed, key, iv);

    FILE *to = fopen(arguments[2], "wb");
    if (to == NULL || fwrite(output, 1, sealed, to) != sealed || fclose(to) != 0)
        fail("%s: %s", arguments[2], strerror(errno));
    fprintf(stderr, "%zu bytes became %zu\n", size, sealed);
    explicit_bzero(key, sizeof(key));
    free(output);
    munmap(input, size);
    close(file);
    return 0;
}
