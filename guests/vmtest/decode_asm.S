/*
 * decode_enter(frame) runs one snippet with every register known and stores them
 * all again. Frame: in r0..r12 (0), in lr (52), code (56), flags (60),
 * out r0..r12 (64), out lr (116), out cpsr (120). sp is the mode's own throughout.
 */
    .syntax unified
    .arch armv7ve
    .arm
    .text

    .global decode_enter
decode_enter:
    push    {r0, r4-r11, lr}
    push    {r0, r1}
    ldr     r1, [r0, #60]
    msr     cpsr_f, r1
    ldr     lr, [r0, #52]
    ldr     r1, [r0, #56]
    str     r1, [sp, #-4]!
    ldmia   r0, {r0-r12}
    pop     {pc}

    .global decode_return
decode_return:
    push    {r0, lr}
    ldr     lr, [sp, #8]
    add     lr, lr, #64
    stmia   lr, {r0-r12}
    pop     {r0, r1}
    str     r0, [lr]
    str     r1, [lr, #52]
    mrs     r1, cpsr
    str     r1, [lr, #56]
    pop     {r0, r1}
    pop     {r0, r4-r11, pc}

    /* The literal pool of a snippet holds the address without the Thumb bit: ARM. */
