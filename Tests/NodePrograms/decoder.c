// SPDX-License-Identifier: Apache-2.0
//
// decoder: what the decoders of store instructions make of instructions, on any machine. Linked with
// Sources/Fronts/DeviceInterposer/store_*.c. Encodings as the GNU assembler gives them.

#include "node_program.h"

#include "../../Sources/Fronts/DeviceInterposer/doorbell.h"

struct row {
    const char *text;
    uint8_t code[12];
    /// Length 0: no store that is known.
    struct store store;
};

#define REGISTER(n, bytes, count) {.number = (n), .width = (bytes), .length = (count), .stepped = -1}
#define NO_STORE {.length = 0}

static const struct row x86_64[] = {
    {"mov %rax,(%rdx)", {0x48, 0x89, 0x02}, REGISTER(0, 8, 3)},
    {"mov %r15,0x1000(%r13)", {0x4d, 0x89, 0xbd, 0x00, 0x10, 0, 0}, REGISTER(15, 8, 7)},
    {"mov %rcx,(%rsp)", {0x48, 0x89, 0x0c, 0x24}, REGISTER(1, 8, 4)},
    {"mov %rcx,0x8(%r12,%rax,4)", {0x49, 0x89, 0x4c, 0x84, 0x08}, REGISTER(1, 8, 5)},
    {"mov %rsi,0x0(,%rax,8)", {0x48, 0x89, 0x34, 0xc5, 0, 0, 0, 0}, REGISTER(6, 8, 8)},
    {"mov %rax,0x10(%rip)", {0x48, 0x89, 0x05, 0x10, 0, 0, 0}, REGISTER(0, 8, 7)},
    {"mov %fs:… (segment prefix)", {0x64, 0x48, 0x89, 0x02}, REGISTER(0, 8, 4)},
    {"mov %eax,(%rdx)", {0x89, 0x02}, REGISTER(0, 4, 2)},
    {"mov %ax,(%rdx)", {0x66, 0x89, 0x02}, REGISTER(0, 2, 3)},
    {"mov %al,(%rdx)", {0x88, 0x02}, REGISTER(0, 1, 2)},
    {"movnti %rax,(%rdx)", {0x48, 0x0f, 0xc3, 0x02}, REGISTER(0, 8, 4)},
    {"xchg %rax,(%rdx)",
     {0x48, 0x87, 0x02},
     {.width = 8, .length = 3, .is_exchange = true, .stepped = -1}},
    {"movq $-1,(%rdx)",
     {0x48, 0xc7, 0x02, 0xff, 0xff, 0xff, 0xff},
     {.source = STORE_IMMEDIATE, .immediate = -1, .width = 8, .length = 7, .stepped = -1}},
    {"movw $0x1234,(%rdx)",
     {0x66, 0xc7, 0x02, 0x34, 0x12},
     {.source = STORE_IMMEDIATE, .immediate = 0x1234, .width = 2, .length = 5, .stepped = -1}},
    {"movb $-2,0x4(%rdx)",
     {0xc6, 0x42, 0x04, 0xfe},
     {.source = STORE_IMMEDIATE, .immediate = -2, .width = 1, .length = 4, .stepped = -1}},
    {"movq %xmm1,(%rdx)",
     {0x66, 0x0f, 0xd6, 0x0a},
     {.source = STORE_VECTOR, .number = 1, .width = 8, .length = 4, .stepped = -1}},
    {"movq %xmm9,(%rdx) (7e)",
     {0x66, 0x4c, 0x0f, 0x7e, 0x0a},
     {.source = STORE_VECTOR, .number = 9, .width = 8, .length = 5, .stepped = -1}},
    {"vmovq %xmm9,(%rdx)",
     {0xc5, 0x79, 0xd6, 0x0a},
     {.source = STORE_VECTOR, .number = 9, .width = 8, .length = 4, .stepped = -1}},
    {"vmovq %xmm1,(%r10)",
     {0xc4, 0xc1, 0x79, 0xd6, 0x0a},
     {.source = STORE_VECTOR, .number = 1, .width = 8, .length = 5, .stepped = -1}},
    {"mov (%rdx),%rax is a load", {0x48, 0x8b, 0x02}, NO_STORE},
    {"mov %rax,%rdx has no memory", {0x48, 0x89, 0xc2}, NO_STORE},
    {"add %rax,(%rdx) wants what is there", {0x48, 0x01, 0x02}, NO_STORE},
    {"movups %xmm0,(%rdx) is 16 bytes", {0x0f, 0x11, 0x02}, NO_STORE},
    {"vmovdqu %ymm0,(%rdx)", {0xc5, 0xfe, 0x7f, 0x02}, NO_STORE},
    {"rep stos", {0xf3, 0x48, 0xab}, NO_STORE},
};

#define WORD(value) {(value) & 0xff, (value) >> 8 & 0xff, (value) >> 16 & 0xff, (uint32_t)(value) >> 24}
static const struct row aarch64[] = {
    {"str x1, [x0]", WORD(0xf9000001), REGISTER(1, 8, 4)},
    {"str x30, [x0, #4096]", WORD(0xf908001e), REGISTER(30, 8, 4)},
    {"str xzr, [x0]", WORD(0xf900001f), REGISTER(31, 8, 4)},
    {"str w1, [x0]", WORD(0xb9000001), REGISTER(1, 4, 4)},
    {"strb w1, [x0]", WORD(0x39000001), REGISTER(1, 1, 4)},
    {"strh w1, [x0]", WORD(0x79000001), REGISTER(1, 2, 4)},
    {"stur x2, [x3, #-8]", WORD(0xf81f8062), REGISTER(2, 8, 4)},
    {"str x2, [x3, x4]", WORD(0xf8246862), REGISTER(2, 8, 4)},
    {"str x2, [x3, w4, uxtw #3]", WORD(0xf8245862), REGISTER(2, 8, 4)},
    {"stlr x2, [x3]", WORD(0xc89ffc62), REGISTER(2, 8, 4)},
    {"str x2, [x3], #8", WORD(0xf8008462), {.number = 2, .width = 8, .length = 4, .stepped = 3, .step = 8}},
    {"str x2, [sp, #-16]!", WORD(0xf81f0fe2), {.number = 2, .width = 8, .length = 4, .stepped = 31, .step = -16}},
    {"ldr x1, [x0]", WORD(0xf9400001), NO_STORE},
    {"stp x1, x2, [x0]", WORD(0xa9000801), NO_STORE},
    {"str d0, [x0]", WORD(0xfd000000), NO_STORE},
    {"nop", WORD(0xd503201f), NO_STORE},
};

static void check(const struct row *row, bool (*decode)(const uint8_t *, struct store *))
{
    struct store store;
    bool is_store = decode(row->code, &store);
    const struct store *right = &row->store;
    bool is_right = right->length == 0
        ? !is_store
        : is_store && store.source == right->source && store.width == right->width && store.length == right->length &&
            store.is_exchange == right->is_exchange && store.stepped == right->stepped && store.step == right->step &&
            (right->source == STORE_IMMEDIATE ? store.immediate == right->immediate : store.number == right->number);
    if (!CHECK(is_right))
        printf("    %s: %d, number %d, width %d, length %d\n", row->text, is_store, store.number, store.width, store.length);
}

int main(void)
{
    for (size_t row = 0; row < sizeof x86_64 / sizeof x86_64[0]; row++) check(&x86_64[row], store_decode_x86_64);
    for (size_t row = 0; row < sizeof aarch64 / sizeof aarch64[0]; row++) check(&aarch64[row], store_decode_aarch64);
    return finish();
}
