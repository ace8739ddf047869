/*
 * T16 and T32 transfers (ARM DDI 0406C, A6.2.4, A6.3.5 to A6.3.9) and the same
 * inside IT blocks, where emulation has to advance ITSTATE (A2.5.2).
 */
#include <stdbool.h>

#include "decode.h"

T32(t16_ldr, "ldr.n r0, [r1, #8]")
T32(t16_ldr_reg, "ldr.n r0, [r1, r2]")
T32(t16_str, "str.n r3, [r1, #4]")
T32(t16_ldrb, "ldrb.n r0, [r1, #3]")
T32(t16_ldrb_reg, "ldrb.n r0, [r1, r2]")
T32(t16_strb, "strb.n r3, [r1, #1]")
T32(t16_ldrh, "ldrh.n r0, [r1]")
T32(t16_ldrsh, "ldrsh.n r0, [r1, r2]")
T32(t16_ldrsb, "ldrsb.n r0, [r1, r2]")
T32(t16_strh, "strh.n r3, [r1]")
T32(t16_ldm, "ldmia.n r1!, {r0, r3, r4}")
T32(t16_ldm_base, "ldmia.n r1, {r0, r1, r3}")
T32(t16_stm, "stmia.n r1!, {r3, r4}")
T32(t16_pop,
    "mov r12, sp\n\tmov sp, r1\n\tpop.n {r3, r4}\n\tmov r1, sp\n\tmov sp, r12\n\tmov r12, r0")
T32(t16_push,
    "mov r12, sp\n\tmov sp, r1\n\tpush.n {r3, r4, lr}\n\tmov r1, sp\n\tmov sp, r12\n\tmov r12, r0")
T32(t16_ldr_sp, "mov r12, sp\n\tmov sp, r1\n\tldr.n r3, [sp, #8]\n\tmov sp, r12\n\tmov r12, r0")

static const struct decode_case t16[] = {
    {"ldr", t16_ldr, W(0), .out = {{0, V(2)}}, .outs = 1},
    {"ldr_reg", t16_ldr_reg, W(0), .r2 = 12, .out = {{0, V(3)}}, .outs = 1},
    {"str", t16_str, W(0), .mem = {{1, R(3)}}, .mems = 1},
    {"ldrb", t16_ldrb, W(4), .out = {{0, 0x98}}, .outs = 1},
    {"ldrb_reg", t16_ldrb_reg, W(4), .r2 = 2, .out = {{0, 0x90}}, .outs = 1},
    {"strb", t16_strb, W(4), .mem = {{4, (V(4) & 0xffff00ff) | (R(3) & 0xff) << 8}}, .mems = 1},
    {"ldrh", t16_ldrh, H, .out = {{0, 0x8765}}, .outs = 1},
    {"ldrsh", t16_ldrsh, H - 4, .r2 = 4, .out = {{0, 0xffff8765}}, .outs = 1},
    {"ldrsb", t16_ldrsb, W(4), .r2 = 1, .out = {{0, 0xffffff88}}, .outs = 1},
    {"strh", t16_strh, H, .mem = {{8, R(3) & 0xffff}}, .mems = 1},
    {"ldm", t16_ldm, W(1), .out = {{1, W(4)}, {0, V(1)}, {3, V(2)}, {4, V(3)}}, .outs = 4,
     .base_out = true},
    {"ldm_base", t16_ldm_base, W(1), .out = {{0, V(1)}, {1, V(2)}, {3, V(3)}}, .outs = 3},
    {"stm", t16_stm, W(1), .out = {{1, W(3)}}, .outs = 1, .mem = {{1, R(3)}, {2, R(4)}}, .mems = 2,
     .base_out = true},
    {"pop", t16_pop, W(4), .out = {{1, W(6)}, {3, V(4)}, {4, V(5)}, {12, R(0)}}, .outs = 4,
     .base_out = true},
    {"push", t16_push, W(4), .out = {{1, W(1)}, {12, R(0)}}, .outs = 2,
     .mem = {{1, R(3)}, {2, R(4)}, {3, R(14)}}, .mems = 3, .base_out = true},
    {"ldr_sp", t16_ldr_sp, W(4), .out = {{3, V(6)}, {12, R(0)}}, .outs = 2},
};
const struct decode_family decode_t16 = {"t16", t16, sizeof(t16) / sizeof(t16[0])};

