// SPDX-License-Identifier: Apache-2.0
//
// Store instructions of x86-64, those that compilers make of an assignment to a 64-bit register of a device: mov, movnti,
// xchg (atomic stores), and the moves of a vector register's lower half. Intel's manual, volume 2.

#include "doorbell.h"

#include <string.h>

/// Bytes of ModRM, SIB and displacement; 0: the operand is a register. `rm` points to the ModRM byte.
static int operand_length(const uint8_t *rm)
{
    int mode = rm[0] >> 6, base = rm[0] & 7, length = 1;
    if (mode == 3) return 0;
    if (base == 4) {
        length++;
        base = rm[1] & 7;
    }
    if (mode == 1) return length + 1;
    if (mode == 2 || base == 5) return length + 4;
    return length;
}

static bool finish(struct store *store, const uint8_t *code, const uint8_t *rm, int immediate_length)
{
    int length = operand_length(rm);
    if (length == 0) return false;
    rm += length;
    if (immediate_length > 0) {
        int32_t wide = 0;
        memcpy(&wide, rm, (size_t)immediate_length);
        // Sign-extended from its own width.
        int shift = 32 - 8 * immediate_length;
        store->immediate = (int32_t)((uint32_t)wide << shift) >> shift;
        rm += immediate_length;
    }
    store->length = (int)(rm - code);
    return true;
}

static bool vector(struct store *store, const uint8_t *code, const uint8_t *rm, int high)
{
    store->source = STORE_VECTOR;
    store->width = 8;
    store->number = high + (rm[0] >> 3 & 7);
    return finish(store, code, rm, 0);
}

/// VEX: vmovq to memory, in both encodings, and vmovlps, vmovsd.
static bool decode_vex(const uint8_t *code, const uint8_t *byte, struct store *store)
{
    int high = byte[1] & 0x80 ? 0 : 8, map = 1, last = byte[1];
    const uint8_t *opcode = byte + 2;
    if (byte[0] == 0xc4) {
        map = byte[1] & 0x1f;
        last = byte[2];
        opcode = byte + 3;
    }
    int prefix = last & 3, is_wide = byte[0] == 0xc4 && last & 0x80;
    if (map != 1 || last & 4) return false; // 256 bits
    bool is_movq = prefix == 1 && (opcode[0] == 0xd6 || (opcode[0] == 0x7e && is_wide));
    bool is_low_half = (opcode[0] == 0x13 && prefix <= 1) || (opcode[0] == 0x11 && prefix == 3);
    return (is_movq || is_low_half) && vector(store, code, opcode + 1, high);
}

bool store_decode_x86_64(const uint8_t *code, struct store *store)
{
    *store = (struct store){.stepped = -1};
    const uint8_t *byte = code;
    int rex = 0, repeat = 0;
    bool is_narrow = false;
    for (;; byte++) {
        if (byte - code > 14) return false;
        if (*byte == 0x66) is_narrow = true;
        else if (*byte == 0xf2 || *byte == 0xf3) repeat = *byte;
        else if (*byte != 0x2e && *byte != 0x36 && *byte != 0x3e && *byte != 0x26 && *byte != 0x64 &&
            *byte != 0x65 && *byte != 0x67 && *byte != 0xf0)
            break;
    }
    if (*byte == 0xc5 || *byte == 0xc4) return decode_vex(code, byte, store);
    if ((*byte & 0xf0) == 0x40) rex = *byte++;
    int high = rex & 4 ? 8 : 0;
    store->width = rex & 8 ? 8 : is_narrow ? 2 : 4;
    store->source = STORE_REGISTER;

    const uint8_t *rm = byte + 1;
    switch (*byte) {
    case 0x88: // mov r8, r/m8
        store->width = 1;
        // fall through
    case 0x89: // mov r, r/m
        store->number = high + (rm[0] >> 3 & 7);
        return finish(store, code, rm, 0);
    case 0x87: // xchg
        store->number = high + (rm[0] >> 3 & 7);
        store->is_exchange = true;
        return store->width >= 4 && finish(store, code, rm, 0);
    case 0xc6: // mov imm8
        store->width = 1;
        store->source = STORE_IMMEDIATE;
        return (rm[0] >> 3 & 7) == 0 && finish(store, code, rm, 1);
    case 0xc7: // mov imm16, imm32
        store->source = STORE_IMMEDIATE;
        return (rm[0] >> 3 & 7) == 0 && finish(store, code, rm, store->width == 2 ? 2 : 4);
    case 0x0f:
        break;
    default:
        return false;
    }
    int opcode = *rm++;
    if (opcode == 0xc3 && !is_narrow && repeat == 0) { // movnti
        store->number = high + (rm[0] >> 3 & 7);
        return finish(store, code, rm, 0);
    }
    bool is_movq = is_narrow && (opcode == 0xd6 || (opcode == 0x7e && rex & 8));
    bool is_low_half = (opcode == 0x13 && repeat == 0) || (opcode == 0x11 && repeat == 0xf2);
    return (is_movq || is_low_half) && vector(store, code, rm, high);
}
