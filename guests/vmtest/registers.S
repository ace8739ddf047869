/*
 * See registers.h: everything here exits with all registers known.
 */
    .syntax unified
    .arch armv7ve
    .arch_extension virt
    .arm
    .text

    .global keep_hvc
keep_hvc:
    push    {r0, r4-r12, lr}
    mov     r12, r1
    ldr     lr, [r12, #56]
    add     r12, r12, #16
    ldmia   r12, {r4-r12}
    mov     r0, #0x84000000
    hvc     #0
    str     lr, [sp, #-4]!
    ldr     lr, [sp, #4]
    stmia   lr, {r0-r12}
    pop     {r0}
    str     r0, [lr, #56]
    pop     {r0, r4-r12, pc}

    .macro  keep name, insn:vararg
    .global \name
\name:
    push    {r0, r4-r12, lr}
    push    {r2}
    mov     lr, r1
    ldmia   lr, {r0-r12}
    ldr     lr, [lr, #56]
    pop     {r1}
    msr     cpsr_f, #0xa0000000         @ N and C, to be found again
    \insn
    str     lr, [sp, #-4]!
    ldr     lr, [sp, #4]
    stmia   lr, {r0-r12}
    mrs     r1, cpsr
    str     r1, [lr, #60]
    pop     {r0}
    str     r0, [lr, #56]
    pop     {r0, r4-r12, pc}
    .endm

    keep keep_mmio, ldr r0, [r1]
    keep keep_mrc, mrc p15, 0, r0, c14, c2, 0

    .macro  hvc_numbered name, number
    .global \name
\name:
    hvc     #\number
    bx      lr
    .endm
    hvc_numbered hvc_number_1, 1
    hvc_numbered hvc_number_ffff, 0xffff

    .thumb
    .thumb_func
    .global hvc_thumb
    .type   hvc_thumb, %function
hvc_thumb:
    hvc     #0
    bx      lr
    .balign 4
    .arm

/*
 * Banked registers by way of their modes: MRS and MSR of banked registers exist
 * only where the Virtualization Extensions do. r0 walks the array.
 */
    .macro  bank_out mode
    cps     #\mode
    ldmia   r0!, {r13, r14}
    ldr     r1, [r0], #4
    msr     spsr_cxsf, r1
    .endm
    .macro  bank_in mode
    cps     #\mode
    stmia   r0!, {r13, r14}
    mrs     r1, spsr
    str     r1, [r0], #4
    .endm

    .global banked_write
banked_write:
    mrs     r2, cpsr
    cps     #0x11
    ldmia   r0!, {r8-r12}
    bank_out 0x11
    bank_out 0x12
    bank_out 0x17
    bank_out 0x1b
    cps     #0x1f
    ldmia   r0!, {r13, r14}
    msr     cpsr_c, r2
    bx      lr

    .global banked_read
banked_read:
    mrs     r2, cpsr
    cps     #0x11
    stmia   r0!, {r8-r12}
    bank_in 0x11
    bank_in 0x12
    bank_in 0x17
    bank_in 0x1b
    cps     #0x1f
    stmia   r0!, {r13, r14}
    msr     cpsr_c, r2
    bx      lr

    .global exclusive_increment
exclusive_increment:
    ldrex   r1, [r0]
    add     r1, r1, #1
    strex   r2, r1, [r0]
    cmp     r2, #0
    bne     exclusive_increment
    bx      lr
