/*
 * Straight-line save and restore of what a guest owns: banked registers, CP15, VFP and NEON
 * (metric vm.switch). The layout is struct vcpu's: l4_regs_banked, l4_regs_cp15, fcseidr.
 */
    .syntax unified
    .arch armv7ve
    .fpu neon-vfpv4
    .arm

    .macro function name
    .section .text.\name, "ax", %progbits
    .global \name
    .type \name, %function
\name:
    .endm

    .macro end name
    .size \name, . - \name
    .endm

function vcpu_bank_save
    push    {r4-r8, lr}
    mrs     r1, sp_svc
    mrs     r2, lr_svc
    mrs     r3, spsr_svc
    mrs     r4, sp_abt
    mrs     r5, lr_abt
    mrs     r6, spsr_abt
    mrs     r7, sp_und
    mrs     r8, lr_und
    mrs     r12, spsr_und
    mrs     lr, sp_irq
    stmia   r0!, {r1-r8, r12, lr}
    mrs     r1, lr_irq
    mrs     r2, spsr_irq
    mrs     r3, r8_fiq
    mrs     r4, r9_fiq
    mrs     r5, r10_fiq
    mrs     r6, r11_fiq
    mrs     r7, r12_fiq
    mrs     r8, sp_fiq
    mrs     r12, lr_fiq
    mrs     lr, spsr_fiq
    stmia   r0!, {r1-r8, r12, lr}
    add     r0, r0, #12                     /* TEECR, TEEHBR, SCTLR: vcpu_switch.c */
    mrc     p15, 0, r1, c1, c0, 2           /* CPACR */
    mrc     p15, 2, r2, c0, c0, 0           /* CSSELR */
    mrc     p15, 0, r3, c3, c0, 0           /* DACR */
    mrc     p15, 0, r4, c2, c0, 2           /* TTBCR */
    mrc     p15, 0, r5, c10, c2, 0          /* PRRR, MAIR0 */
    mrc     p15, 0, r6, c10, c2, 1          /* NMRR, MAIR1 */
    mrc     p15, 0, r7, c13, c0, 1          /* CONTEXTIDR */
    mrc     p15, 0, r8, c13, c0, 2          /* TPIDRURW */
    mrc     p15, 0, r12, c13, c0, 3         /* TPIDRURO */
    mrc     p15, 0, lr, c13, c0, 4          /* TPIDRPRW */
    stmia   r0!, {r1-r8, r12, lr}
    mrc     p15, 0, r1, c12, c0, 0          /* VBAR */
    mrc     p15, 0, r2, c5, c0, 0           /* DFSR */
    mrc     p15, 0, r3, c5, c0, 1           /* IFSR */
    mrc     p15, 0, r4, c5, c1, 0           /* ADFSR */
    mrc     p15, 0, r5, c5, c1, 1           /* AIFSR */
    mrc     p15, 0, r6, c6, c0, 0           /* DFAR */
    mrc     p15, 0, r7, c6, c0, 2           /* IFAR */
    mrrc    p15, 0, r8, r12, c2             /* TTBR0 */
    stmia   r0!, {r1-r8, r12}
    mrrc    p15, 1, r1, r2, c2              /* TTBR1 */
    mrrc    p15, 0, r3, r4, c7              /* PAR */
    mrc     p15, 0, r5, c10, c3, 0          /* AMAIR0 */
    mrc     p15, 0, r6, c10, c3, 1          /* AMAIR1 */
    mrc     p15, 0, r7, c13, c0, 0          /* FCSEIDR */
    stmia   r0!, {r1-r4}
    add     r0, r0, #12                     /* CNTKCTL, VMPIDR, VPIDR */
    stmia   r0, {r5-r7}
    pop     {r4-r8, pc}
end vcpu_bank_save

