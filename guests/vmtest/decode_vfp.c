/*
 * VFP and Advanced SIMD transfers to a device (ARM DDI 0406C, A7.6 and A7.7):
 * legal on Device memory, without a valid syndrome. Each moves its data through
 * core registers, which is where the checks look.
 */
#include <stdbool.h>

#include "decode.h"

#define FPU ".fpu neon\n\t"

A32(vldr_s, FPU "vldr s0, [r1, #4]\n\tvmov r0, s0")
A32(vldr_d, FPU "vldr d17, [r1, #8]\n\tvmov r3, r4, d17")
A32(vstr_s, FPU "vmov s1, r3\n\tvstr s1, [r1]")
A32(vstr_d, FPU "vmov d20, r3, r4\n\tvstr d20, [r1, #8]")
A32(vldm_wb, FPU "vldmia r1!, {s4-s5}\n\tvmov r3, r4, d2")
A32(vstm_wb, FPU "vmov d8, r3, r4\n\tvstmdb r1!, {d8}")

static const struct decode_case vfp[] = {
    {"vldr_s", vldr_s, W(1), .out = {{0, V(2)}}, .outs = 1},
    {"vldr_d", vldr_d, W(1), .out = {{3, V(3)}, {4, V(4)}}, .outs = 2},
    {"vstr_s", vstr_s, W(1), .mem = {{1, R(3)}}, .mems = 1},
    {"vstr_d", vstr_d, W(1), .mem = {{3, R(3)}, {4, R(4)}}, .mems = 2},
    {"vldm_wb", vldm_wb, W(1), .out = {{1, W(3)}, {3, V(1)}, {4, V(2)}}, .outs = 3,
     .base_out = true},
    {"vstm_wb", vstm_wb, W(4), .out = {{1, W(2)}}, .outs = 1, .mem = {{2, R(3)}, {3, R(4)}},
     .mems = 2, .base_out = true},
};
const struct decode_family decode_vfp = {"vfp", vfp, sizeof(vfp) / sizeof(vfp[0])};
