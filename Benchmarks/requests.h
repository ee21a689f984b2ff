// SPDX-License-Identifier: Apache-2.0
//
// What is measured: a request is one call of an application (EVP), or the same straight into the provider's dispatch
// table, on a context that is prepared beforehand.

#ifndef BENCHMARKS_REQUESTS_H
#define BENCHMARKS_REQUESTS_H

#include "providers.h"

#include <stddef.h>

struct algorithm {
    const char *label;      // how rows and options name it
    const char *name;       // how OpenSSL does
    enum { CIPHER, AEAD, DIGEST, MAC } operation;
    int encrypting;         // ciphers only
    size_t key_byte_count;
    const char *inside;     // MACs: the digest or cipher they are made of
    int by_dispatch;        // whether request_cost measures it: those whose dispatch functions this program can call
};

extern const struct algorithm algorithms[];
extern const size_t algorithm_count;

// Ends the program where there is no such label.
const struct algorithm *find_algorithm(const char *label);

enum { LARGEST_REQUEST = 1 << 20 };

// Where a request enters.
//   THROUGH_EVP       as `openssl speed` does: EVP_CipherUpdate, of one long message; EVP_Digest, which makes and frees a
//                     context of each side for every message; EVP_MAC_init, update and final on one context
//   THROUGH_DISPATCH  the provider's update; or init, update, final on one context
// The second shows the provider alone: its difference between two providers is what one costs beyond the other,
// with libcrypto's own part taken out.
enum entrance { THROUGH_EVP, THROUGH_DISPATCH, ENTRANCES };
extern const char *const entrance_name[ENTRANCES];

// A prepared sequence of equal requests.
struct lane;

struct lane *lane_open(
    const struct contestants *contestants, const struct algorithm *algorithm, enum contender contender,
    enum entrance entrance, size_t byte_count);

// Makes requests one after the other. Ends the program when one fails.
void lane_run(struct lane *lane, size_t request_count);

// The same under another name, which counts of lane_run's instructions leave out.
void lane_warm_up(struct lane *lane, size_t request_count);

// What the last request gave.
const unsigned char *lane_output(const struct lane *lane, size_t *byte_count);

void lane_close(struct lane *lane);

// Heap bytes of a lane that are this program's own, contexts left out.
size_t lane_own_bytes(size_t byte_count);

#endif