function vcpu_bank_load
    push    {r4-r8, lr}
    ldmia   r0!, {r1-r8, r12, lr}
    msr     sp_svc, r1
    msr     lr_svc, r2
    msr     spsr_svc, r3
    msr     sp_abt, r4
    msr     lr_abt, r5
    msr     spsr_abt, r6
    msr     sp_und, r7
    msr     lr_und, r8
    msr     spsr_und, r12
    msr     sp_irq, lr
    ldmia   r0!, {r1-r8, r12, lr}
    msr     lr_irq, r1
    msr     spsr_irq, r2
    msr     r8_fiq, r3
    msr     r9_fiq, r4
    msr     r10_fiq, r5
    msr     r11_fiq, r6
    msr     r12_fiq, r7
    msr     sp_fiq, r8
    msr     lr_fiq, r12
    msr     spsr_fiq, lr
    add     r0, r0, #12
    ldmia   r0!, {r1-r8, r12, lr}
    mcr     p15, 0, r1, c1, c0, 2           /* CPACR */
    mcr     p15, 2, r2, c0, c0, 0           /* CSSELR */
    mcr     p15, 0, r3, c3, c0, 0           /* DACR */
    mcr     p15, 0, r4, c2, c0, 2           /* TTBCR */
    mcr     p15, 0, r5, c10, c2, 0          /* PRRR, MAIR0 */
    mcr     p15, 0, r6, c10, c2, 1          /* NMRR, MAIR1 */
    mcr     p15, 0, r7, c13, c0, 1          /* CONTEXTIDR */
    mcr     p15, 0, r8, c13, c0, 2          /* TPIDRURW */
    mcr     p15, 0, r12, c13, c0, 3         /* TPIDRURO */
    mcr     p15, 0, lr, c13, c0, 4          /* TPIDRPRW */
    ldmia   r0!, {r1-r8, r12}
    mcr     p15, 0, r1, c12, c0, 0          /* VBAR */
    mcr     p15, 0, r2, c5, c0, 0           /* DFSR */
    mcr     p15, 0, r3, c5, c0, 1           /* IFSR */
    mcr     p15, 0, r4, c5, c1, 0           /* ADFSR */
    mcr     p15, 0, r5, c5, c1, 1           /* AIFSR */
    mcr     p15, 0, r6, c6, c0, 0           /* DFAR */
    mcr     p15, 0, r7, c6, c0, 2           /* IFAR */
    mcrr    p15, 0, r8, r12, c2             /* TTBR0 */
    ldmia   r0!, {r1-r8, r12, lr}           /* from TTBR1; r5 = CNTKCTL is vcpu_switch.c's */
    mcrr    p15, 1, r1, r2, c2              /* TTBR1 */
    mcrr    p15, 0, r3, r4, c7              /* PAR */
    mcr     p15, 4, r6, c0, c0, 5           /* VMPIDR */
    mcr     p15, 4, r7, c0, c0, 0           /* VPIDR */
    mcr     p15, 0, r8, c10, c3, 0          /* AMAIR0 */
    mcr     p15, 0, r12, c10, c3, 1         /* AMAIR1 */
    mcr     p15, 0, lr, c13, c0, 0          /* FCSEIDR */
    pop     {r4-r8, pc}
end vcpu_bank_load

/* FPEXC.EN may be off in the guest's value: it is on for the transfer. */
function vcpu_vfp_save
    vmrs    r1, fpexc
    orr     r2, r1, #0x40000000
    vmsr    fpexc, r2
    vstmia  r0!, {d0-d15}
    vstmia  r0!, {d16-d31}
    vmrs    r2, fpscr
    str     r2, [r0]
    str     r1, [r0, #4]
    bx      lr
end vcpu_vfp_save

function vcpu_vfp_load
    mov     r2, #0x40000000
    vmsr    fpexc, r2
    vldmia  r0!, {d0-d15}
    vldmia  r0!, {d16-d31}
    ldrd    r2, r3, [r0]
    vmsr    fpscr, r2
    vmsr    fpexc, r3
    bx      lr
end vcpu_vfp_load

function vcpu_tee_save
    mrc     p14, 6, r2, c0, c0, 0           /* TEECR */
    mrc     p14, 6, r3, c1, c0, 0           /* TEEHBR */
    strd    r2, r3, [r0]
    bx      lr
end vcpu_tee_save

function vcpu_tee_load
    ldrd    r2, r3, [r0]
    mcr     p14, 6, r2, c0, c0, 0           /* TEECR */
    mcr     p14, 6, r3, c1, c0, 0           /* TEEHBR */
    bx      lr
end vcpu_tee_load

    /* Two instructions an entry, in the order of struct l4_regs_banked. */
    .macro banked access
    \access sp_svc
    \access lr_svc
    \access spsr_svc
    \access sp_abt
    \access lr_abt
    \access spsr_abt
    \access sp_und
    \access lr_und
    \access spsr_und
    \access sp_irq
    \access lr_irq
    \access spsr_irq
    \access r8_fiq
    \access r9_fiq
    \access r10_fiq
    \access r11_fiq
    \access r12_fiq
    \access sp_fiq
    \access lr_fiq
    \access spsr_fiq
    .endm

    .macro banked_get name
    mrs     r0, \name
    bx      lr
    .endm

    .macro banked_set name
    msr     \name, r1
    bx      lr
    .endm

function vcpu_banked_read
    add     pc, pc, r0, lsl #3
    nop
    banked  banked_get
end vcpu_banked_read

function vcpu_banked_write
    add     pc, pc, r0, lsl #3
    nop
    banked  banked_set
end vcpu_banked_write