T32(t32_ldr, "ldr.w r8, [r1, #20]")
T32(t32_ldr_neg, "ldr.w r8, [r1, #-4]")
T32(t32_ldr_pre, "ldr.w r8, [r1, #4]!")
T32(t32_ldr_post, "ldr.w r8, [r1], #-8")
T32(t32_ldr_reg, "ldr.w r8, [r1, r2, lsl #3]")
T32(t32_str_pre, "str.w r9, [r1, #-4]!")
T32(t32_str_post, "str.w r9, [r1], #4")
T32(t32_ldrb_post, "ldrb.w r9, [r1], #1")
T32(t32_ldrsb_pre, "ldrsb.w r9, [r1, #3]!")
T32(t32_strb_post, "strb.w r9, [r1], #1")
T32(t32_ldrh_post, "ldrh.w r9, [r1], #2")
T32(t32_ldrsh_pre, "ldrsh.w r9, [r1, #4]!")
T32(t32_strh_post, "strh.w r9, [r1], #-2")
T32(t32_ldrd, "ldrd r3, r9, [r1, #8]")
T32(t32_ldrd_pre, "ldrd r9, r3, [r1, #8]!")
T32(t32_ldrd_post, "ldrd r3, r9, [r1], #-4")
T32(t32_strd_post, "strd r9, r3, [r1], #8")
T32(t32_ldm_wb, "ldmia.w r1!, {r8, r9, r12}")
T32(t32_ldmdb, "ldmdb r1, {r8, r9}")
T32(t32_ldmdb_wb, "ldmdb r1!, {r3, r8, lr}")
T32(t32_stm_wb, "stmia.w r1!, {r8, r9}")
T32(t32_stmdb_wb, "stmdb r1!, {r8, r9, r10}")
T32(t32_ldrt, "ldrt r8, [r1, #4]")
T32(t32_strt, "strt r9, [r1, #4]")
T32(t32_ldrsbt, "ldrsbt r8, [r1, #1]")

static const struct decode_case t32[] = {
    {"ldr", t32_ldr, W(0), .out = {{8, V(5)}}, .outs = 1},
    {"ldr_neg", t32_ldr_neg, W(3), .out = {{8, V(2)}}, .outs = 1},
    {"ldr_pre", t32_ldr_pre, W(3), .out = {{1, W(4)}, {8, V(4)}}, .outs = 2, .base_out = true},
    {"ldr_post", t32_ldr_post, W(3), .out = {{1, W(1)}, {8, V(3)}}, .outs = 2, .base_out = true},
    {"ldr_reg", t32_ldr_reg, W(0), .r2 = 2, .out = {{8, V(4)}}, .outs = 1},
    {"str_pre", t32_str_pre, W(3), .out = {{1, W(2)}}, .outs = 1, .mem = {{2, R(9)}}, .mems = 1,
     .base_out = true},
    {"str_post", t32_str_post, W(3), .out = {{1, W(4)}}, .outs = 1, .mem = {{3, R(9)}}, .mems = 1,
     .base_out = true},
    {"ldrb_post", t32_ldrb_post, W(5), .out = {{1, W(5) + 1}, {9, 0xa0}}, .outs = 2,
     .base_out = true},
    {"ldrsb_pre", t32_ldrsb_pre, W(5), .out = {{1, W(5) + 3}, {9, 0xffffffb8}}, .outs = 2,
     .base_out = true},
    {"strb_post", t32_strb_post, W(5), .out = {{1, W(5) + 1}}, .outs = 1,
     .mem = {{5, (V(5) & 0xffffff00) | (R(9) & 0xff)}}, .mems = 1, .base_out = true},
    {"ldrh_post", t32_ldrh_post, H, .out = {{1, H + 2}, {9, 0x8765}}, .outs = 2, .base_out = true},
    {"ldrsh_pre", t32_ldrsh_pre, H - 4, .out = {{1, H}, {9, 0xffff8765}}, .outs = 2,
     .base_out = true},
    {"strh_post", t32_strh_post, H, .out = {{1, H - 2}}, .outs = 1, .mem = {{8, R(9) & 0xffff}},
     .mems = 1, .base_out = true},
    {"ldrd", t32_ldrd, W(0), .out = {{3, V(2)}, {9, V(3)}}, .outs = 2},
    {"ldrd_pre", t32_ldrd_pre, W(0), .out = {{1, W(2)}, {9, V(2)}, {3, V(3)}}, .outs = 3,
     .base_out = true},
    {"ldrd_post", t32_ldrd_post, W(4), .out = {{1, W(3)}, {3, V(4)}, {9, V(5)}}, .outs = 3,
     .base_out = true},
    {"strd_post", t32_strd_post, W(4), .out = {{1, W(6)}}, .outs = 1, .mem = {{4, R(9)}, {5, R(3)}},
     .mems = 2, .base_out = true},
    {"ldm_wb", t32_ldm_wb, W(1), .out = {{1, W(4)}, {8, V(1)}, {9, V(2)}, {12, V(3)}}, .outs = 4,
     .base_out = true},
    {"ldmdb", t32_ldmdb, W(5), .out = {{8, V(3)}, {9, V(4)}}, .outs = 2},
    {"ldmdb_wb", t32_ldmdb_wb, W(5), .out = {{1, W(2)}, {3, V(2)}, {8, V(3)}, {14, V(4)}},
     .outs = 4, .base_out = true},
    {"stm_wb", t32_stm_wb, W(1), .out = {{1, W(3)}}, .outs = 1, .mem = {{1, R(8)}, {2, R(9)}},
     .mems = 2, .base_out = true},
    {"stmdb_wb", t32_stmdb_wb, W(5), .out = {{1, W(2)}}, .outs = 1,
     .mem = {{2, R(8)}, {3, R(9)}, {4, R(10)}}, .mems = 3, .base_out = true},
    {"ldrt", t32_ldrt, W(2), .out = {{8, V(3)}}, .outs = 1},
    {"strt", t32_strt, W(2), .mem = {{3, R(9)}}, .mems = 1},
    {"ldrsbt", t32_ldrsbt, W(4), .out = {{8, 0xffffff88}}, .outs = 1},
};
const struct decode_family decode_t32 = {"t32", t32, sizeof(t32) / sizeof(t32[0])};

