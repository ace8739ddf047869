/*
 * Entry of the loader (Linux boot protocol: r2 = device tree, MMU and data cache off), its own
 * translation, its exception vectors, and the way into the kernel.
 *
 * The loader runs with MMU and caches on, because it hashes megabytes: an identity map of four
 * 1 GiB blocks, Device memory at first except for the one the loader itself lies in.
 */
    .syntax unified
    .arch armv7ve
    .arm

    .equ    MODE_HYP, 0x1a
    .equ    HSCTLR_M, 1 << 0
    .equ    HSCTLR_A, 1 << 1
    .equ    HSCTLR_C, 1 << 2
    .equ    HSCTLR_I, 1 << 12
    /* Long-descriptor blocks: AF, inner shareable (RAM), AttrIndx 0 = RAM, 1 = Device; XN. */
    .equ    BLOCK_RAM, 0x701
    .equ    BLOCK_DEVICE, 0x405
    .equ    BLOCK_XN_HIGH, 1 << 22

    .section .text.start, "ax"
    .global _start
_start:
    cpsid   aif
    mov     r10, r2
    mrs     r9, cpsr
    and     r9, r9, #0x1f
    ldr     sp, =__stack_top
    ldr     r0, =__bss_start
    ldr     r1, =__bss_end
    mov     r2, #0
1:  cmp     r0, r1
    strlo   r2, [r0], #4
    blo     1b

    cmp     r9, #MODE_HYP
    ldrne   r0, =vectors_pl1
    mcrne   p15, 0, r0, c12, c0, 0          @ VBAR: only to say what is wrong
    bne     2f
    ldr     r0, =vectors
    mcr     p15, 4, r0, c12, c0, 0          @ HVBAR
    bl      mmu_on
2:  mov     r0, r10
    mov     r1, r9
    bl      boot_main                       @ does not return

    .ltorg

/* Fills the table and turns MMU and caches on. */
mmu_on:
    ldr     r0, =boot_table
    ldr     r1, =_start
    lsr     r1, r1, #30                     @ the GiB that holds the loader
    mov     r2, #0
