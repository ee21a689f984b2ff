// SPDX-License-Identifier: Apache-2.0
//
// Store instructions of arm64: STR and STUR of an X or W register in all their addressing modes, and STLR. Arm's
// Architecture Reference Manual, C4.1 "Loads and Stores".

#include "doorbell.h"

#include <string.h>

bool store_decode_aarch64(const uint8_t *code, struct store *store)
{
    uint32_t word;
    memcpy(&word, code, sizeof word);
    *store = (struct store){.source = STORE_REGISTER, .number = (int)(word & 31), .length = 4, .stepped = -1};
    store->width = 1 << (word >> 30);

    // STLR: size 001000 100 11111 1 11111 Rn Rt
    if ((word & 0x3ffffc00) == 0x089ffc00) return true;
    // STR, unsigned offset: size 111001 00 imm12 Rn Rt
    if ((word & 0x3fc00000) == 0x39000000) return true;
    // size 111000 00 …
    if ((word & 0x3fc00000) != 0x38000000) return false;
    // STR, register offset: … 1 Rm option S 10 Rn Rt
    if ((word & 0x00200c00) == 0x00200800) return true;
    if (word & 0x00200000) return false;
    switch (word >> 10 & 3) {
    case 0: // STUR
        return true;
    case 1: // post-index
    case 3: // pre-index
        store->stepped = (int)(word >> 5 & 31);
        // imm9, signed
        store->step = (int)(word >> 12 & 0x1ff);
        if (store->step >= 256) store->step -= 512;
        return true;
    default: // STTR is for kernels
        return false;
    }
}
