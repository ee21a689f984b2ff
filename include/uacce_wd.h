// SPDX-License-Identifier: Apache-2.0
//
// WarpDrive: queues of uacce accelerators for programs in C, without OpenSSL or zlib in between. Calls and user drivers
// have the shapes of the kernel's WarpDrive proposals (Documentation/misc-devices/warpdrive.rst, 2018 and 2019).
//
//     struct wd_queue queue = { .capa = { .alg = "cipher" } };
//     if (wd_request_queue(&queue) == 0) {
//         wd_send(&queue, &message);          // any number, until -EBUSY
//         wd_recv_sync(&queue, &done, 1000);  // in the order they were sent
//         wd_release_queue(&queue);
//     }
//
// Errors are negative errno values. Docs/warpdrive.md tells more, and Examples/warpdrive shows a program.
//
// Threads. Any number of threads may use any number of queues. Calls on one queue are safe from several threads and come
// one after the other; results are received in the order in which messages were sent, by whoever receives. A queue for
// each thread is faster. wd_request_queue and wd_release_queue of one queue must not overlap with other calls on it.
//
// Processes. A queue belongs to the process that requested it. After fork the child's calls on it end with -EPERM, send
// nothing and release nothing of the parent's; it requests queues of its own. The child may wd_release_queue its copy.
// Queues go back to the device when their process ends, in whatever way.
//
// Memory. A message, and everything it points to, belongs to the queue from a successful wd_send until wd_recv has given
// the message back or wd_release_queue has returned.

#ifndef UACCE_WD_H
#define UACCE_WD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WD_NAME_SIZE 64

// Bits of wd_capa.flags.
#define WD_SHARE_FIRST 1u // also on a device that shares the process's addresses: take only memory that was shared

// Bits of wd_queue.flags.
#define WD_QUEUE_SVA 1u          // the device shares the process's addresses
#define WD_QUEUE_SHARE_FIRST 2u  // messages may point only to memory of wd_mem_share
#define WD_QUEUE_EMULATED 4u     // the device is emulated in this process

// What a queue is wanted for. Zeros mean "any".
struct wd_capa {
    const char *alg; // a line of the device's attribute `algorithms`: cipher, digest, aead, zlib, gzip, deflate
    uint32_t type;   // what the queue does, where it does one thing only: ZIP 0 compresses, 1 decompresses
    uint32_t flags;
    int32_t throughput, latency; // hints, which the drivers at hand have no use for
    uint8_t priv[48];            // for user drivers
};

struct wd_queue {
    struct wd_capa capa;
    // In: a device's name, or its node in /dev; empty: any that can. Out: the name of the one.
    char dev_path[WD_NAME_SIZE];
    char hw_type[WD_NAME_SIZE]; // out: the driver, such as hisi_sec2
    char api[WD_NAME_SIZE];     // out: such as hisi_qm_v3
    uint32_t flags;             // out: WD_QUEUE_*
    uint32_t depth;             // out: messages that may be out at once; a driver's open sets it
    void *priv;                 // the user driver's
    void *info;                 // the library's
};

// Requests a queue. The structure must stay where it is until it is released.
// -ENODEV: no device has what is wanted, or none is there. -EBUSY: all queues of those that have are taken.
// -EINVAL: the structure makes no sense. -ENOMEM. What else opening the device may end with.
int wd_request_queue(struct wd_queue *q);

// Gives a queue back. Messages that are still out are not received any more; the device has let go of them on return.
void wd_release_queue(struct wd_queue *q);

// Hands a message to the device; `req` is one of the structures below, or the user driver's own.
// -EBUSY: as many are out as may be; receive some. -EINVAL: the message makes no sense. -EFAULT: it points to memory that
// was not shared, and must. -ENODEV: the device has stopped the queue: receive what is out, release, request another.
// -EPERM: the queue is the parent process's.
int wd_send(struct wd_queue *q, void *req);

// Takes back the message that was sent first, if it is done. Its `status` says how.
// -EAGAIN: it is not done yet. -ENOENT: none is out. -EPERM.
int wd_recv(struct wd_queue *q, void **req);

// The same, and waits for it. 0 milliseconds: WD_TIMEOUT. -ETIMEDOUT: it was not done in time, and is still out.
int wd_recv_sync(struct wd_queue *q, void **req, uint32_t milliseconds);
#define WD_TIMEOUT 10000u

// Shares memory with a queue's device. With WD_QUEUE_SHARE_FIRST a message may point only to memory inside of one such
// piece; with WD_QUEUE_SVA alone all memory is shared, and this only checks its arguments. `flags` must be 0.
// -EINVAL: no address, no bytes, or beyond the end of memory. -ENOMEM: WD_SHARES pieces are shared already.
int wd_mem_share(struct wd_queue *q, const void *addr, size_t size, int flags);
#define WD_SHARES 1024

// Takes one piece back, by exactly the address and size it was shared with. No message that is out may point to it.
void wd_mem_unshare(struct wd_queue *q, const void *addr, size_t size);

// ---------------------------------------------------------------------------------------------------------------------
// Messages. Every one begins with `op` and `status`.
//
// status: 0: done. -EIO: the device refused it or failed, and `error` holds its code. -ECANCELED: the device stopped the
// queue before it told that it was done, and the output may be anything. -ENOSPC: the output is too small (compression).
// -EBADMSG: the input is no such stream.

