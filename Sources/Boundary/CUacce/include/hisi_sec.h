// SPDX-License-Identifier: Apache-2.0
//
// SEC2 submission descriptors, 128 bytes: BD2 (QM api v2) and BD3 (api v3 and later). Bit fields run from the least
// significant bit. Addresses are process virtual addresses (SVA). 64-bit addresses at offsets that are no multiple of
// eight are split into two words, so that every field is naturally aligned.
// Facts from UADK drv/hisi_sec.c.

#ifndef UACCE_HISI_SEC_H
#define UACCE_HISI_SEC_H

#include <stdint.h>

#define HISI_SEC_DATA_LENGTH_MAX 0xFFFE00u // bytes of data in one descriptor
#define HISI_SEC_RESULT_OFFSET 112u        // where both descriptors hold their result

// What the device writes back, at offset 112 of either descriptor.
struct hisi_sec_result {
    uint16_t done : 1;
    uint16_t icv : 3; // 2: tag mismatch
    uint16_t csc : 3;
    uint16_t flag : 4;
    uint16_t : 5;
    uint8_t error_type; // 0: no error
    uint8_t warning_type;
};

struct hisi_sec_bd2 {
    uint8_t type : 4; // 2
    uint8_t cipher : 2;
    uint8_t auth : 2;

    uint8_t seq : 1; // 1: authenticate, then decrypt
    uint8_t de : 2;  // 1: the destination address counts
    uint8_t scene : 4;
    uint8_t src_addr_type : 1; // 1: scatter-gather list

    uint8_t : 2;
    uint8_t dst_addr_type : 3;
    uint8_t mac_addr_type : 3;

    uint8_t reserved3;

    uint8_t nonce_len : 4; // and the hardware-key and IV generation bits, unused here
    uint8_t huk_ci_gen : 4;

    uint8_t ai_gen : 2;
    uint8_t auth_pad : 2;
    uint8_t cs : 4;

    uint8_t key_types;

    uint8_t : 7;
    uint8_t bd_invalid : 1;

    uint32_t mac_len : 5;   // words
    uint32_t a_key_len : 6; // words
    uint32_t a_alg : 6;
    uint32_t : 15;

    uint16_t c_icv_len : 6; // bytes
    uint16_t c_width : 3;
    uint16_t c_key_len : 3; // a code
    uint16_t c_mode : 4;

    uint8_t c_alg : 4;
    uint8_t : 4;
    uint8_t reserved15;

    uint32_t a_len : 24; // bytes
    uint32_t iv_offset_l : 8;
    uint32_t c_len : 24; // bytes
    uint32_t iv_offset_h : 8;

    uint16_t auth_src_offset;
    uint16_t cipher_src_offset;
    uint16_t cs_ip_header_offset;
    uint16_t cs_udp_header_offset;
    uint16_t password_len;
    uint16_t dk_len;
    uint8_t salt[4];
    uint16_t tag;
    uint16_t reserved42;
    uint16_t cipher_pad;
    uint16_t cipher_pad_len_field;

    uint64_t long_a_data_len; // bits
    uint64_t a_ivin_addr;
    uint64_t a_key_addr;
    uint64_t mac_addr;
    uint64_t c_ivin_addr;
    uint64_t c_key_addr;
    uint64_t data_src_addr;
    uint64_t data_dst_addr;

    struct hisi_sec_result result;
    uint8_t mac_i[4];
    uint16_t check_sum_i;
    uint8_t tls_pad_len_i;
    uint8_t reserved123;
    uint32_t counter;
};

struct hisi_sec_bd3 {
    uint32_t type : 4; // 3
    uint32_t bd_invalid : 1;
    uint32_t scene : 4;
    uint32_t de : 2;
    uint32_t src_addr_type : 3; // 1: scatter-gather list
    uint32_t dst_addr_type : 3;
    uint32_t mac_addr_type : 3;
    uint32_t : 12;

    uint16_t cipher : 2;
    uint16_t ci_gen : 2;
    uint16_t c_icv_len : 6; // bytes
    uint16_t c_width : 3;
    uint16_t c_key_len : 3; // a code

    uint8_t c_mode : 4;
    uint8_t c_alg : 4;

    uint8_t nonce_len : 4;
    uint8_t huk : 1;
    uint8_t cal_iv_addr_en : 1;
    uint8_t seq : 1; // 1: authenticate, then decrypt
    uint8_t : 1;

    uint64_t tag;
    uint64_t data_src_addr;
    uint64_t a_key_addr;
    uint64_t a_ivin_addr;
    uint64_t reserved40;
    uint64_t c_key_addr;

    uint32_t auth : 2;
    uint32_t ai_gen : 2;
    uint32_t mac_len : 5;   // words
    uint32_t a_key_len : 6; // words
    uint32_t a_alg : 6;
    uint32_t key_sel : 4;
    uint32_t ctr_count_mode : 2; // CTR: 2 = 128-bit rollover; SM4-XTS: 1 = GB/T 17964
    uint32_t sva_prefetch : 1;
    uint32_t key_wrap_num : 3;
    uint32_t update_key : 1;

