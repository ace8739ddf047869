/*
 * A32 block transfers (ARM DDI 0406C, A5.5), unprivileged forms (A8.8.92 and on),
 * conditional execution, big-endian data (SETEND), and hints that must not fault.
 */
#include <stdbool.h>

#include "decode.h"

A32(ldmia, "ldmia r1, {r0, r3, r8}")
A32(ldmia_wb, "ldmia r1!, {r4-r6}")
A32(ldmib, "ldmib r1, {r0, r12}")
A32(ldmib_wb, "ldmib r1!, {r4, r5}")
A32(ldmda, "ldmda r1, {r3, r4, lr}")
A32(ldmda_wb, "ldmda r1!, {r9, r10}")
A32(ldmdb, "ldmdb r1, {r2, r3}")
A32(ldmdb_wb, "ldmdb r1!, {r7, r8, r12}")
A32(ldm_base_in_list, "ldmia r1, {r0, r1, r3}")
A32(ldm_one, "ldmia r1!, {lr}")
A32(stmia, "stmia r1, {r3, r4, r11}")
A32(stmia_wb, "stmia r1!, {r3-r5}")
A32(stmib, "stmib r1, {r0, lr}")
A32(stmda_wb, "stmda r1!, {r8, r9}")
A32(stmdb, "stmdb r1, {r5, r6}")
A32(stmdb_wb, "stmdb r1!, {r5, r6, r7, r12}")
A32(stm_one, "stmdb r1!, {r10}")
A32(pop_like,
    "mov r12, sp\n\tmov sp, r1\n\tpop {r3, r4}\n\tmov r1, sp\n\tmov sp, r12\n\tmov r12, #0")
A32(push_like,
    "mov r12, sp\n\tmov sp, r1\n\tpush {r3, r4}\n\tmov r1, sp\n\tmov sp, r12\n\tmov r12, #0")

static const struct decode_case multiple[] = {
    {"ldmia", ldmia, W(1), .out = {{0, V(1)}, {3, V(2)}, {8, V(3)}}, .outs = 3},
    {"ldmia_wb", ldmia_wb, W(1), .out = {{1, W(4)}, {4, V(1)}, {5, V(2)}, {6, V(3)}}, .outs = 4,
     .base_out = true},
    {"ldmib", ldmib, W(1), .out = {{0, V(2)}, {12, V(3)}}, .outs = 2},
    {"ldmib_wb", ldmib_wb, W(1), .out = {{1, W(3)}, {4, V(2)}, {5, V(3)}}, .outs = 3,
     .base_out = true},
    {"ldmda", ldmda, W(5), .out = {{3, V(3)}, {4, V(4)}, {14, V(5)}}, .outs = 3},
    {"ldmda_wb", ldmda_wb, W(5), .out = {{1, W(3)}, {9, V(4)}, {10, V(5)}}, .outs = 3,
     .base_out = true},
    {"ldmdb", ldmdb, W(5), .out = {{2, V(3)}, {3, V(4)}}, .outs = 2},
    {"ldmdb_wb", ldmdb_wb, W(5), .out = {{1, W(2)}, {7, V(2)}, {8, V(3)}, {12, V(4)}}, .outs = 4,
     .base_out = true},
    {"ldm_base_in_list", ldm_base_in_list, W(2), .out = {{0, V(2)}, {1, V(3)}, {3, V(4)}},
     .outs = 3},
    {"ldm_one", ldm_one, W(2), .out = {{1, W(3)}, {14, V(2)}}, .outs = 2, .base_out = true},
    {"stmia", stmia, W(1), .mem = {{1, R(3)}, {2, R(4)}, {3, R(11)}}, .mems = 3},
    {"stmia_wb", stmia_wb, W(1), .out = {{1, W(4)}}, .outs = 1,
     .mem = {{1, R(3)}, {2, R(4)}, {3, R(5)}}, .mems = 3, .base_out = true},
    {"stmib", stmib, W(1), .mem = {{2, R(0)}, {3, R(14)}}, .mems = 2},
    {"stmda_wb", stmda_wb, W(5), .out = {{1, W(3)}}, .outs = 1, .mem = {{4, R(8)}, {5, R(9)}},
     .mems = 2, .base_out = true},
    {"stmdb", stmdb, W(5), .mem = {{3, R(5)}, {4, R(6)}}, .mems = 2},
    {"stmdb_wb", stmdb_wb, W(7), .out = {{1, W(3)}}, .outs = 1,
     .mem = {{3, R(5)}, {4, R(6)}, {5, R(7)}, {6, R(12)}}, .mems = 4, .base_out = true},
    {"stm_one", stm_one, W(1), .out = {{1, W(0)}}, .outs = 1, .mem = {{0, R(10)}}, .mems = 1,
     .base_out = true},
    {"pop_like", pop_like, W(4), .out = {{1, W(6)}, {3, V(4)}, {4, V(5)}, {12, 0}}, .outs = 4,
     .base_out = true},
    {"push_like", push_like, W(4), .out = {{1, W(2)}, {12, 0}}, .outs = 2,
     .mem = {{2, R(3)}, {3, R(4)}}, .mems = 2, .base_out = true},
};
const struct decode_family decode_a32_multiple = {"a32-multiple", multiple,
                                                  sizeof(multiple) / sizeof(multiple[0])};

