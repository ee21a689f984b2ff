// SPDX-License-Identifier: Apache-2.0
//
// Filters for OpenSSL's chains of BIOs that compress what is written and decompress what is read, on the ZIP queues of
// an accelerator, real or emulated. In libuacce-bio.so (pkg-config uacce-bio), which needs no provider.
//
//     BIO *file = BIO_new_file("data.gz", "wb");
//     BIO *gzip = BIO_push(BIO_new(BIO_f_uacce_gzip()), file);
//     BIO_write(gzip, data, size);
//     BIO_flush(gzip);     // ends the stream
//     BIO_free_all(gzip);
//
// They behave as OpenSSL's BIO_f_zlib, which few builds of OpenSSL have, and where that is ill-defined as said here:
//
//   BIO_write   Takes all it can. With a next BIO that does not block it may take less, or end with -1 and
//               BIO_should_retry: call again with what was not taken. After the end of the stream it is an error.
//   BIO_flush   Ends the stream, and flushes the next BIO. Where it should be retried, call it again. Without a write
//               before it nothing is written.
//   BIO_read    Gives what there is, and asks the next BIO only where there is nothing. 0 at the end of the stream; -1,
//               and no retry, where it is damaged, or the next BIO ends before the stream does.
//   BIO_eof     1: the stream has ended, and all of it was read.
//   BIO_pending, BIO_wpending    Bytes that wait here; where it is not known how many there will be, more than 0.
//   BIO_reset   Forgets both streams and all that waits here, and begins anew; the next BIO is not told.
//   BIO_dup_chain   Both copies go on from here.
//   BIO_set_buffer_size, BIO_set_read_buffer_size, BIO_set_write_buffer_size   Of compressed data; 32 KiB at first.
//
// Errors are on OpenSSL's error queue with the reasons of uacce_compress.h.

#ifndef UACCE_BIO_H
#define UACCE_BIO_H

#include <openssl/bio.h>

#ifdef __cplusplus
extern "C" {
#endif

const BIO_METHOD *BIO_f_uacce_deflate(void); // raw deflate, without header and checksum (RFC 1951)
const BIO_METHOD *BIO_f_uacce_zlib(void);    // RFC 1950, as BIO_f_zlib
const BIO_METHOD *BIO_f_uacce_gzip(void);    // RFC 1952

// Controls that only these filters know; their numbers are far from those of OpenSSL. Each returns 1, or not.
#define BIO_CTRL_UACCE_SYNC 0x75610001
#define BIO_CTRL_UACCE_NEXT 0x75610002
#define BIO_CTRL_UACCE_SET_LEVEL 0x75610003

// Makes all that was written until now readable by the other side, and flushes the next BIO; the stream goes on. May
// have to be retried as BIO_flush.
#define BIO_uacce_sync(b) ((int)BIO_ctrl(b, BIO_CTRL_UACCE_SYNC, 0, NULL))
// Goes on with another stream where the last has ended, in either direction: with the next member of a gzip file, of
// which the beginning may have been read already, or behind a BIO_flush.
#define BIO_uacce_next_stream(b) ((int)BIO_ctrl(b, BIO_CTRL_UACCE_NEXT, 0, NULL))
// The level of compression, -1 to 9, of what is written from now on.
#define BIO_uacce_set_level(b, level) ((int)BIO_ctrl(b, BIO_CTRL_UACCE_SET_LEVEL, level, NULL))

#ifdef __cplusplus
}
#endif

#endif
