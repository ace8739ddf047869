/*
 * A hostile guest: sets every register that stays in the processor while native threads run, and
 * after each report looks whether anybody has changed one. r0 of the report: a bit for each.
 */
    .syntax unified
    .arch armv7ve
    .arch_extension virt
    .fpu neon-vfpv4
    .arm

    .section .text.guest_hostile, "ax"
    .balign 32
    .global guest_hostile
guest_hostile:
    ldr     r0, =0x00f00000
    mcr     p15, 0, r0, c1, c0, 2       @ CPACR: VFP for everyone
    isb
    mov     r0, #0x40000000
    vmsr    fpexc, r0
    ldr     r0, =0x66666666
    vmov    d0, r0, r0
    vmov    d31, r0, r0
    ldr     r0, =0x11111111
    mcr     p15, 0, r0, c13, c0, 2      @ TPIDRURW
    ldr     r0, =0x22222222
    mcr     p15, 0, r0, c13, c0, 3      @ TPIDRURO
    ldr     r0, =0x33333333
    mcr     p15, 0, r0, c13, c0, 4      @ TPIDRPRW
    ldr     r0, =0x303
    mcr     p15, 0, r0, c14, c1, 0      @ CNTKCTL: counters and timers for PL0
    mov     r0, #1
    mcr     p15, 0, r0, c9, c14, 0      @ PMUSERENR (trapped)
    mvn     r0, #0
    mcr     p15, 0, r0, c3, c0, 0       @ DACR
    ldr     r0, =0xdead4000
    mcr     p15, 0, r0, c2, c0, 0       @ TTBR0
    ldr     r0, =0x77
    mcr     p15, 0, r0, c13, c0, 1      @ CONTEXTIDR
    ldr     r0, =0x02000000
    mcr     p15, 0, r0, c13, c0, 0      @ FCSEIDR
    mcr     p14, 0, r0, c0, c0, 4       @ DBGBVR0 (trapped)
    mrc     p15, 0, r0, c1, c0, 0
    orr     r0, r0, #2
    mcr     p15, 0, r0, c1, c0, 0       @ SCTLR.A
    isb
    ldr     sp, =0x88888888
    ldr     lr, =0x99999999
    cps     #0x1f
    ldr     sp, =0x44444444
    ldr     lr, =0x55555555
    ldr     r4, =0x4000b000
    mov     r0, #0
    mov     r1, #0
1:  ldrex   r5, [r4]
    mov     r1, r5
    hvc     #0
    strex   r6, r5, [r4]
    mov     r0, #0
    cmp     r6, #1
    orrne   r0, r0, #1                  @ the exclusive monitor survived
    mrc     p15, 0, r2, c13, c0, 2
    ldr     r3, =0x11111111
    cmp     r2, r3
    orrne   r0, r0, #2
    mrc     p15, 0, r2, c13, c0, 3
    ldr     r3, =0x22222222
    cmp     r2, r3
    orrne   r0, r0, #4
    mrc     p15, 0, r2, c13, c0, 4
    ldr     r3, =0x33333333
    cmp     r2, r3
    orrne   r0, r0, #8
    mrc     p15, 0, r2, c14, c1, 0
    ldr     r3, =0x303
    cmp     r2, r3
    orrne   r0, r0, #0x10
    mrc     p15, 0, r2, c3, c0, 0
    cmn     r2, #1
    orrne   r0, r0, #0x20
    mrc     p15, 0, r2, c2, c0, 0
    ldr     r3, =0xdead4000
    cmp     r2, r3
    orrne   r0, r0, #0x40
    mrc     p15, 0, r2, c1, c0, 0
    tst     r2, #2
    orreq   r0, r0, #0x80
    mrc     p15, 0, r2, c1, c0, 2
    ldr     r3, =0x00f00000
    cmp     r2, r3
    orrne   r0, r0, #0x100
    vmov    r2, r3, d0
    ldr     r6, =0x66666666
    cmp     r2, r6
    orrne   r0, r0, #0x200
    vmov    r2, r3, d31
    cmp     r3, r6
    orrne   r0, r0, #0x200
    ldr     r3, =0x44444444
    cmp     sp, r3
    orrne   r0, r0, #0x400
    ldr     r3, =0x55555555
    cmp     lr, r3
    orrne   r0, r0, #0x800
    mrs     r2, sp_svc
    ldr     r3, =0x88888888
    cmp     r2, r3
    orrne   r0, r0, #0x1000
    mrc     p15, 0, r2, c13, c0, 1
    cmp     r2, #0x77
    orrne   r0, r0, #0x2000
    b       1b
    .ltorg
    .global guest_hostile_end
guest_hostile_end:
