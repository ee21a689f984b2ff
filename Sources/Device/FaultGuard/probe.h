// SPDX-License-Identifier: Apache-2.0
//
// One byte touched, in a handful of instructions whose addresses the handler knows: where one of them faults, it goes on
// at another, which says so. Nothing is prepared and nothing undone, so a probe costs as much as the access.

#ifndef UACCE_PROBE_H
#define UACCE_PROBE_H

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

/// True: the byte may not be read, or not be written. It keeps its value, and another thread may be writing it.
bool fault_guard_probe_read(uintptr_t address);
bool fault_guard_probe_write(uintptr_t address);

/// The instructions that may fault, and where it goes on if they do.
extern const char fault_guard_probes_begin[], fault_guard_probes_end[], fault_guard_probe_failed[];

#define FUNCTION(name) ".hidden " name "\n.type " name ", %function\n" name ":\n"
#define LABEL(name) ".hidden " name "\n" name ":\n"

#if defined(__x86_64__)
__asm__(".pushsection .text.fault_guard_probes, \"ax\", %progbits\n"
        LABEL("fault_guard_probes_begin")
        FUNCTION("fault_guard_probe_read")
        "movzbl (%rdi), %eax\n"
        "xorl %eax, %eax\n"
        "ret\n"
        FUNCTION("fault_guard_probe_write")
        "lock orb $0, (%rdi)\n"
        "xorl %eax, %eax\n"
        "ret\n"
        LABEL("fault_guard_probes_end")
        LABEL("fault_guard_probe_failed")
        "movl $1, %eax\n"
        "ret\n"
        ".popsection\n");
#define PROGRAM_COUNTER(context) (*(uintptr_t *)&(context)->uc_mcontext.gregs[REG_RIP])
#elif defined(__aarch64__)
__asm__(".pushsection .text.fault_guard_probes, \"ax\", %progbits\n"
        LABEL("fault_guard_probes_begin")
        FUNCTION("fault_guard_probe_read")
        "ldrb w1, [x0]\n"
        "mov w0, #0\n"
        "ret\n"
        FUNCTION("fault_guard_probe_write")
        "1: ldxrb w1, [x0]\n"
        "stxrb w2, w1, [x0]\n"
        "cbnz w2, 1b\n"
        "mov w0, #0\n"
        "ret\n"
        LABEL("fault_guard_probes_end")
        LABEL("fault_guard_probe_failed")
        "mov w0, #1\n"
        "ret\n"
        ".popsection\n");
#define PROGRAM_COUNTER(context) (*(uintptr_t *)&(context)->uc_mcontext.pc)
#else
#error "no probes for this architecture"
#endif

#endif