A32(ldrt, "ldrt r0, [r1]")
A32(ldrt_post, "ldrt r0, [r1], #4")
A32(ldrbt, "ldrbt r0, [r1], #1")
A32(ldrsbt, "ldrsbt r0, [r1], #1")
A32(ldrht, "ldrht r0, [r1], #2")
A32(ldrsht, "ldrsht r0, [r1], #2")
A32(strt, "strt r3, [r1], #4")
A32(strbt, "strbt r3, [r1], #1")
A32(strht, "strht r3, [r1], #2")
A32(ldreq_taken, "ldreq r0, [r1], #4")
A32(ldreq_not, "ldreq r0, [r1], #4")
A32(ldmne_taken, "ldmne r1!, {r3, r4}")
A32(ldmne_not, "ldmne r1!, {r3, r4}")
A32(strne_not, "strne r3, [r1, #4]!")
A32(be_ldr, "setend be\n\tldr r0, [r1]\n\tsetend le")
A32(be_ldr_post, "setend be\n\tldr r0, [r1], #4\n\tsetend le")
A32(be_str, "setend be\n\tstr r3, [r1]\n\tsetend le")
A32(be_ldrb, "setend be\n\tldrb r0, [r1, #1]\n\tsetend le")
A32(be_ldrh, "setend be\n\tldrh r0, [r1]\n\tsetend le")
A32(be_ldrsh, "setend be\n\tldrsh r0, [r1]\n\tsetend le")
A32(be_ldm, "setend be\n\tldmia r1!, {r3, r4}\n\tsetend le")
A32(be_strd, "setend be\n\tstrd r4, r5, [r1]\n\tsetend le")
A32(pld_device, "pld [r1]\n\tpldw [r1, #4]\n\tpli [r1]")

/* Byte reversal of a word, as a device on a little-endian bus delivers it with E = 1. */
#define SWAP(v)                                                                                    \
    (((v) >> 24) | (((v) >> 8) & 0xff00u) | (((v) << 8) & 0xff0000u) | (((v) << 24) & 0xff000000u))

static const struct decode_case other[] = {
    {"ldrt", ldrt, W(3), .out = {{0, V(3)}}, .outs = 1},
    {"ldrt_post", ldrt_post, W(3), .out = {{1, W(4)}, {0, V(3)}}, .outs = 2, .base_out = true},
    {"ldrbt", ldrbt, W(4), .out = {{1, W(4) + 1}, {0, 0x80}}, .outs = 2, .base_out = true},
    {"ldrsbt", ldrsbt, W(4), .out = {{1, W(4) + 1}, {0, 0xffffff80}}, .outs = 2, .base_out = true},
    {"ldrht", ldrht, H, .out = {{1, H + 2}, {0, 0x8765}}, .outs = 2, .base_out = true},
    {"ldrsht", ldrsht, H, .out = {{1, H + 2}, {0, 0xffff8765}}, .outs = 2, .base_out = true},
    {"strt", strt, W(3), .out = {{1, W(4)}}, .outs = 1, .mem = {{3, R(3)}}, .mems = 1,
     .base_out = true},
    {"strbt", strbt, W(3), .out = {{1, W(3) + 1}}, .outs = 1,
     .mem = {{3, (V(3) & 0xffffff00) | (R(3) & 0xff)}}, .mems = 1, .base_out = true},
    {"strht", strht, H, .out = {{1, H + 2}}, .outs = 1, .mem = {{8, R(3) & 0xffff}}, .mems = 1,
     .base_out = true},
    {"ldreq_taken", ldreq_taken, W(3), .flags = CPSR_Z, .out = {{1, W(4)}, {0, V(3)}}, .outs = 2,
     .base_out = true},
    {"ldreq_not", ldreq_not, W(3), .outs = 0},
    {"ldmne_taken", ldmne_taken, W(3), .out = {{1, W(5)}, {3, V(3)}, {4, V(4)}}, .outs = 3,
     .base_out = true},
    {"ldmne_not", ldmne_not, W(3), .flags = CPSR_Z},
    {"strne_not", strne_not, W(3), .flags = CPSR_Z},
    {"be_ldr", be_ldr, W(3), .out = {{0, SWAP(V(3))}}, .outs = 1},
    {"be_ldr_post", be_ldr_post, W(3), .out = {{1, W(4)}, {0, SWAP(V(3))}}, .outs = 2,
     .base_out = true},
    {"be_str", be_str, W(3), .mem = {{3, SWAP(R(3))}}, .mems = 1},
    {"be_ldrb", be_ldrb, W(4), .out = {{0, 0x88}}, .outs = 1},
    {"be_ldrh", be_ldrh, H, .out = {{0, 0x6587}}, .outs = 1},
    {"be_ldrsh", be_ldrsh, H, .out = {{0, 0x6587}}, .outs = 1},
    {"be_ldm", be_ldm, W(3), .out = {{1, W(5)}, {3, SWAP(V(3))}, {4, SWAP(V(4))}}, .outs = 3,
     .base_out = true},
    {"be_strd", be_strd, W(3), .mem = {{3, SWAP(R(4))}, {4, SWAP(R(5))}}, .mems = 2},
    {"pld_device", pld_device, W(0), .outs = 0},
};
const struct decode_family decode_a32_other = {"a32-other", other,
                                               sizeof(other) / sizeof(other[0])};