1:  lsl     r3, r2, #30
    cmp     r2, r1
    orreq   r3, r3, #(BLOCK_RAM & 0xff)
    orreq   r3, r3, #(BLOCK_RAM & 0xf00)
    orrne   r3, r3, #(BLOCK_DEVICE & 0xff)
    orrne   r3, r3, #(BLOCK_DEVICE & 0xf00)
    str     r3, [r0, r2, lsl #3]
    moveq   r12, #0
    movne   r12, #BLOCK_XN_HIGH
    add     r3, r0, r2, lsl #3
    str     r12, [r3, #4]
    add     r2, r2, #1
    cmp     r2, #4
    blo     1b

    mov     r2, #0
    mcrr    p15, 4, r0, r2, c2              @ HTTBR
    ldr     r1, =0x80803500                 @ RES1, inner shareable, write-back walks, T0SZ = 0
    mcr     p15, 4, r1, c2, c0, 2           @ HTCR
    ldr     r1, =0x000004ff                 @ 0: write-back RAM, 1: Device
    mcr     p15, 4, r1, c10, c2, 0          @ HMAIR0
    dsb
    mcr     p15, 4, r2, c8, c7, 0           @ TLBIALLH
    mcr     p15, 0, r2, c7, c5, 0           @ ICIALLU
    mcr     p15, 0, r2, c7, c5, 6           @ BPIALL
    dsb
    isb
    mrc     p15, 4, r1, c1, c0, 0           @ HSCTLR
    bic     r1, r1, #HSCTLR_A
    orr     r1, r1, #(HSCTLR_M | HSCTLR_C)
    orr     r1, r1, #HSCTLR_I
    mcr     p15, 4, r1, c1, c0, 0
    isb
    bx      lr
    .ltorg

/* void start_map_ram(uint32_t gib): that block becomes RAM. */
    .text
    .global start_map_ram
start_map_ram:
    ldr     r1, =boot_table
    lsl     r2, r0, #30
    orr     r2, r2, #(BLOCK_RAM & 0xff)
    orr     r2, r2, #(BLOCK_RAM & 0xf00)
    mov     r3, #0
    add     r1, r1, r0, lsl #3
    strd    r2, r3, [r1]
    dsb
    mcr     p15, 4, r3, c8, c7, 0           @ TLBIALLH
    dsb
    isb
    bx      lr
    .ltorg

/* _Noreturn void start_kernel(uint32_t entry, const struct l4_bootinfo *info): with MMU and caches
 * off, every line cleaned and invalidated by set and way (ARM ARM B2.2.7). */
    .global start_kernel
start_kernel:
    mov     r8, r0
    mov     r9, r1
    mrc     p15, 4, r1, c1, c0, 0           @ HSCTLR
    bic     r1, r1, #(HSCTLR_M | HSCTLR_C)
    bic     r1, r1, #HSCTLR_I
    dsb
    mcr     p15, 4, r1, c1, c0, 0
    isb
    mrc     p15, 1, r0, c0, c0, 1           @ CLIDR
    ubfx    r3, r0, #24, #3                 @ LoC
    mov     r10, #0                         @ level
1:  cmp     r10, r3
    bhs     5f
    add     r2, r10, r10, lsl #1
    lsr     r1, r0, r2
    and     r1, r1, #7
    cmp     r1, #2                          @ has it a data cache?
    blo     4f
    lsl     r2, r10, #1
    mcr     p15, 2, r2, c0, c0, 0           @ CSSELR
    isb
    mrc     p15, 1, r1, c0, c0, 0           @ CCSIDR
    and     r2, r1, #7
    add     r2, r2, #4                      @ log2 of the line size
    ubfx    r4, r1, #3, #10                 @ ways - 1
    clz     r5, r4
    ubfx    r7, r1, #13, #15                @ sets - 1
2:  mov     r6, r4
3:  lsl     r11, r6, r5
    cmp     r4, #0
    moveq   r11, #0
    orr     r11, r11, r10, lsl #1
    orr     r11, r11, r7, lsl r2
    mcr     p15, 0, r11, c7, c14, 2         @ DCCISW
    subs    r6, r6, #1
    bge     3b
    subs    r7, r7, #1
    bge     2b
4:  add     r10, r10, #1
    b       1b
5:  dsb
    mov     r1, #0
    mcr     p15, 4, r1, c8, c7, 0           @ TLBIALLH
    mcr     p15, 0, r1, c7, c5, 0           @ ICIALLU
    dsb
    isb
    mov     r0, r9
    bx      r8

/* uint32_t start_semihosting(uint32_t operation, uint32_t argument): HLT #0xf000. When that is
 * undefined: 0, and semihosting_absent is set. */
    .global start_semihosting
start_semihosting:
    .inst   0xe10f0070                      @ HLT #0xf000
    bx      lr

/* uint32_t start_smc(uint32_t function) */
    .global start_smc
start_smc:
    .arch_extension sec
    push    {r4-r8, lr}
    smc     #0
    pop     {r4-r8, pc}

/* uint32_t start_hvc(uint32_t function) */
    .global start_hvc
start_hvc:
    .arch_extension virt
    push    {r4-r8, lr}
    hvc     #0
    pop     {r4-r8, pc}

/* Not in HYP: the loader says so and ends. Calls that do not exist here are skipped. */
    .align  5
vectors_pl1:
    b       .
    b       undefined_pl1
    b       .
    b       .
    b       .
    b       .
    b       .
    b       .

undefined_pl1:                              @ lr: the next instruction
    ldr     r0, =start_semihosting + 4
    cmp     lr, r0
    ldreq   r0, =semihosting_absent
    moveq   r1, #1
    streq   r1, [r0]
    mov     r0, #0
    movs    pc, lr

/* An undefined HLT returns to its caller with semihosting marked as absent; all else is fatal. */
    .align  5
vectors:
    b       .                               @ reset: not in HYP
    b       undefined
    b       unexpected
    b       unexpected
    b       unexpected
    b       unexpected
    b       unexpected
    b       unexpected

undefined:
    mrs     r2, elr_hyp
    ldr     r3, =start_semihosting
    cmp     r2, r3
    bne     unexpected
    ldr     r3, =semihosting_absent
    mov     r0, #1
    str     r0, [r3]
    mov     r0, #0
    msr     elr_hyp, lr
    eret

unexpected:
    mrc     p15, 4, r0, c5, c2, 0           @ HSR
    mrs     r1, elr_hyp
    mrc     p15, 4, r2, c6, c0, 0           @ HDFAR
    ldr     sp, =__stack_top
    b       boot_exception
    .ltorg

    .bss
    .balign 32
boot_table:
    .skip   32
    .global semihosting_absent
semihosting_absent:
    .skip   4
