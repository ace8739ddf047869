/*
 * The floating-point register file as a whole (see registers.h). The only VFP
 * instructions of this guest apart from decode_vfp.c: C is built soft-float.
 */
    .syntax unified
    .arch armv7-a
    .fpu neon
    .arm
    .text

    .global vfp_write
vfp_write:
    vldmia  r0!, {d0-d15}
    vldmia  r0, {d16-d31}
    vmsr    fpscr, r1
    bx      lr

    .global vfp_read
vfp_read:
    vstmia  r0!, {d0-d15}
    vstmia  r0, {d16-d31}
    vmrs    r0, fpscr
    bx      lr

    .global vfp_set_fpexc
vfp_set_fpexc:
    vmsr    fpexc, r0
    isb
    bx      lr

    .global vfp_fpexc
vfp_fpexc:
    vmrs    r0, fpexc
    bx      lr

    .global vfp_mvfr0
vfp_mvfr0:
    vmrs    r0, mvfr0
    bx      lr

    .global vfp_instruction
vfp_instruction:
    vadd.f32 s0, s0, s0
    bx      lr