enum wd_op {
    WD_ENCRYPT = 1, // struct wd_cipher_msg, on hisi_sec2
    WD_DECRYPT,     // struct wd_cipher_msg
    WD_DIGEST,      // struct wd_digest_msg, on hisi_sec2
    WD_COMPRESS,    // struct wd_comp_msg, on hisi_zip, capa.type 0
    WD_DECOMPRESS,  // struct wd_comp_msg, on hisi_zip, capa.type 1
};

enum wd_cipher_alg { WD_AES = 1, WD_SM4, WD_3DES };
enum wd_cipher_mode { WD_ECB = 1, WD_CBC, WD_CTR, WD_OFB, WD_CFB, WD_XTS };

// The most bytes of one cipher or digest message, and of the input and the output of one compression message.
#define WD_SEC_BYTES 0xfffe00u
#define WD_ZIP_BYTES (8u << 20)

// ECB, CBC: whole blocks. XTS: at least one block, and a key of two halves. CTR, OFB, CFB: any number of bytes. The device
// does not write to `iv`: a stream's next message takes the IV that its mode prescribes. `in` and `out` are the same or
// do not overlap. Api v2 has ECB, CBC and XTS only.
struct wd_cipher_msg {
    uint32_t op;
    int32_t status;
    uint32_t error;
    uint8_t alg;  // enum wd_cipher_alg
    uint8_t mode; // enum wd_cipher_mode
    uint16_t key_bytes;
    const void *key;
    const void *iv; // 16 bytes (3DES: 8); not used in ECB
    const void *in;
    void *out;
    uint32_t bytes; // of input, and of output
    uint32_t reserved;
    void *tag; // the program's
};

enum wd_digest_alg {
    WD_MD5 = 1, WD_SHA1, WD_SHA224, WD_SHA256, WD_SHA384, WD_SHA512, WD_SHA512_224, WD_SHA512_256, WD_SM3,
};

// The digest of a whole message, or with a key its HMAC.
struct wd_digest_msg {
    uint32_t op;
    int32_t status;
    uint32_t error;
    uint8_t alg; // enum wd_digest_alg
    uint8_t reserved;
    uint16_t key_bytes; // 0: no HMAC; at most one block of the digest (64 bytes, 128 from SHA-384 on)
    const void *key;
    const void *in;
    void *out;          // as many bytes as the digest has
    uint32_t bytes;     // of input
    uint32_t out_bytes; // in: room; out: bytes of the digest
    void *tag;
};

enum wd_comp_format { WD_DEFLATE = 1, WD_ZLIB, WD_GZIP };

// A whole stream. WD_DEFLATE needs api v3.
struct wd_comp_msg {
    uint32_t op;
    int32_t status;
    uint32_t error;
    uint32_t format; // enum wd_comp_format
    const void *in;
    void *out;
    uint32_t bytes;     // of input; out: bytes of it that were used
    uint32_t out_bytes; // in: room; out: bytes that were written
    void *tag;
};

// ---------------------------------------------------------------------------------------------------------------------
// User drivers. The library opens a queue of the device, and calls the driver whose `hw_type` is the beginning of the
// device's name; that does the rest. Drivers for hisi_sec2 and hisi_zip are built in.

struct wd_driver {
    const char *hw_type;
    // Sets the queue up, with the functions below. 0, or a negative errno value: then nothing is left behind.
    int (*open)(struct wd_queue *q);
    // Stops the queue: the device has let go of all messages on return.
    void (*close)(struct wd_queue *q);
    // As wd_send and wd_recv. The library calls send and recv of one queue one at a time.
    int (*send)(struct wd_queue *q, void *req);
    int (*recv)(struct wd_queue *q, void **req);
};

// Adds a driver, which must stay where it is, before the built-in ones and all that were added earlier.
// -EINVAL: it lacks something. -ENOMEM: there are WD_DRIVERS already.
int wd_register_driver(const struct wd_driver *driver);
#define WD_DRIVERS 16

// What a driver's functions may use on the queue they are called with: the uacce calls, for which a kernel's device and
// an emulated one are the same. Errors as there (uacce(4) has none; see linux/Documentation/misc-devices/uacce.rst).
enum wd_region { WD_REGION_MMIO = 0, WD_REGION_DUS = 1 };
void *wd_drv_mmap(struct wd_queue *q, enum wd_region region, size_t *size); // NULL: errno says why
int wd_drv_set_context(struct wd_queue *q, uint16_t type, uint16_t *number);
int wd_drv_information(struct wd_queue *q, uint32_t *entry_bytes, uint16_t *sq_depth, uint16_t *cq_depth);
int wd_drv_start(struct wd_queue *q);
void wd_drv_stop(struct wd_queue *q); // gives the queue and its regions back
// Stores a doorbell's value, after everything written before it, at `offset` of the MMIO region.
void wd_drv_ring(struct wd_queue *q, size_t offset, uint64_t value);
// Lets an emulated device work that waits to be asked; nothing on hardware.
void wd_drv_advance(struct wd_queue *q);
// Whether the queue may take this memory: 0 or -EFAULT.
int wd_drv_check(struct wd_queue *q, const void *addr, size_t size);

#ifdef __cplusplus
}
#endif
#endif
