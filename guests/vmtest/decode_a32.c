/*
 * A32 word and byte transfers (ARM DDI 0406C, A5.3: LDR/STR/LDRB/STRB) and the
 * extra load/store group (A5.2.8: halfwords, signed, dual).
 */
#include <stdbool.h>

#include "decode.h"

A32(ldr_imm, "ldr r0, [r1, #8]")
A32(ldr_neg, "ldr r0, [r1, #-4]")
A32(ldr_reg, "ldr r0, [r1, r2]")
A32(ldr_reg_lsl, "ldr r0, [r1, r2, lsl #2]")
A32(ldr_reg_sub, "ldr r0, [r1, -r2, lsl #1]")
A32(ldr_pre, "ldr r0, [r1, #4]!")
A32(ldr_pre_neg, "ldr r0, [r1, #-8]!")
A32(ldr_post, "ldr r0, [r1], #4")
A32(ldr_post_neg, "ldr r0, [r1], #-12")
A32(ldr_post_reg, "ldr r0, [r1], r2")
A32(ldr_post_reg_lsl, "ldr r0, [r1], r2, lsl #3")
A32(ldr_post_reg_asr, "ldr r0, [r1], -r2, asr #1")
A32(ldr_pre_reg_lsr, "ldr r0, [r1, r2, lsr #2]!")
A32(ldr_to_lr, "ldr lr, [r1], #4")
A32(ldr_to_r12, "ldr r12, [r9, #4]!")
A32(ldr_base_lr, "ldr r8, [lr], #4")
A32(str_imm, "str r3, [r1, #4]")
A32(str_pre, "str r3, [r1, #4]!")
A32(str_post, "str r3, [r1], #4")
A32(str_post_reg, "str r11, [r1], r2")
A32(str_pre_reg_neg, "str r3, [r1, -r2]!")
A32(str_lr, "str lr, [r1], #4")
A32(ldrb_imm, "ldrb r0, [r1, #5]")
A32(ldrb_post, "ldrb r0, [r1], #1")
A32(ldrb_pre, "ldrb r0, [r1, #3]!")
A32(ldrb_post_reg, "ldrb r0, [r1], r2")
A32(strb_imm, "strb r3, [r1, #2]")
A32(strb_post, "strb r3, [r1], #1")
A32(strb_pre_neg, "strb r3, [r1, #-1]!")

