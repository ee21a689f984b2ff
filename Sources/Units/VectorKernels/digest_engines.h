// SPDX-License-Identifier: Apache-2.0
//
// The digest functions of a level's table. To be included by a file that defines
//
//     DIGEST_KERNEL(name)                    names of the functions
//     DIGEST_COMPRESS(name), LANES32         compression of one register of lanes, and how many of 32 bits that are
//     DIGEST_COMPRESS_PAIR(name)             compression of two registers of lanes, or NULL

#define DIGEST_LANES(name, lanes, state_words, word_bytes, block_bytes)                                                \
    void DIGEST_KERNEL(name)(struct digest_lane *messages, size_t message_count)                                       \
    {                                                                                                                  \
        static const struct digest_engine engine = {                                                                   \
            lanes,                                                                                                     \
            state_words,                                                                                               \
            word_bytes,                                                                                                \
            block_bytes,                                                                                               \
            DIGEST_COMPRESS(name),                                                                                     \
            DIGEST_COMPRESS_PAIR(name),                                                                                \
            name##_compress_portable,                                                                                  \
        };                                                                                                             \
        digest_in_lanes(&engine, messages, message_count);                                                             \
    }

DIGEST_LANES(md5, LANES32, 4, 4, 64)
DIGEST_LANES(sha1, LANES32, 5, 4, 64)
DIGEST_LANES(sha256, LANES32, 8, 4, 64)
DIGEST_LANES(sha512, (LANES32 + 1) / 2, 8, 8, 128)
DIGEST_LANES(sm3, LANES32, 8, 4, 64)
