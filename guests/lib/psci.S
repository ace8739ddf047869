/*
 * The two SMCCC conduits (ARM DEN 0028, 2.6): r0..r3 in and out, r4..r14 must be
 * preserved by the callee; the tests check that themselves.
 */
    .syntax unified
    .arch armv7ve
    .arch_extension virt
    .arch_extension sec
    .arm
    .text

    .macro  conduit name, insn
    .global \name
\name:
    push    {r4, lr}
    mov     r4, r0
    ldmia   r4, {r0-r3}
    \insn   #0
    stmia   r4, {r0-r3}
    pop     {r4, pc}
    .endm

    conduit smccc_hvc, hvc
    conduit smccc_smc, smc