static const struct decode_case single[] = {
    {"ldr_imm", ldr_imm, W(0), .out = {{0, V(2)}}, .outs = 1},
    {"ldr_neg", ldr_neg, W(3), .out = {{0, V(2)}}, .outs = 1},
    {"ldr_reg", ldr_reg, W(0), .r2 = 12, .out = {{0, V(3)}}, .outs = 1},
    {"ldr_reg_lsl", ldr_reg_lsl, W(0), .r2 = 5, .out = {{0, V(5)}}, .outs = 1},
    {"ldr_reg_sub", ldr_reg_sub, W(6), .r2 = 4, .out = {{0, V(4)}}, .outs = 1},
    {"ldr_pre", ldr_pre, W(1), .out = {{1, W(2)}, {0, V(2)}}, .outs = 2, .base_out = true},
    {"ldr_pre_neg", ldr_pre_neg, W(4), .out = {{1, W(2)}, {0, V(2)}}, .outs = 2, .base_out = true},
    {"ldr_post", ldr_post, W(1), .out = {{1, W(2)}, {0, V(1)}}, .outs = 2, .base_out = true},
    {"ldr_post_neg", ldr_post_neg, W(4), .out = {{1, W(1)}, {0, V(4)}}, .outs = 2,
     .base_out = true},
    {"ldr_post_reg", ldr_post_reg, W(1), .r2 = 20, .out = {{1, W(6)}, {0, V(1)}}, .outs = 2,
     .base_out = true},
    {"ldr_post_reg_lsl", ldr_post_reg_lsl, W(1), .r2 = 2, .out = {{1, W(5)}, {0, V(1)}}, .outs = 2,
     .base_out = true},
    {"ldr_post_reg_asr", ldr_post_reg_asr, W(1), .r2 = (uint32_t)-8, .out = {{1, W(2)}, {0, V(1)}},
     .outs = 2, .base_out = true},
    {"ldr_pre_reg_lsr", ldr_pre_reg_lsr, W(1), .r2 = 16, .out = {{1, W(2)}, {0, V(2)}}, .outs = 2,
     .base_out = true},
    {"ldr_to_lr", ldr_to_lr, W(7), .out = {{1, W(8)}, {14, V(7)}}, .outs = 2, .base_out = true},
    {"ldr_to_r12", ldr_to_r12, W(2), .base = 9, .out = {{9, W(3)}, {12, V(3)}}, .outs = 2,
     .base_out = true},
    {"ldr_base_lr", ldr_base_lr, W(5), .base = 14, .out = {{14, W(6)}, {8, V(5)}}, .outs = 2,
     .base_out = true},
    {"str_imm", str_imm, W(0), .mem = {{1, R(3)}}, .mems = 1},
    {"str_pre", str_pre, W(0), .out = {{1, W(1)}}, .outs = 1, .mem = {{1, R(3)}}, .mems = 1,
     .base_out = true},
    {"str_post", str_post, W(2), .out = {{1, W(3)}}, .outs = 1, .mem = {{2, R(3)}}, .mems = 1,
     .base_out = true},
    {"str_post_reg", str_post_reg, W(2), .r2 = 8, .out = {{1, W(4)}}, .outs = 1,
     .mem = {{2, R(11)}}, .mems = 1, .base_out = true},
    {"str_pre_reg_neg", str_pre_reg_neg, W(7), .r2 = 4, .out = {{1, W(6)}}, .outs = 1,
     .mem = {{6, R(3)}}, .mems = 1, .base_out = true},
    {"str_lr", str_lr, W(2), .out = {{1, W(3)}}, .outs = 1, .mem = {{2, R(14)}}, .mems = 1,
     .base_out = true},
    {"ldrb_imm", ldrb_imm, W(4), .out = {{0, 0xa8}}, .outs = 1},
    {"ldrb_post", ldrb_post, W(4), .out = {{1, W(4) + 1}, {0, 0x80}}, .outs = 2, .base_out = true},
    {"ldrb_pre", ldrb_pre, W(4), .out = {{1, W(4) + 3}, {0, 0x98}}, .outs = 2, .base_out = true},
    {"ldrb_post_reg", ldrb_post_reg, W(4), .r2 = 7, .out = {{1, W(4) + 7}, {0, 0x80}}, .outs = 2,
     .base_out = true},
    {"strb_imm", strb_imm, W(4), .mem = {{4, (V(4) & 0xff00ffff) | (R(3) & 0xff) << 16}},
     .mems = 1},
    {"strb_post", strb_post, W(4), .out = {{1, W(4) + 1}}, .outs = 1,
     .mem = {{4, (V(4) & 0xffffff00) | (R(3) & 0xff)}}, .mems = 1, .base_out = true},
    {"strb_pre_neg", strb_pre_neg, W(4), .out = {{1, W(4) - 1}}, .outs = 1,
     .mem = {{3, (V(3) & 0x00ffffff) | (R(3) & 0xff) << 24}}, .mems = 1, .base_out = true},
};
const struct decode_family decode_a32_single = {"a32-single", single,
                                                sizeof(single) / sizeof(single[0])};

A32(ldrsb_imm, "ldrsb r0, [r1, #3]")
A32(ldrsb_post, "ldrsb r0, [r1], #1")
A32(ldrsb_reg, "ldrsb r0, [r1, r2]")
A32(ldrsb_positive, "ldrsb r0, [r1], #4")
A32(ldrh_imm, "ldrh r0, [r1]")
A32(ldrh_post, "ldrh r0, [r1], #2")
A32(ldrh_pre_reg, "ldrh r0, [r1, r2]!")
A32(ldrsh_imm, "ldrsh r0, [r1]")
A32(ldrsh_post_reg, "ldrsh r0, [r1], -r2")
A32(strh_imm, "strh r3, [r1]")
A32(strh_post, "strh r3, [r1], #2")
A32(strh_pre, "strh r3, [r1, #-4]!")

