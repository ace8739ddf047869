/*
 * Entry from boot/: r0 = physical address of struct l4_bootinfo, MMU off, interrupts masked.
 * Clears bss, sets the boot CPU's kernel stack and goes on in C (init.c).
 */
    .syntax unified
    .arch armv7ve
    .arm

    .section .head.start, "ax", %progbits
    .global _start
    .type _start, %function
_start:
    cpsid   aif
    mov     r4, r0
    ldr     sp, =kernel_stack_top
    ldr     r0, =__bss_start
    ldr     r1, =__bss_end
    mov     r2, #0
1:  cmp     r0, r1
    strlo   r2, [r0], #4
    blo     1b
    mov     r0, r4
    mrs     r1, cpsr
    bl      arch_start
    b       thread_return
    .size _start, . - _start