    uint32_t salt;
    uint16_t auth_src_offset;
    uint16_t cipher_src_offset;

    uint32_t a_len : 24; // bytes
    uint32_t auth_key_offset : 8;
    uint32_t c_len : 24; // bytes
    uint32_t auth_ivin_offset : 8;

    uint32_t data_dst_addr_l;
    uint32_t data_dst_addr_h;
    uint32_t mac_addr_l;
    uint32_t mac_addr_h;
    uint32_t c_ivin_addr_l;
    uint32_t c_ivin_addr_h;
    uint32_t long_a_data_len_l; // bits; stream scene only
    uint32_t long_a_data_len_h;

    uint8_t auth_pad : 2; // stream scene only, as the rest of this word
    uint8_t stream_protocol : 3;
    uint8_t mac_sel : 1;
    uint8_t : 2;
    uint8_t plaintext_type;
    uint16_t pad_len_1p3;

    struct hisi_sec_result result;
    uint32_t mac_i;
    uint8_t reserved120;
    uint8_t hac_sva_status;
    uint16_t check_sum_i;
    uint32_t counter;
};

#define HISI_SEC_AT(bd, field, offset) \
    _Static_assert(__builtin_offsetof(struct hisi_sec_##bd, field) == (offset), #bd "." #field)

_Static_assert(sizeof(struct hisi_sec_result) == 4, "result size");
_Static_assert(__builtin_offsetof(struct hisi_sec_result, error_type) == 2, "result.error_type");
_Static_assert(__builtin_offsetof(struct hisi_sec_result, warning_type) == 3, "result.warning_type");

_Static_assert(sizeof(struct hisi_sec_bd2) == 128, "BD2 size");
HISI_SEC_AT(bd2, reserved3, 3);
HISI_SEC_AT(bd2, key_types, 6);
HISI_SEC_AT(bd2, reserved15, 15);
HISI_SEC_AT(bd2, auth_src_offset, 24);
HISI_SEC_AT(bd2, cipher_src_offset, 26);
HISI_SEC_AT(bd2, cs_ip_header_offset, 28);
HISI_SEC_AT(bd2, cs_udp_header_offset, 30);
HISI_SEC_AT(bd2, password_len, 32);
HISI_SEC_AT(bd2, dk_len, 34);
HISI_SEC_AT(bd2, salt, 36);
HISI_SEC_AT(bd2, tag, 40);
HISI_SEC_AT(bd2, cipher_pad, 44);
HISI_SEC_AT(bd2, cipher_pad_len_field, 46);
HISI_SEC_AT(bd2, long_a_data_len, 48);
HISI_SEC_AT(bd2, a_ivin_addr, 56);
HISI_SEC_AT(bd2, a_key_addr, 64);
HISI_SEC_AT(bd2, mac_addr, 72);
HISI_SEC_AT(bd2, c_ivin_addr, 80);
HISI_SEC_AT(bd2, c_key_addr, 88);
HISI_SEC_AT(bd2, data_src_addr, 96);
HISI_SEC_AT(bd2, data_dst_addr, 104);
HISI_SEC_AT(bd2, result, HISI_SEC_RESULT_OFFSET);
HISI_SEC_AT(bd2, mac_i, 116);
HISI_SEC_AT(bd2, check_sum_i, 120);
HISI_SEC_AT(bd2, tls_pad_len_i, 122);
HISI_SEC_AT(bd2, counter, 124);

_Static_assert(sizeof(struct hisi_sec_bd3) == 128, "BD3 size");
HISI_SEC_AT(bd3, tag, 8);
HISI_SEC_AT(bd3, data_src_addr, 16);
HISI_SEC_AT(bd3, a_key_addr, 24);
HISI_SEC_AT(bd3, a_ivin_addr, 32);
HISI_SEC_AT(bd3, c_key_addr, 48);
HISI_SEC_AT(bd3, salt, 60);
HISI_SEC_AT(bd3, auth_src_offset, 64);
HISI_SEC_AT(bd3, cipher_src_offset, 66);
HISI_SEC_AT(bd3, data_dst_addr_l, 76);
HISI_SEC_AT(bd3, mac_addr_l, 84);
HISI_SEC_AT(bd3, c_ivin_addr_l, 92);
HISI_SEC_AT(bd3, long_a_data_len_l, 100);
HISI_SEC_AT(bd3, plaintext_type, 109);
HISI_SEC_AT(bd3, pad_len_1p3, 110);
HISI_SEC_AT(bd3, result, HISI_SEC_RESULT_OFFSET);
HISI_SEC_AT(bd3, mac_i, 116);
HISI_SEC_AT(bd3, hac_sva_status, 121);
HISI_SEC_AT(bd3, check_sum_i, 122);
HISI_SEC_AT(bd3, counter, 124);

#undef HISI_SEC_AT

#endif
