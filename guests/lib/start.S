/*
 * First instructions of a guest: keep what the processor was given, set up a
 * stack per mode and the vector table, clear .bss, enter guest_main(). Entered
 * in SVC with the MMU off, as QEMU's loader and Pecan's VMM do it (DESIGN 4).
 */
    .syntax unified
    .arch armv7ve

    .section .text.start, "ax"
    .arm
    .global _start
_start:
    mrs     r4, cpsr
    mrc     p15, 0, r5, c1, c0, 0       @ SCTLR
    adr     r6, _start
    cpsid   aif, #0x13
    ldr     sp, =__stack_svc
    ldr     r7, =boot_state             @ in .data: survives the clearing below
    stmia   r7, {r0-r6}

    cps     #0x1b
    ldr     sp, =__stack_und
    cps     #0x17
    ldr     sp, =__stack_abt
    cps     #0x12
    ldr     sp, =__stack_irq
    cps     #0x11
    ldr     sp, =__stack_fiq
    cps     #0x1f
    ldr     sp, =__stack_mode
    cps     #0x13

    ldr     r0, =__bss_start
    ldr     r1, =__bss_end
    mov     r2, #0
1:  cmp     r0, r1
    strlo   r2, [r0], #4
    blo     1b

    ldr     r0, =guest_vectors
    mcr     p15, 0, r0, c12, c0, 0      @ VBAR
    isb
    cpsie   a
    bl      guest_main
    bl      system_off
    .ltorg

    .data
    .balign 4
    .global boot_state
boot_state:
    .space  7 * 4