static const struct decode_case extra[] = {
    {"ldrsb_imm", ldrsb_imm, W(4), .out = {{0, 0xffffff98}}, .outs = 1},
    {"ldrsb_post", ldrsb_post, W(4), .out = {{1, W(4) + 1}, {0, 0xffffff80}}, .outs = 2,
     .base_out = true},
    {"ldrsb_reg", ldrsb_reg, W(0), .r2 = 31, .out = {{0, 0xfffffff8}}, .outs = 1},
    {"ldrsb_positive", ldrsb_positive, W(1), .out = {{1, W(2)}, {0, 0x20}}, .outs = 2,
     .base_out = true},
    {"ldrh_imm", ldrh_imm, H, .out = {{0, 0x8765}}, .outs = 1},
    {"ldrh_post", ldrh_post, H, .out = {{1, H + 2}, {0, 0x8765}}, .outs = 2, .base_out = true},
    {"ldrh_pre_reg", ldrh_pre_reg, H - 36, .r2 = 36, .out = {{1, H}, {0, 0x8765}}, .outs = 2,
     .base_out = true},
    {"ldrsh_imm", ldrsh_imm, H, .out = {{0, 0xffff8765}}, .outs = 1},
    {"ldrsh_post_reg", ldrsh_post_reg, H, .r2 = 6, .out = {{1, H - 6}, {0, 0xffff8765}}, .outs = 2,
     .base_out = true},
    {"strh_imm", strh_imm, H, .mem = {{8, R(3) & 0xffff}}, .mems = 1},
    {"strh_post", strh_post, H, .out = {{1, H + 2}}, .outs = 1, .mem = {{8, R(3) & 0xffff}},
     .mems = 1, .base_out = true},
    {"strh_pre", strh_pre, H + 4, .out = {{1, H}}, .outs = 1, .mem = {{8, R(3) & 0xffff}},
     .mems = 1, .base_out = true},
};
const struct decode_family decode_a32_extra = {"a32-extra", extra,
                                               sizeof(extra) / sizeof(extra[0])};

A32(ldrd_imm, "ldrd r4, r5, [r1, #8]")
A32(ldrd_pre, "ldrd r4, r5, [r1, #-8]!")
A32(ldrd_post, "ldrd r10, r11, [r1], #8")
A32(ldrd_reg, "ldrd r6, r7, [r1, r2]")
A32(ldrd_post_reg, "ldrd r6, r7, [r1], -r2")
A32(ldrd_odd_word, "ldrd r8, r9, [r1, #4]")
A32(strd_imm, "strd r4, r5, [r1, #8]")
A32(strd_pre, "strd r4, r5, [r1, #16]!")
A32(strd_post, "strd r8, r9, [r1], #8")
A32(strd_reg, "strd r6, r7, [r1, r2]")
A32(strd_pre_reg, "strd r6, r7, [r1, -r2]!")

static const struct decode_case dual[] = {
    {"ldrd_imm", ldrd_imm, W(0), .out = {{4, V(2)}, {5, V(3)}}, .outs = 2},
    {"ldrd_pre", ldrd_pre, W(4), .out = {{1, W(2)}, {4, V(2)}, {5, V(3)}}, .outs = 3,
     .base_out = true},
    {"ldrd_post", ldrd_post, W(6), .out = {{1, W(8)}, {10, V(6)}, {11, V(7)}}, .outs = 3,
     .base_out = true},
    {"ldrd_reg", ldrd_reg, W(0), .r2 = 16, .out = {{6, V(4)}, {7, V(5)}}, .outs = 2},
    {"ldrd_post_reg", ldrd_post_reg, W(4), .r2 = 4, .out = {{1, W(3)}, {6, V(4)}, {7, V(5)}},
     .outs = 3, .base_out = true},
    {"ldrd_odd_word", ldrd_odd_word, W(0), .out = {{8, V(1)}, {9, V(2)}}, .outs = 2},
    {"strd_imm", strd_imm, W(0), .mem = {{2, R(4)}, {3, R(5)}}, .mems = 2},
    {"strd_pre", strd_pre, W(0), .out = {{1, W(4)}}, .outs = 1, .mem = {{4, R(4)}, {5, R(5)}},
     .mems = 2, .base_out = true},
    {"strd_post", strd_post, W(0), .out = {{1, W(2)}}, .outs = 1, .mem = {{0, R(8)}, {1, R(9)}},
     .mems = 2, .base_out = true},
    {"strd_reg", strd_reg, W(0), .r2 = 8, .mem = {{2, R(6)}, {3, R(7)}}, .mems = 2},
    {"strd_pre_reg", strd_pre_reg, W(6), .r2 = 8, .out = {{1, W(4)}}, .outs = 1,
     .mem = {{4, R(6)}, {5, R(7)}}, .mems = 2, .base_out = true},
};
const struct decode_family decode_a32_dual = {"a32-dual", dual, sizeof(dual) / sizeof(dual[0])};
