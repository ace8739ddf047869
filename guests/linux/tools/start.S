/*
 * Entry of a Linux program without a C library: the kernel leaves argc, argv[] and the environment
 * on the stack.
 */
    .syntax unified
    .arch armv7-a
    .arm
    .text
    .global _start
_start:
    ldr     r0, [sp]
    add     r1, sp, #4
    bic     sp, sp, #7
    bl      tool_main
    mov     r7, #1                      @ exit(result)
    svc     #0
