/*
 * The measured stretches, one per metric (definitions: "What each metric
 * measures" in the project's bench notes). Each returns a difference of PMCCNTR,
 * the cost of the two reads included. The vector table reads the counter in its
 * very first instruction.
 */
    .syntax unified
    .arch armv7ve
    .arch_extension virt
    .arm

    .macro  counter reg
    mrc     p15, 0, \reg, c9, c13, 0    @ PMCCNTR
    .endm

    .text
/* uint32_t measure_nothing(void) */
    .global measure_nothing
measure_nothing:
    counter r1
    counter r2
    sub     r0, r2, r1
    bx      lr

/* uint32_t measure_load(uint32_t addr) */
    .global measure_load
measure_load:
    counter r1
    ldr     r3, [r0]
    counter r2
    sub     r0, r2, r1
    bx      lr

/* uint32_t measure_hvc(uint32_t function) */
    .global measure_hvc
measure_hvc:
    push    {r4, lr}
    counter r4
    hvc     #0
    counter r2
    sub     r0, r2, r4
    pop     {r4, pc}

/* uint32_t measure_sgi(uint32_t sgir, uint32_t value, uint32_t gicc)
 * IRQs masked: from before the STR until IAR returns an interrupt. */
    .global measure_sgi
measure_sgi:
    push    {r4, lr}
    counter r4
    str     r1, [r0]
1:  ldr     r3, [r2, #0x0c]             @ IAR
    counter r1
    sub     r0, r3, #1000
    cmp     r0, #23                     @ 1023: nothing yet
    beq     1b
    str     r3, [r2, #0x10]             @ EOIR
    sub     r0, r1, r4
    pop     {r4, pc}

/* uint32_t measure_spin(void): the last value that the loop read → the vector. */
    .global measure_spin
measure_spin:
    push    {r4-r11, lr}
    cpsie   i
1:  counter r0
    b       1b

/* uint32_t measure_wfi(void): the counter at the vector. */
    .global measure_wfi
measure_wfi:
    push    {r4-r11, lr}
    mov     r0, #0
    dsb
    cpsie   i
1:  wfi
    b       1b

/* Back to the caller of the two above: r0 = the vector's value - r0. */
taken:
    cpsid   i, #0x13
    sub     r0, r1, r0
    pop     {r4-r11, pc}

/* uint32_t measure_edge(uint32_t *low): CNTVCT's low word, then PMCCNTR. */
    .global measure_edge
measure_edge:
    isb
    mrrc    p15, 1, r2, r3, c14
    counter r1
    str     r2, [r0]
    mov     r0, r1
    bx      lr

    .section .text.bench_vectors, "ax"
    .global bench_vectors
    .balign 32
bench_vectors:
    b       .
    b       vector_undefined
    b       .
    b       vector_prefetch_abort
    b       vector_data_abort
    b       .
    counter r1                          @ IRQ
    b       taken                       @ where FIQ would be: not used
