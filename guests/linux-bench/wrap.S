/*
 * Put before a zImage, this counts its instructions from the very first one on: it looks like a zImage to a
 * boot loader, starts the performance counters (ARM ARM C12), lets PL0 read them, and goes on in the zImage
 * behind it. Natively and in a VM alike, so that the two can be compared.
 */
    .syntax unified
    .arch armv7ve
    .arm

    .set    INST_RETIRED, 0x08
    .set    COUNT_IN_HYP, 1 << 27           @ PMXEVTYPER.NSH
    .set    COUNTER_CYCLES, 1 << 31
    .set    COUNTER_0, 1 << 0
    .set    PMCR_E, 1
    .set    CCFILTR, 31

    .text
    .global _start
_start:
    b       start
    .org    _start + 0x24
    .word   0x016f2818                      @ zImage magic
    .word   0                               @ start: runs anywhere
    .word   wrapped_end                     @ end
start:
    mov     r3, #CCFILTR
    mcr     p15, 0, r3, c9, c12, 5          @ PMSELR
    mov     r3, #COUNT_IN_HYP
    mcr     p15, 0, r3, c9, c13, 1          @ PMXEVTYPER: of PMCCNTR
    mov     r3, #0
    mcr     p15, 0, r3, c9, c12, 5
    mov     r3, #COUNT_IN_HYP
    orr     r3, r3, #INST_RETIRED
    mcr     p15, 0, r3, c9, c13, 1
    mov     r3, #COUNTER_CYCLES
    orr     r3, r3, #COUNTER_0
    mcr     p15, 0, r3, c9, c12, 1          @ PMCNTENSET
    mrc     p15, 0, r3, c9, c12, 0          @ PMCR
    orr     r3, r3, #PMCR_E
    mcr     p15, 0, r3, c9, c12, 0
    mov     r3, #1
    mcr     p15, 0, r3, c9, c14, 0          @ PMUSERENR.EN
    mov     r3, #0
    mcr     p15, 0, r3, c9, c13, 2          @ PMXEVCNTR
    mcr     p15, 0, r3, c9, c13, 0          @ PMCCNTR
    b       zimage
    .balign 4096
zimage:
