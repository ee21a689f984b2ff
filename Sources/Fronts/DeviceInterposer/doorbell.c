// SPDX-License-Identifier: Apache-2.0

#include "doorbell.h"

#include "emulator.h"
#include "program_actions.h"
#include "registers.h"

#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

enum {
    /// Where submission and completion doorbells are stored (v2 and later).
    DOORBELL_OFFSET = 0x1000,
    /// Bits of a doorbell that tell the queue.
    QUEUE_NUMBER_MASK = 0x3ff,
};

#if defined(__x86_64__)

/// Index in gregs of each register, as instructions number them.
static const int registers[16] = {
    REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
    REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

static bool decode(ucontext_t *context, struct store *store)
{
    return store_decode_x86_64((const uint8_t *)context->uc_mcontext.gregs[REG_RIP], store);
}

static uint64_t value(ucontext_t *context, const struct store *store)
{
    uint64_t low = 0;
    switch (store->source) {
    case STORE_REGISTER:
        return (uint64_t)context->uc_mcontext.gregs[registers[store->number]];
    case STORE_IMMEDIATE:
        return (uint64_t)store->immediate;
    case STORE_VECTOR:
        memcpy(&low, &context->uc_mcontext.fpregs->_xmm[store->number], sizeof low);
    }
    return low;
}

static void step_over(ucontext_t *context, const struct store *store)
{
    if (store->is_exchange) context->uc_mcontext.gregs[registers[store->number]] = 0;
    context->uc_mcontext.gregs[REG_RIP] += store->length;
}

#elif defined(__aarch64__)

static bool decode(ucontext_t *context, struct store *store)
{
    return store_decode_aarch64((const uint8_t *)context->uc_mcontext.pc, store);
}

static uint64_t value(ucontext_t *context, const struct store *store)
{
    return store->number == 31 ? 0 : context->uc_mcontext.regs[store->number];
}

static void step_over(ucontext_t *context, const struct store *store)
{
    if (store->stepped == 31)
        context->uc_mcontext.sp += (uint64_t)(int64_t)store->step;
    else if (store->stepped >= 0)
        context->uc_mcontext.regs[store->stepped] += (uint64_t)(int64_t)store->step;
    context->uc_mcontext.pc += (uint64_t)store->length;
}

#else
#error "no decoder of store instructions for this architecture"
#endif

/// On v2 all queues of a device have the same registers, and a doorbell says whose it is.
static void ring_by_number(const struct node *node, uint64_t doorbell)
{
    struct table *table = atomic_load(&the_table);
    int number = (int)(doorbell & QUEUE_NUMBER_MASK);
    for (int index = 0; index < atomic_load(&table->count); index++) {
        struct node *other = &table->nodes[index];
        if (!node_pin_entry(other)) continue;
        bool is_meant = other->number == number && other->region_file == node->region_file;
        if (is_meant) emulator.ring(atomic_load(&other->queue), doorbell);
        node_unpin(other);
        if (is_meant) return;
    }
}

/// Takes a store to doorbell registers. False: it is none.
static bool take_store(const siginfo_t *information, ucontext_t *context)
{
    size_t offset;
    struct node *node = registers_pin((uintptr_t)information->si_addr, &offset);
    if (node == NULL) return false;
    void *queue = atomic_load(&node->queue);
    struct store store;
    bool is_taken = decode(context, &store);
    if (is_taken && emulator.is_dead(queue)) {
        // The file behind the mapping is torn. With the right to write the store is made again, and gets the SIGBUS that
        // the kernel gives for registers that have gone.
        const struct mapping *mapping = &node->mappings[REGION_MMIO];
        uintptr_t begin = atomic_load(&mapping->begin);
        REAL(mprotect)((void *)begin, atomic_load(&mapping->end) - begin, PROT_READ | PROT_WRITE);
    } else if (is_taken) {
        uint64_t doorbell = value(context, &store);
        // Registers take 64 bits at their own address; what else is stored anywhere in the page is lost, as in hardware.
        if (offset == DOORBELL_OFFSET && store.width == 8) {
            if (node->shares_doorbells && (int)(doorbell & QUEUE_NUMBER_MASK) != node->number)
                ring_by_number(node, doorbell);
            else
                emulator.ring(queue, doorbell);
        }
        step_over(context, &store);
    }
    node_unpin(node);
    return is_taken;
}

static void on_fault(int number, siginfo_t *information, void *context)
{
    // A device's thread rings nobody, even if a descriptor names doorbell registers.
    if (emulator.take_fault(information, context)) return;
    int saved = errno;
    // A mapping without the right, not an address without a mapping.
    bool is_taken = number == SIGSEGV && information->si_code == SEGV_ACCERR && take_store(information, context);
    errno = saved;
    if (!is_taken) program_action_take(number, information, context);
}

// ---- the handler ----

bool doorbell_trap(void)
{
    // Under the table's lock, but for mprotect, after the first mapping.
    if (program_actions_are_kept()) return true;
    struct sigaction before[2];
    if (REAL(sigaction)(SIGSEGV, NULL, &before[0]) != 0 || REAL(sigaction)(SIGBUS, NULL, &before[1]) != 0) return false;
    program_action_set(SIGSEGV, &before[0]);
    program_action_set(SIGBUS, &before[1]);
    // On the alternate stack where the thread has one: the fault that is not a doorbell may be the end of a stack.
    struct sigaction ours = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    sigfillset(&ours.sa_mask);
    program_actions_keep(true);
    if (REAL(sigaction)(SIGSEGV, &ours, NULL) != 0 || REAL(sigaction)(SIGBUS, &ours, NULL) != 0) {
        REAL(sigaction)(SIGSEGV, &before[0], NULL);
        program_actions_keep(false);
        return false;
    }
    return true;
}
