/*
 * Clearing and copying: whole words, eight registers at a time; memcpy, memmove, memset and memcmp
 * for the compiler. Aligned word accesses only while both ends are aligned, so that all of it works
 * before the MMU is on. The metric ipc.rpc.64w guards arch_copy_words.
 */
    .syntax unified
    .arch armv7ve
    .arm
    .text

    .macro function name
    .section .text.\name, "ax"
    .global \name
    .type \name, %function
\name:
    .endm

/* void arch_page_clear(void *page) */
    function arch_page_clear
    mov     r1, #4096
    b       arch_zero
    .size arch_page_clear, . - arch_page_clear

/* void arch_zero(void *p, uint32_t size): size is a multiple of 32 */
    function arch_zero
    push    {r4-r9}
    mov     r2, #0
    mov     r3, #0
    mov     r4, #0
    mov     r5, #0
    mov     r6, #0
    mov     r7, #0
    mov     r8, #0
    mov     r9, #0
    subs    r1, r1, #256
    blo     2f
1:  .rept 8
    stmia   r0!, {r2-r9}
    .endr
    subs    r1, r1, #256
    bhs     1b
2:  adds    r1, r1, #256
    beq     4f
3:  stmia   r0!, {r2-r9}
    subs    r1, r1, #32
    bhi     3b
4:  pop     {r4-r9}
    bx      lr
    .size arch_zero, . - arch_zero

/* void arch_copy_words(uint32_t *dst, const uint32_t *src, uint32_t words) */
    function arch_copy_words
    subs    r2, r2, #8
    blo     2f
    push    {r4-r10}
1:  ldmia   r1!, {r3-r10}
    subs    r2, r2, #8
    stmia   r0!, {r3-r10}
    bhs     1b
    pop     {r4-r10}
2:  adds    r2, r2, #8
    bxeq    lr
3:  ldr     r3, [r1], #4
    subs    r2, r2, #1
    str     r3, [r0], #4
    bne     3b
    bx      lr
    .size arch_copy_words, . - arch_copy_words

/* void *memcpy(void *dst, const void *src, size_t n) */
    function memcpy
    push    {r0, r4, r5, lr}
    mov     r4, r2
    orr     r3, r0, r1
    tst     r3, #3
    bne     1f
    and     r4, r2, #3
    lsr     r2, r2, #2
    bl      arch_copy_words
1:  subs    r4, r4, #1
    ldrbhs  r3, [r1], #1
    strbhs  r3, [r0], #1
    bhs     1b
    pop     {r0, r4, r5, pc}
    .size memcpy, . - memcpy

/* void *memmove(void *dst, const void *src, size_t n) */
    function memmove
    sub     r3, r0, r1
    cmp     r3, r2
    bhs     memcpy
    add     r1, r1, r2
    add     ip, r0, r2
1:  subs    r2, r2, #1
    bxlo    lr
    ldrb    r3, [r1, #-1]!
    strb    r3, [ip, #-1]!
    b       1b
    .size memmove, . - memmove

/* void *memset(void *p, int value, size_t n) */
    function memset
    mov     ip, r0
    and     r1, r1, #255
    tst     r0, #3
    bne     2f
    orr     r3, r1, r1, lsl #8
    orr     r3, r3, r3, lsl #16
1:  subs    r2, r2, #4
    strhs   r3, [ip], #4
    bhs     1b
    add     r2, r2, #4
2:  subs    r2, r2, #1
    bxlo    lr
    strb    r1, [ip], #1
    b       2b
    .size memset, . - memset

/* int memcmp(const void *a, const void *b, size_t n) */
    function memcmp
    mov     ip, r0
    mov     r0, #0
1:  subs    r2, r2, #1
    bxlo    lr
    ldrb    r0, [ip], #1
    ldrb    r3, [r1], #1
    subs    r0, r0, r3
    beq     1b
    bx      lr
    .size memcmp, . - memcmp
