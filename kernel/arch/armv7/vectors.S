/*
 * HYP vectors, the way into the kernel and back. SP_hyp points at the running thread's frame while
 * it runs at PL0 or PL1; there is one kernel stack per CPU, empty at every entry.
 *
 * A handler gets the thread in r0 and returns the thread to run. A system call spends 16
 * instructions on entry and 9 on exit here (metrics syscall.null and ipc.rpc).
 */
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

/* Saves the frame; r0 = the thread, sp = kernel stack. */
    .macro save_frame
    mrs     r1, sp_usr
    mrs     r2, elr_hyp
    mrs     r3, spsr
    mov     r0, sp
    ldr     sp, =kernel_stack_top
    str     r1, [r0, #FRAME_SP_OFFSET]
    strd    r2, r3, [r0, #FRAME_PC_OFFSET]
    .endm

    .balign 64
    .type hyp_trap, %function
hyp_trap:
    stmia   sp, {r0-r12, lr}
    mrc     p15, 4, r4, c5, c2, 0       /* HSR */
    save_frame
    eor     r1, r4, #HSR_SVC_ARM
    cmp     r1, #ASM_SYS_COUNT
    bhs     2f
    ldr     r12, =syscall_table
    ldr     r12, [r12, r1, lsl #2]
    blx     r12

    .global thread_return
    .type thread_return, %function
thread_return:
    mov     sp, r0
    ldr     r1, [r0, #FRAME_SP_OFFSET]
    ldrd    r2, r3, [r0, #FRAME_PC_OFFSET]
    msr     sp_usr, r1
    msr     elr_hyp, r2
    msr     spsr_cxsf, r3
    ldmia   sp, {r0-r12, lr}
    eret

2:  mov     r1, r4
    bl      trap_handle
    b       thread_return
    .size hyp_trap, . - hyp_trap

    .balign 64
    .type hyp_irq, %function
hyp_irq:
    stmia   sp, {r0-r12, lr}
    save_frame
    bl      irq_dispatch
    b       thread_return
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
    stmia   sp, {r0-r12, lr}
    stamp
    mrc     p15, 4, r4, c5, c2, 0
    save_frame
    mov     r1, r4
    bl      trap_handle
    b       measured_return

measured_irq:
    stmia   sp, {r0-r12, lr}
    stamp
    save_frame
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
    ldr     r0, =panic_frame
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
    mrs     r2, elr_hyp
    mrs     r3, spsr
    str     sp, [r0, #FRAME_SP_OFFSET]
    strd    r2, r3, [r0, #FRAME_PC_OFFSET]
    ldr     sp, =panic_stack + PANIC_STACK_SIZE
    mov     r0, r4
    bl      trap_hyp
    .ltorg
