// SPDX-License-Identifier: Apache-2.0
//
// compression: a hisi_zip device, told by hardware's descriptors, compresses and gets its own back, zlib and gzip. The
// queue's type is its direction. Wants a device of that kind: uaccectl run --devices zip:1.

#include "node_program.h"

#include <dirent.h>

enum { PLAIN = 200000, ROOM = 2 * PLAIN };
enum { ZLIB = 2, GZIP = 3 };
enum { COMPRESS = 0, DECOMPRESS = 1 };

static bool v2;

static bool find_device(void)
{
    DIR *directory = opendir("/sys/class/uacce");
    bool is_found = false;
    for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
        if (strncmp(entry->d_name, "hisi_zip-", 9) != 0) continue;
        snprintf(device, sizeof device, "%.31s", entry->d_name);
        is_found = true;
    }
    if (directory != NULL) closedir(directory);
    return is_found;
}

static void put32(uint8_t *slot, int word, uint32_t value) { memcpy(slot + 4 * word, &value, 4); }
static uint32_t get32(const uint8_t *slot, int word)
{
    uint32_t value;
    memcpy(&value, slot + 4 * word, 4);
    return value;
}
static void put_address(uint8_t *slot, int offset, const void *address)
{
    uint64_t value = (uintptr_t)address;
    memcpy(slot + offset, &value, 8);
}

/// One whole request. Returns the bytes produced, and in *status what the device said of it.
static uint32_t request(
    struct queue *queue, int algorithm, const void *source, uint32_t length, void *target, uint32_t room, uint32_t *status)
{
    uint8_t *slot = queue_slot(queue, queue->posted);
    memset(slot, 0, ENTRY);
    put32(slot, 4, length);
    // Stream begins, and ends with this; descriptor type 0 on v2, 3 later.
    put32(slot, 7, 1u << 25 | 1u << 27 | (v2 ? 0u : 3u << 28));
    put32(slot, 9, (uint32_t)algorithm);
    put32(slot, v2 ? 13 : 26, 0xabcd);
    put32(slot, 14, room);
    put_address(slot, 72, source);
    put_address(slot, 80, target);
    queue_post(queue);
    bool is_done = queue_await(queue, 5) >= 0;
    queue_acknowledge(queue, false);
    *status = is_done ? get32(slot, 3) & 0xff : 0x100;
    CHECK(is_done && get32(slot, v2 ? 13 : 26) == 0xabcd);
    return get32(slot, 1);
}

/// A queue of a type: queue_open() has type 0.
static bool open_typed(struct queue *queue, uint16_t type)
{
    uint16_t context[2] = {0, type};
    return queue_open(queue) && ioctl(queue->file, PUT_QUEUE) == 0 && ioctl(queue->file, SET_CONTEXT, context) == 0 &&
        ioctl(queue->file, START_QUEUE) == 0;
}

int main(void)
{
    if (!CHECK(find_device())) return finish();
    v2 = is_v2();
    char text[64];
    CHECK(attribute("algorithms", text, sizeof text) > 0 &&
        strcmp(text, v2 ? "zlib\ngzip\n" : "zlib\ngzip\ndeflate\n") == 0);
    struct queue deflating, inflating;
    if (!CHECK(open_typed(&deflating, COMPRESS)) || !CHECK(open_typed(&inflating, DECOMPRESS))) return finish();

    uint8_t *plain = malloc(PLAIN), *packed = malloc(ROOM), *again = malloc(ROOM);
    for (int index = 0; index < PLAIN; index++) plain[index] = (uint8_t)((index / 7 * 2654435761u >> 13) % 61);
    for (int algorithm = ZLIB; algorithm <= GZIP; algorithm++) {
        uint32_t status;
        uint32_t length = request(&deflating, algorithm, plain, PLAIN, packed, ROOM, &status);
        CHECK((status == 0 || status == 0x0d) && length > 100 && length < PLAIN);
        memset(again, 0, ROOM);
        uint32_t back = request(&inflating, algorithm, packed, length, again, ROOM, &status);
        CHECK((status == 0 || status == 0x13) && back == PLAIN && memcmp(again, plain, PLAIN) == 0);
        // A checksum that is wrong is seen.
        packed[length - (algorithm == ZLIB ? 1 : 5)] ^= 1;
        request(&inflating, algorithm, packed, length, again, ROOM, &status);
        CHECK(status != 0 && status != 0x13 && status < 0x100);
    }
    queue_close(&deflating);
    queue_close(&inflating);
    free(plain);
    free(packed);
    free(again);
    return finish();
}
