/*
 * Start of every user program. In: r0 = start argument (init: struct l4_rootinfo, servers: struct
 * l4_start), r1 = the message buffer's address, 0 without one. The stack comes from the link
 * script; memory is zero-filled by the loader.
 */
    .syntax unified
    .arm

    .section .text.start, "ax"
    .global _start
    .type _start, %function
_start:
    ldr     sp, =__stack_top
    mov     fp, #0
    mov     lr, #0
    b       l4_start
    .size _start, . - _start

/*
 * errno and friends: the compiler adds the TLS offset, which begins after a block of 8 bytes. Must
 * preserve every register but r0 (and ip, lr).
 */
    .section .text.tls, "ax"
    .global __aeabi_read_tp
    .type __aeabi_read_tp, %function
__aeabi_read_tp:
    ldr     r0, =__tls_base - 8
    bx      lr
    .size __aeabi_read_tp, . - __aeabi_read_tp
