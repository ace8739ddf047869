/*
 * HYP vectors, the way into the kernel and back. While a thread runs, SP_hyp points at the end of
 * its frame, which two pushes fill; there is one kernel stack per CPU, empty at every entry.
 *
 * A handler gets the thread in r0 and returns the thread to run (metrics syscall.null, ipc.rpc).
 */
#include <l4/abi/syscall.h>

#include "asm_defs.h"

    .syntax unified
    .arch armv7ve
    .arm

    .section .head.vectors, "ax", %progbits
    .balign 32
    .global hyp_vectors
hyp_vectors:
    b       hyp_reset
    b       hyp_undefined
    b       hyp_svc
    b       hyp_prefetch
    b       hyp_data
    b       hyp_trap
    b       hyp_irq
    b       hyp_fiq

/* One word of the table of handlers. */
#define handler(NAME, name, text) .word sys_##name;

/* Saves the frame; r0 = the thread, sp = kernel stack. r1-r7 are what they were. */
    .macro save_frame
    stmdb   sp!, {r0-r12, lr}
    mrs     r8, sp_usr
    mrs     r9, elr_hyp
    mrs     r10, spsr
    stmdb   sp!, {r8-r10}
    mov     r0, sp
    ldr     sp, =kernel_stack_top
    .endm

    .balign 64
    .type hyp_trap, %function
hyp_trap:
    save_frame
    mrc     p15, 4, r1, c5, c2, 0       /* HSR */
    adr     lr, thread_return
    eor     r2, r1, #HSR_SVC_ARM
    cmp     r2, #ASM_SYS_COUNT
    ldrlo   pc, [pc, r2, lsl #2]
    b       1f
    L4_SYSCALL_TABLE(handler)
1:  ldr     r2, [r0, #FRAME_SIZE]       /* thread.vcpu */
    cmp     r2, #0
    bne     trap_guest
    b       trap_native

    .balign 64
    .type hyp_irq, %function
hyp_irq:
    save_frame
    bl      irq_dispatch

    .global thread_return
    .type thread_return, %function
thread_return:
    mov     sp, r0
    ldmia   sp!, {r1-r3}
    msr     sp_usr, r1
    msr     elr_hyp, r2
    msr     spsr_cxsf, r3
    ldmia   sp!, {r0-r12, lr}
    eret
    .size hyp_irq, . - hyp_irq

/* The same way in and out while L4_STAT_NONPREEMPT_WORST is measured (nonpreempt.c sets HVBAR), so
 * that the vectors above carry nothing for it. trap_handle knows system calls too. */
    .balign 32
    .global hyp_vectors_measured
hyp_vectors_measured:
    b       hyp_reset
    b       hyp_undefined
    b       hyp_svc
    b       hyp_prefetch
    b       hyp_data
    b       measured_trap
    b       measured_irq
    b       hyp_fiq

    .macro stamp
    mrc     p15, 0, r3, c9, c13, 0      /* PMCCNTR */
    ldr     r2, =nonpreempt_start
    str     r3, [r2]
    .endm

measured_trap:
    save_frame
    stamp
    mrc     p15, 4, r1, c5, c2, 0
    bl      trap_handle
    b       measured_return

measured_irq:
    save_frame
    stamp
    bl      irq_dispatch
measured_return:
    mov     r4, r0
    bl      nonpreempt_mark
    mov     r0, r4
    b       thread_return

/* Exceptions of the kernel itself: registers to panic_frame, then trap_hyp(what) on a stack of its
 * own, for the kernel stack may be what broke. */
    .macro hyp_fault name, what
\name:
    mcr     p15, 4, r0, c13, c0, 2      /* HTPIDR */
    ldr     r0, =panic_frame + FRAME_R_OFFSET
    stmia   r0, {r0-r12, lr}
    mov     r4, #\what
    b       hyp_broken
    .endm

    hyp_fault hyp_undefined, HYP_UNDEFINED
    hyp_fault hyp_svc, HYP_SVC
    hyp_fault hyp_prefetch, HYP_PREFETCH
    hyp_fault hyp_data, HYP_DATA
    hyp_fault hyp_fiq, HYP_FIQ
    hyp_fault hyp_reset, HYP_RESET

hyp_broken:
    mrc     p15, 4, r1, c13, c0, 2
    str     r1, [r0]
    mov     r1, sp
    mrs     r2, elr_hyp
    mrs     r3, spsr
    stmdb   r0, {r1-r3}
    ldr     sp, =panic_stack + PANIC_STACK_SIZE
    mov     r0, r4
    bl      trap_hyp
    .ltorg
