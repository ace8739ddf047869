/*
 * Guests of the vCPU suites. Each blob begins with its vectors and runs from the first instruction
 * in Supervisor mode, MMU off, at 0x40000000; its parameters lie at 0x40008000. "Reports" means:
 * an HVC with r0..r3.
 */
    .syntax unified
    .arch armv7ve
    .arch_extension virt
    .arch_extension sec
    .fpu neon-vfpv4
    .arm

    .macro blob name
    .section .text.guest_\name, "ax"
    .balign 32
    .global guest_\name
guest_\name:
    b       1f
    b       .
    b       .
    b       .
    b       .
    nop
    b       guest_\name\()_irq
    b       .
1:
    .endm

    .macro blob_end name
    .ltorg
    .global guest_\name\()_end
guest_\name\()_end:
    .endm

    .macro parameters reg
    movw    \reg, #0x8000
    movt    \reg, #0x4000
    .endm

/* Interrupts on: vectors here, virtual CPU interface open. r10 stays its address. */
    .macro interrupts_on
    mov     r0, #0x40000000
    mcr     p15, 0, r0, c12, c0, 0      @ VBAR
    ldr     r10, =0x08010000
    mov     r0, #0xff
    str     r0, [r10, #4]
    mov     r0, #1
    str     r0, [r10]
    .endm

/* Calls: reports 1 2 3 4, then what the answer was, each one more. */
    blob hvc
guest_hvc_irq:
    mov     r0, #1
    mov     r1, #2
    mov     r2, #3
    mov     r3, #4
    mov     r4, #5
    hvc     #0
1:  add     r0, r0, #1
    add     r1, r1, #1
    add     r2, r2, #1
    add     r3, r3, #1
    hvc     #0
    smc     #0
    hvc     #0
    hvc     #0x1234
    b       1b
    blob_end hvc

/* Loads and stores of all sizes at 0x09000018, in ARM and in Thumb state. */
    blob mmio
guest_mmio_irq:
    ldr     r4, =0x09000018
    ldr     r0, [r4]
    ldrh    r1, [r4]
    ldrb    r2, [r4]
    ldrsh   r3, [r4]
    hvc     #0
    ldrsb   r0, [r4]
    mov     r1, #0
    mov     r2, #0
    mov     r3, #0
    hvc     #0
    ldr     r6, =0x12345678
    str     r6, [r4]
    strh    r6, [r4]
    strb    r6, [r4]
    adr     r7, 2f + 1
    bx      r7
    .thumb
    .balign 4
2:  ldr     r0, [r4]
    ldrb    r1, [r4]
    movs    r2, #3
    cmp     r2, #3
    itte    eq
    ldrheq  r2, [r4]
    moveq   r3, #7
    movne   r3, #8
    hvc     #0
    strb    r6, [r4]
    str.w   r6, [r4, #4]
    hvc     #0
    b       .
    .arm
    .balign 4
    blob_end mmio

/* Accesses that hardware does not decode; reports between them. */
    blob abort
guest_abort_irq:
    ldr     r4, =0x09000020
    ldrd    r0, r1, [r4]
    hvc     #0
    ldmia   r4, {r0, r1, r2}
    hvc     #0
    ldr     r0, [r4], #4
    hvc     #0
    ldrex   r0, [r4]
    hvc     #0
    ldr     pc, =0x50000000
    blob_end abort

/* Waits; reports each interrupt: number, count. */
    blob wfi
    interrupts_on
    mov     r7, #0
    mov     r0, #0x100
    hvc     #0
    cpsie   i
1:  wfi
    b       1b
guest_wfi_irq:
    ldr     r0, [r10, #0xc]
    str     r0, [r10, #0x10]
    add     r7, r7, #1
    mov     r1, r7
    hvc     #0
    subs    pc, lr, #4
    blob_end wfi

/* The same without waiting. */
    blob spin
    interrupts_on
    mov     r7, #0
    mov     r0, #0x100
    hvc     #0
    cpsie   i
1:  add     r8, r8, #1
    b       1b
guest_spin_irq:
    ldr     r0, [r10, #0xc]
    str     r0, [r10, #0x10]
    add     r7, r7, #1
    mov     r1, r7
    hvc     #0
    subs    pc, lr, #4
    blob_end spin

/* Keeps interrupts masked until told: reports, then unmasks and waits. */
    blob masked
    interrupts_on
    mov     r7, #0
    mov     r0, #0x100
    hvc     #0
    wfi
    mov     r0, #0x200
    hvc     #0
    cpsie   i
1:  wfi
    b       1b
guest_masked_irq:
    ldr     r0, [r10, #0xc]
    add     r7, r7, #1
    mov     r1, r7
    hvc     #0
    str     r0, [r10, #0x10]
    subs    pc, lr, #4
    blob_end masked

/* Timers: parameter 0 = 0 virtual, 1 physical; 1 = ticks. Reports the interrupt, then the counter
 * at the time that was set (r2, r3: low words) and at the interrupt (r1). */
    blob timer
    interrupts_on
    parameters r9
    ldr     r8, [r9]
    ldr     r1, [r9, #4]
    mov     r0, #0x100
    hvc     #0
    ldr     r1, [r9, #4]
    mov     r2, #1
    isb
    mrrc    p15, 1, r4, r5, c14         @ CNTVCT
    mrrc    p15, 0, r6, r7, c14         @ CNTPCT
    cmp     r8, #0
    mcreq   p15, 0, r1, c14, c3, 0      @ CNTV_TVAL
    mcreq   p15, 0, r2, c14, c3, 1      @ CNTV_CTL
    mcrne   p15, 0, r1, c14, c2, 0      @ CNTP_TVAL
    mcrne   p15, 0, r2, c14, c2, 1      @ CNTP_CTL
    cpsie   i
1:  wfi
    b       1b
guest_timer_irq:
    ldr     r0, [r10, #0xc]
    mov     r2, #0
    cmp     r8, #0
    mcreq   p15, 0, r2, c14, c3, 1
    mcrne   p15, 0, r2, c14, c2, 1
    str     r0, [r10, #0x10]
    isb
    mrrc    p15, 1, r1, r3, c14
    mov     r2, r4
    mov     r3, r6
    hvc     #0
    subs    pc, lr, #4
    blob_end timer

/* System registers that the VMM answers. */
    blob sysreg
guest_sysreg_irq:
    mrc     p15, 1, r0, c9, c0, 2       @ L2CTLR
    mrc     p15, 0, r1, c1, c0, 1       @ ACTLR
    mov     r2, #0x55
    mcr     p15, 0, r2, c1, c0, 1
    mrc     p15, 0, r3, c9, c12, 0      @ PMCR
    hvc     #0
    mrc     p15, 0, r0, c0, c0, 0       @ MIDR
    mrc     p15, 0, r1, c0, c0, 5       @ MPIDR
    mrc     p15, 0, r2, c13, c0, 2      @ TPIDRURW
    mrc     p15, 0, r3, c12, c0, 0      @ VBAR
    hvc     #0
    mrs     r0, cpsr
    mov     r1, sp
    mrs     r2, sp_irq
    mrs     r3, lr_usr
    hvc     #0
    b       .
    blob_end sysreg

/* All of VFP: parameter 0 = pattern. Reports wrong registers after each turn. */
    blob vfp
guest_vfp_irq:
    parameters r9
    ldr     r8, [r9]
    mov     r0, #0x00f00000
    mcr     p15, 0, r0, c1, c0, 2       @ CPACR
    isb
    mov     r0, #0x40000000
    vmsr    fpexc, r0
    add     r4, r9, #0x1000
    mov     r0, r8
    mov     r1, #64
1:  str     r0, [r4], #4
    add     r0, r0, #1
    subs    r1, r1, #1
    bne     1b
    add     r4, r9, #0x1000
    vldmia  r4!, {d0-d15}
    vldmia  r4, {d16-d31}
    and     r5, r8, #0x00c00000
    vmsr    fpscr, r5
    mov     r0, #0
2:  hvc     #0
    add     r4, r9, #0x2000
    vstmia  r4!, {d0-d15}
    vstmia  r4, {d16-d31}
    add     r4, r9, #0x2000
    mov     r3, r8
    mov     r1, #64
    mov     r0, #0
3:  ldr     r2, [r4], #4
    cmp     r2, r3
    addne   r0, r0, #1
    add     r3, r3, #1
    subs    r1, r1, #1
    bne     3b
    vmrs    r2, fpscr
    and     r2, r2, #0x00c00000
    cmp     r2, r5
    addne   r0, r0, #0x100
    b       2b
    blob_end vfp

/* ThumbEE's registers: parameter 0 = pattern. Reports what TEECR and TEEHBR held, which the guest then sets. */
    blob tee
guest_tee_irq:
    parameters r9
    ldr     r8, [r9]
1:  mrc     p14, 6, r0, c0, c0, 0       @ TEECR
    mrc     p14, 6, r1, c1, c0, 0       @ TEEHBR
    and     r2, r8, #1
    mcr     p14, 6, r2, c0, c0, 0
    mcr     p14, 6, r8, c1, c0, 0
    hvc     #0
    b       1b
    blob_end tee