/* The instruction after the access tells whether ITSTATE moved on. */
T32(it_plain, "ite eq\n\tldreq.n r0, [r1, #4]\n\tmovne r0, #0x55")
T32(it_plain_first_not, "ite ne\n\tmovne r0, #0x55\n\tldreq.n r0, [r1, #4]")
T32(it_post, "itte eq\n\tldreq.w r0, [r1], #4\n\tmoveq r3, #0x33\n\tmovne r4, #0x44")
T32(it_store, "itete eq\n\tstreq.w r9, [r1], #4\n\tmovne r3, #1\n\tmoveq r4, #2\n\tmovne r5, #3")
T32(it_four,
    "itttt ne\n\tldrne.n r0, [r1]\n\tldrne.w r3, [r1, #4]!\n\tldmne r1!, {r8, r9}\n\tmovne r4, r4")
T32(it_last, "itt eq\n\tmoveq r4, #1\n\tldreq.w r0, [r1], #4\n\tmov r5, #2")
T32(it_not, "it ne\n\tldrne.w r0, [r1], #4\n\tmov r5, #2")
T32(it_ldrd, "itte eq\n\tldrdeq r3, r9, [r1], #8\n\tmoveq r4, #1\n\tmovne r4, #2")

static const struct decode_case it[] = {
    {"plain", it_plain, W(1), .flags = CPSR_Z, .out = {{0, V(2)}}, .outs = 1},
    {"plain_first_not", it_plain_first_not, W(1), .flags = CPSR_Z, .out = {{0, V(2)}}, .outs = 1},
    {"post", it_post, W(1), .flags = CPSR_Z, .out = {{1, W(2)}, {0, V(1)}, {3, 0x33}}, .outs = 3,
     .base_out = true},
    {"store", it_store, W(1), .flags = CPSR_Z, .out = {{1, W(2)}, {4, 2}}, .outs = 2,
     .mem = {{1, R(9)}}, .mems = 1, .base_out = true},
    {"four", it_four, W(1), .out = {{1, W(4)}, {0, V(1)}, {8, V(2)}, {9, V(3)}, {3, V(2)}},
     .outs = 5, .base_out = true},
    {"last", it_last, W(1), .flags = CPSR_Z, .out = {{1, W(2)}, {0, V(1)}, {4, 1}, {5, 2}},
     .outs = 4, .base_out = true},
    {"not", it_not, W(1), .flags = CPSR_Z, .out = {{5, 2}}, .outs = 1},
    {"ldrd", it_ldrd, W(1), .flags = CPSR_Z, .out = {{1, W(3)}, {3, V(1)}, {9, V(2)}, {4, 1}},
     .outs = 4, .base_out = true},
};
const struct decode_family decode_t32_it = {"t32-it", it, sizeof(it) / sizeof(it[0])};
