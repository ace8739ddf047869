/*
 * The smallest guest: one flat binary, position-independent, no stack. Prints where
 * it runs and what it was given, then powers off. Loaded as a raw image it may lie
 * anywhere in RAM; given as the ROM at 0 it also checks that the ROM cannot be
 * written and answers no CFI query (DESIGN 4), and that RAM is behind it.
 */
    .syntax unified
    .arch armv7ve
    .arch_extension virt
    .arm

    .equ UART, 0x09000000
    .equ UARTFR, 0x18
    .equ FR_TXFF, 1 << 5
    .equ RAM, 0x40000000
    .equ SCRATCH, RAM + 0x00300000
    .equ PSCI_SYSTEM_OFF, 0x84000008
    .equ CFI_QUERY, 0x98
    .equ CFI_QUERY_AT, 0x55 << 2

/* Clobbers r8, r9, r10, r12. */
    .macro  say label
    adrl    r12, \label
    bl      puts
    .endm

    .section .text.start, "ax"
    .global _start
_start:
    mov     r4, r0
    mov     r5, r1
    mov     r6, r2
    adr     r7, _start
    say     text_at
    mov     r10, r7
    bl      hex
    say     text_r0
    mov     r10, r4
    bl      hex
    say     text_r1
    mov     r10, r5
    bl      hex
    say     text_r2
    mov     r10, r6
    bl      hex

    cmp     r6, #RAM                    @ big-endian magic 0xd00dfeed
    blo     no_tree
    ldr     r0, [r6]
    movw    r1, #0x0dd0
    movt    r1, #0xedfe
    cmp     r0, r1
    bne     no_tree
    say     text_tree
no_tree:
    cmp     r7, #0
    bleq    check_rom
    bl      check_ram
    say     text_done
    movw    r0, #(PSCI_SYSTEM_OFF & 0xffff)
    movt    r0, #(PSCI_SYSTEM_OFF >> 16)
    hvc     #0
1:  wfi
    b       1b

/* The word that a CFI query is written to keeps its value, and so does the one at 0. */
check_rom:
    mov     r11, lr
    mov     r0, #0
    ldr     r1, [r0, #CFI_QUERY_AT]
    ldr     r2, [r0]
    mov     r3, #CFI_QUERY
    str     r3, [r0, #CFI_QUERY_AT]
    mvn     r3, r2
    str     r3, [r0]
    strb    r3, [r0, #1]
    ldr     r3, [r0, #CFI_QUERY_AT]
    cmp     r3, r1
    ldreq   r3, [r0]
    cmpeq   r3, r2
    bne     1f
    say     text_rom
    bx      r11
1:  mov     r3, #0xff                   @ a flash after all: back to reading the array
    str     r3, [r0]
    say     text_flash
    bx      r11

check_ram:
    mov     r11, lr
    movw    r0, #(SCRATCH & 0xffff)
    movt    r0, #(SCRATCH >> 16)
    str     r0, [r0]
    ldr     r1, [r0]
    cmp     r0, r1
    bxne    r11
    say     text_ram
    bx      r11

/* r12: text. */
puts:
    mov     r8, #UART
1:  ldrb    r10, [r12], #1
    cmp     r10, #0
    bxeq    lr
2:  ldr     r9, [r8, #UARTFR]
    tst     r9, #FR_TXFF
    bne     2b
    strb    r10, [r8]
    b       1b

/* r10: number. Clobbers r3, r8, r9, r12. */
hex:
    mov     r8, #UART
    mov     r12, #8
1:  ror     r10, r10, #28
    and     r3, r10, #15
    cmp     r3, #10
    addlo   r3, r3, #'0'
    addhs   r3, r3, #('a' - 10)
2:  ldr     r9, [r8, #UARTFR]
    tst     r9, #FR_TXFF
    bne     2b
    strb    r3, [r8]
    subs    r12, r12, #1
    bne     1b
    bx      lr

text_at:
    .asciz  "hello: at "
text_r0:
    .asciz  " r0 "
text_r1:
    .asciz  " r1 "
text_r2:
    .asciz  " r2 "
text_tree:
    .asciz  " (device tree)"
text_rom:
    .asciz  "\r\nhello: the ROM kept its contents"
text_flash:
    .asciz  "\r\nhello: there is a flash at 0"
text_ram:
    .asciz  "\r\nhello: RAM works"
text_done:
    .asciz  "\r\nHELLO DONE\r\n"
    .balign 4
    /* Longer than the offset of the CFI query. */
    .space  0x200
