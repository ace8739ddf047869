/*
 * Guests that measure: each takes BLOB_SAMPLES differences of PMCCNTR into its RAM at 0x40009000 and
 * then calls (HVC). Position independent, run at 0x40000000 with the MMU off, vectors first: the
 * counter is read by the first instruction at the IRQ vector. r10 is the CPU interface, r9 the next
 * sample, r8 how many are left.
 */
#include "blobs.h"

    .syntax unified
    .arch armv7ve
    .arch_extension virt
    .fpu neon-vfpv4
    .arm

    .set    GICC_CTLR, 0x00
    .set    GICC_PMR, 0x04
    .set    GICC_IAR, 0x0c
    .set    GICC_EOIR, 0x10

    .macro  counter reg
    mrc     p15, 0, \reg, c9, c13, 0    @ PMCCNTR
    .endm

    .macro  blob name
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
    counter r6                          @ IRQ
    b       guest_\name\()_irq
1:  mov     r0, #0x40000000
    mcr     p15, 0, r0, c12, c0, 0      @ VBAR
    ldr     r10, =0x08010000
    mov     r0, #0xff
    str     r0, [r10, #GICC_PMR]
    mov     r0, #1
    str     r0, [r10, #GICC_CTLR]
    ldr     r9, =0x40009000
    ldr     r8, =BLOB_SAMPLES
    .endm

    .macro  blob_end name
    .ltorg
    .global guest_\name\()_end
guest_\name\()_end:
    .endm

    .macro  vfp_on
    mov     r0, #0x00f00000
    mcr     p15, 0, r0, c1, c0, 2       @ CPACR
    isb
    mov     r0, #0x40000000
    vmsr    fpexc, r0
    .endm

    .macro  vfp_dirty
    vmov.i8 q0, #1
    vmov.i8 q1, #1
    vmov.i8 q2, #1
    vmov.i8 q3, #1
    vmov.i8 q4, #1
    vmov.i8 q5, #1
    vmov.i8 q6, #1
    vmov.i8 q7, #1
    vmov.i8 q8, #1
    vmov.i8 q9, #1
    vmov.i8 q10, #1
    vmov.i8 q11, #1
    vmov.i8 q12, #1
    vmov.i8 q13, #1
    vmov.i8 q14, #1
    vmov.i8 q15, #1
    .endm

    /* r4 = the reading before, r6 = at the vector. */
    .macro  take_sample
    sub     r6, r6, r4
    str     r6, [r9], #4
    subs    r8, r8, #1
    hvceq   #0
    .endm

    .macro  end_interrupt
    ldr     r0, [r10, #GICC_IAR]
    str     r0, [r10, #GICC_EOIR]
    .endm

/* irq.direct: the guest's own store lets the UART's interrupt come while it spins. */
    blob    direct
    ldr     r11, =BLOB_UARTIMSC
    mov     r5, #BLOB_UART_TX
    cpsie   i
2:  counter r4
    str     r5, [r11]
    b       2b
guest_direct_irq:
    mov     r0, #0
    str     r0, [r11]
    end_interrupt
    take_sample
    subs    pc, lr, #4
    blob_end direct

/* vm.inject.running: the VMM leaves its reading in the first parameter. */
    blob    inject_running
    ldr     r11, =BLOB_PARAMETERS
    hvc     #0
    cpsie   i
2:  b       2b
guest_inject_running_irq:
    ldr     r4, [r11]
    end_interrupt
    take_sample
    subs    pc, lr, #4
    blob_end inject_running

/* vm.inject.waiting: the same from WFI. */
    blob    inject_waiting
    ldr     r11, =BLOB_PARAMETERS
    hvc     #0
    cpsie   i
2:  wfi
    b       2b
guest_inject_waiting_irq:
    ldr     r4, [r11]
    end_interrupt
    take_sample
    subs    pc, lr, #4
    blob_end inject_waiting

/* vm.exit.world: CNTPCT, which the kernel answers. */
    blob    exit_world
2:  counter r4
    mrrc    p15, 0, r0, r1, c14         @ CNTPCT
    counter r6
    take_sample
    b       2b
guest_exit_world_irq:
    b       .
    blob_end exit_world

/* vm.switch, the one that leaves: woken by its virtual timer, it dirties VFP, tells the counter, and waits. An
 * interrupt stays active, so a list register is in use; the timer's is more urgent. */
    blob    switch_from
    vfp_on
    vfp_dirty
    ldr     r11, =BLOB_PARAMETERS
    hvc     #0
    cpsie   i                           @ here comes the interrupt that stays
2:  ldr     r0, =BLOB_TICKS
    mcr     p15, 0, r0, c14, c3, 0      @ CNTV_TVAL
    mov     r0, #1
    mcr     p15, 0, r0, c14, c3, 1      @ CNTV_CTL
    vfp_dirty
    counter r4
    str     r4, [r11]
    wfi
    b       2b
guest_switch_from_irq:
    ldr     r0, [r10, #GICC_IAR]
    cmp     r0, #BLOB_VTIMER
    subsne  pc, lr, #4
    mov     r1, #2
    mcr     p15, 0, r1, c14, c3, 1      @ IMASK
    str     r0, [r10, #GICC_EOIR]
    subs    pc, lr, #4
    blob_end switch_from

/* vm.switch, the one that comes: sees the other's reading change. */
    blob    switch_to
    vfp_on
    vfp_dirty
    hvc     #0
    cpsie   i                           @ here comes the interrupt that stays
    ldr     r0, =BLOB_TICKS_LONG
    mcr     p15, 0, r0, c14, c3, 0      @ CNTV_TVAL: armed, and far away
    mov     r0, #1
    mcr     p15, 0, r0, c14, c3, 1
    ldr     r11, =BLOB_OTHER
    ldr     r7, [r11]
2:  ldr     r4, [r11]
    vmov    d0, d1
    counter r6
    cmp     r4, r7
    beq     2b
    mov     r7, r4
    take_sample
    b       2b
guest_switch_to_irq:
    ldr     r0, [r10, #GICC_IAR]
    subs    pc, lr, #4
    blob_end switch_to
