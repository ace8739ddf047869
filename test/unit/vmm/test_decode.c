/*
 * Loads and stores by encoding. The encodings were assembled from the text beside them; the
 * expected transfers follow from the registers that setup() gives: r0..r12 = 0x10000 * (n + 1),
 * sp = 0xd0000, lr = 0xe0000, pc = 0x8000.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <vmm/decode.h>

#define NONE TRANSFER_NO_WRITEBACK

enum form { ARM, THUMB, WIDE };

static const struct good {
    const char *text;
    enum form form;
    uint32_t encoding;
    uint32_t load, size, sign, count, registers, address, base, base_value;
} good[] = {
    {"ldr r1,[r2]", ARM, 0xe5921000, 1, 4, 0, 1, 0x0002, 0x00030000, NONE, 0x00000000},
    {"ldr r1,[r2,#4]!", ARM, 0xe5b21004, 1, 4, 0, 1, 0x0002, 0x00030004, 2, 0x00030004},
    {"ldr r1,[r2,#-0xfff]!", ARM, 0xe5321fff, 1, 4, 0, 1, 0x0002, 0x0002f001, 2, 0x0002f001},
    {"ldr r1,[r2],#8", ARM, 0xe4921008, 1, 4, 0, 1, 0x0002, 0x00030000, 2, 0x00030008},
    {"str r1,[r2],#-8", ARM, 0xe4021008, 0, 4, 0, 1, 0x0002, 0x00030000, 2, 0x0002fff8},
    {"str r3,[r4,#12]!", ARM, 0xe5a4300c, 0, 4, 0, 1, 0x0008, 0x0005000c, 4, 0x0005000c},
    {"ldrb r5,[r6],#1", ARM, 0xe4d65001, 1, 1, 0, 1, 0x0020, 0x00070000, 6, 0x00070001},
    {"strb r5,[r6,#-1]!", ARM, 0xe5665001, 0, 1, 0, 1, 0x0020, 0x0006ffff, 6, 0x0006ffff},
    {"ldrt r1,[r2],#4", ARM, 0xe4b21004, 1, 4, 0, 1, 0x0002, 0x00030000, 2, 0x00030004},
    {"strt r1,[r2],#-4", ARM, 0xe4221004, 0, 4, 0, 1, 0x0002, 0x00030000, 2, 0x0002fffc},
    {"ldrbt r1,[r2],#1", ARM, 0xe4f21001, 1, 1, 0, 1, 0x0002, 0x00030000, 2, 0x00030001},
    {"strbt r1,[r2]", ARM, 0xe4e21000, 0, 1, 0, 1, 0x0002, 0x00030000, 2, 0x00030000},
    {"ldr r1,[pc,#16]", ARM, 0xe59f1010, 1, 4, 0, 1, 0x0002, 0x00008018, NONE, 0x00000000},
    {"ldr r1,[pc,#-16]", ARM, 0xe51f1010, 1, 4, 0, 1, 0x0002, 0x00007ff8, NONE, 0x00000000},
    {"ldr sp,[r2],#4", ARM, 0xe492d004, 1, 4, 0, 1, 0x2000, 0x00030000, 2, 0x00030004},
    {"ldr pc,[r2],#4", ARM, 0xe492f004, 1, 4, 0, 1, 0x8000, 0x00030000, 2, 0x00030004},
    {"str pc,[r2]", ARM, 0xe582f000, 0, 4, 0, 1, 0x8000, 0x00030000, NONE, 0x00000000},
    {"ldr r1,[r2,r3]!", ARM, 0xe7b21003, 1, 4, 0, 1, 0x0002, 0x00070000, 2, 0x00070000},
    {"ldr r1,[r2,-r3]!", ARM, 0xe7321003, 1, 4, 0, 1, 0x0002, 0xffff0000, 2, 0xffff0000},
    {"ldr r1,[r2],r3,lsl #2", ARM, 0xe6921103, 1, 4, 0, 1, 0x0002, 0x00030000, 2, 0x00130000},
    {"ldr r1,[r2,r3,lsr #4]!", ARM, 0xe7b21223, 1, 4, 0, 1, 0x0002, 0x00034000, 2, 0x00034000},
    {"ldr r1,[r2,r3,lsr #32]!", ARM, 0xe7b21023, 1, 4, 0, 1, 0x0002, 0x00030000, 2, 0x00030000},
    {"ldr r1,[r2,r3,asr #3]!", ARM, 0xe7b211c3, 1, 4, 0, 1, 0x0002, 0x00038000, 2, 0x00038000},
    {"ldr r1,[r2,r3,asr #32]!", ARM, 0xe7b21043, 1, 4, 0, 1, 0x0002, 0x00030000, 2, 0x00030000},
    {"ldr r1,[r2,r3,ror #16]!", ARM, 0xe7b21863, 1, 4, 0, 1, 0x0002, 0x00030004, 2, 0x00030004},
    {"ldr r1,[r2,r3,rrx]!", ARM, 0xe7b21063, 1, 4, 0, 1, 0x0002, 0x80050000, 2, 0x80050000},
    {"strb r1,[r2],-r3,lsl #1", ARM, 0xe6421083, 0, 1, 0, 1, 0x0002, 0x00030000, 2, 0xfffb0000},
    {"ldrt r1,[r2],r3", ARM, 0xe6b21003, 1, 4, 0, 1, 0x0002, 0x00030000, 2, 0x00070000},
    {"ldrh r1,[r2,#2]!", ARM, 0xe1f210b2, 1, 2, 0, 1, 0x0002, 0x00030002, 2, 0x00030002},
    {"ldrh r1,[r2],#0xa6", ARM, 0xe0d21ab6, 1, 2, 0, 1, 0x0002, 0x00030000, 2, 0x000300a6},
    {"strh r1,[r2,-r3]!", ARM, 0xe12210b3, 0, 2, 0, 1, 0x0002, 0xffff0000, 2, 0xffff0000},
    {"strh r1,[r2],#-2", ARM, 0xe04210b2, 0, 2, 0, 1, 0x0002, 0x00030000, 2, 0x0002fffe},
    {"ldrsb r1,[r2,#1]!", ARM, 0xe1f210d1, 1, 1, 1, 1, 0x0002, 0x00030001, 2, 0x00030001},
    {"ldrsh r1,[r2],r3", ARM, 0xe09210f3, 1, 2, 1, 1, 0x0002, 0x00030000, 2, 0x00070000},
    {"ldrsh r1,[r2,#-2]", ARM, 0xe15210f2, 1, 2, 1, 1, 0x0002, 0x0002fffe, NONE, 0x00000000},
    {"ldrht r1,[r2],#2", ARM, 0xe0f210b2, 1, 2, 0, 1, 0x0002, 0x00030000, 2, 0x00030002},
    {"ldrsbt r1,[r2],#2", ARM, 0xe0f210d2, 1, 1, 1, 1, 0x0002, 0x00030000, 2, 0x00030002},
    {"strht r1,[r2],-r3", ARM, 0xe02210b3, 0, 2, 0, 1, 0x0002, 0x00030000, 2, 0xffff0000},
    {"ldrd r2,r3,[r4]", ARM, 0xe1c420d0, 1, 4, 0, 2, 0x000c, 0x00050000, NONE, 0x00000000},
    {"ldrd r2,r3,[r4,#8]!", ARM, 0xe1e420d8, 1, 4, 0, 2, 0x000c, 0x00050008, 4, 0x00050008},
    {"ldrd r2,r3,[r4],#-8", ARM, 0xe04420d8, 1, 4, 0, 2, 0x000c, 0x00050000, 4, 0x0004fff8},
    {"strd r2,r3,[r4,r5]", ARM, 0xe18420f5, 0, 4, 0, 2, 0x000c, 0x000b0000, NONE, 0x00000000},
    {"strd r2,r3,[r4],r5", ARM, 0xe08420f5, 0, 4, 0, 2, 0x000c, 0x00050000, 4, 0x000b0000},
    {"ldrd r0,r1,[pc,#8]", ARM, 0xe1cf00d8, 1, 4, 0, 2, 0x0003, 0x00008010, NONE, 0x00000000},
    {"ldm r0,{r1-r3}", ARM, 0xe890000e, 1, 4, 0, 3, 0x000e, 0x00010000, NONE, 0x00000000},
    {"ldmia r0!,{r1,r5}", ARM, 0xe8b00022, 1, 4, 0, 2, 0x0022, 0x00010000, 0, 0x00010008},
    {"ldmib r0!,{r1,r5}", ARM, 0xe9b00022, 1, 4, 0, 2, 0x0022, 0x00010004, 0, 0x00010008},
    {"ldmda r0!,{r1,r5}", ARM, 0xe8300022, 1, 4, 0, 2, 0x0022, 0x0000fffc, 0, 0x0000fff8},
    {"ldmdb r0,{r1,r5,pc}", ARM, 0xe9108022, 1, 4, 0, 3, 0x8022, 0x0000fff4, NONE, 0x00000000},
    {"stmia r3!,{r0-r12,lr}", ARM, 0xe8a35fff, 0, 4, 0, 14, 0x5fff, 0x00040000, 3, 0x00040038},
    {"stmib r3,{r4}", ARM, 0xe9830010, 0, 4, 0, 1, 0x0010, 0x00040004, NONE, 0x00000000},
    {"stmda r3,{r4,r6}", ARM, 0xe8030050, 0, 4, 0, 2, 0x0050, 0x0003fffc, NONE, 0x00000000},
    {"stmdb sp!,{r4,r6,lr}", ARM, 0xe92d4050, 0, 4, 0, 3, 0x4050, 0x000cfff4, 13, 0x000cfff4},
    {"ldmia sp!,{r4,pc}", ARM, 0xe8bd8010, 1, 4, 0, 2, 0x8010, 0x000d0000, 13, 0x000d0008},
    {"push {r1}", ARM, 0xe52d1004, 0, 4, 0, 1, 0x0002, 0x000cfffc, 13, 0x000cfffc},
    {"pop {r1}", ARM, 0xe49d1004, 1, 4, 0, 1, 0x0002, 0x000d0000, 13, 0x000d0004},
    {"ldr r1,[r2,#4]", THUMB, 0x00006851, 1, 4, 0, 1, 0x0002, 0x00030004, NONE, 0x00000000},
    {"str r1,[r2,#124]", THUMB, 0x000067d1, 0, 4, 0, 1, 0x0002, 0x0003007c, NONE, 0x00000000},
    {"ldrb r1,[r2,#31]", THUMB, 0x00007fd1, 1, 1, 0, 1, 0x0002, 0x0003001f, NONE, 0x00000000},
    {"strb r1,[r2,#1]", THUMB, 0x00007051, 0, 1, 0, 1, 0x0002, 0x00030001, NONE, 0x00000000},
    {"ldrh r1,[r2,#62]", THUMB, 0x00008fd1, 1, 2, 0, 1, 0x0002, 0x0003003e, NONE, 0x00000000},
    {"strh r1,[r2,#2]", THUMB, 0x00008051, 0, 2, 0, 1, 0x0002, 0x00030002, NONE, 0x00000000},
    {"ldr r1,[r2,r3]", THUMB, 0x000058d1, 1, 4, 0, 1, 0x0002, 0x00070000, NONE, 0x00000000},
    {"str r1,[r2,r3]", THUMB, 0x000050d1, 0, 4, 0, 1, 0x0002, 0x00070000, NONE, 0x00000000},
    {"ldrb r1,[r2,r3]", THUMB, 0x00005cd1, 1, 1, 0, 1, 0x0002, 0x00070000, NONE, 0x00000000},
    {"strb r1,[r2,r3]", THUMB, 0x000054d1, 0, 1, 0, 1, 0x0002, 0x00070000, NONE, 0x00000000},
    {"ldrh r1,[r2,r3]", THUMB, 0x00005ad1, 1, 2, 0, 1, 0x0002, 0x00070000, NONE, 0x00000000},
    {"strh r1,[r2,r3]", THUMB, 0x000052d1, 0, 2, 0, 1, 0x0002, 0x00070000, NONE, 0x00000000},
    {"ldrsb r1,[r2,r3]", THUMB, 0x000056d1, 1, 1, 1, 1, 0x0002, 0x00070000, NONE, 0x00000000},
    {"ldrsh r1,[r2,r3]", THUMB, 0x00005ed1, 1, 2, 1, 1, 0x0002, 0x00070000, NONE, 0x00000000},
    {"ldr r1,[pc,#8]", THUMB, 0x00004902, 1, 4, 0, 1, 0x0002, 0x0000800c, NONE, 0x00000000},
    {"ldr r1,[sp,#8]", THUMB, 0x00009902, 1, 4, 0, 1, 0x0002, 0x000d0008, NONE, 0x00000000},
    {"str r1,[sp,#1020]", THUMB, 0x000091ff, 0, 4, 0, 1, 0x0002, 0x000d03fc, NONE, 0x00000000},
    {"push {r0,r7,lr}", THUMB, 0x0000b581, 0, 4, 0, 3, 0x4081, 0x000cfff4, 13, 0x000cfff4},
    {"pop {r0,r7,pc}", THUMB, 0x0000bd81, 1, 4, 0, 3, 0x8081, 0x000d0000, 13, 0x000d000c},
    {"stmia r1!,{r2,r3}", THUMB, 0x0000c10c, 0, 4, 0, 2, 0x000c, 0x00020000, 1, 0x00020008},
    {"ldmia r1!,{r2,r3}", THUMB, 0x0000c90c, 1, 4, 0, 2, 0x000c, 0x00020000, 1, 0x00020008},
    {"ldmia r1,{r1,r3}", THUMB, 0x0000c90a, 1, 4, 0, 2, 0x000a, 0x00020000, NONE, 0x00000000},
    {"ldr.w r1,[r2,#0xabc]", WIDE, 0xf8d21abc, 1, 4, 0, 1, 0x0002, 0x00030abc, NONE, 0x00000000},
    {"str.w r1,[r2,#-4]", WIDE, 0xf8421c04, 0, 4, 0, 1, 0x0002, 0x0002fffc, NONE, 0x00000000},
    {"ldr.w r1,[r2,#4]!", WIDE, 0xf8521f04, 1, 4, 0, 1, 0x0002, 0x00030004, 2, 0x00030004},
    {"ldr.w r1,[r2],#-4", WIDE, 0xf8521904, 1, 4, 0, 1, 0x0002, 0x00030000, 2, 0x0002fffc},
    {"str.w r9,[r10],#255", WIDE, 0xf84a9bff, 0, 4, 0, 1, 0x0200, 0x000b0000, 10, 0x000b00ff},
    {"strb.w r1,[r2],#1", WIDE, 0xf8021b01, 0, 1, 0, 1, 0x0002, 0x00030000, 2, 0x00030001},
    {"strh.w r1,[r2,#-2]!", WIDE, 0xf8221d02, 0, 2, 0, 1, 0x0002, 0x0002fffe, 2, 0x0002fffe},
    {"ldrb.w r1,[r2],#1", WIDE, 0xf8121b01, 1, 1, 0, 1, 0x0002, 0x00030000, 2, 0x00030001},
    {"ldrh.w r1,[r2],#2", WIDE, 0xf8321b02, 1, 2, 0, 1, 0x0002, 0x00030000, 2, 0x00030002},
    {"ldrsb.w r1,[r2],#1", WIDE, 0xf9121b01, 1, 1, 1, 1, 0x0002, 0x00030000, 2, 0x00030001},
    {"ldrsh.w r1,[r2,#2]!", WIDE, 0xf9321f02, 1, 2, 1, 1, 0x0002, 0x00030002, 2, 0x00030002},
    {"ldr.w r1,[r2,r3,lsl #3]", WIDE, 0xf8521033, 1, 4, 0, 1, 0x0002, 0x00230000, NONE, 0x00000000},
    {"strb.w r1,[r2,r3,lsl #1]", WIDE, 0xf8021013, 0, 1, 0, 1, 0x0002, 0x000b0000, NONE,
     0x00000000},
    {"ldrt r1,[r2,#8]", WIDE, 0xf8521e08, 1, 4, 0, 1, 0x0002, 0x00030008, NONE, 0x00000000},
    {"strt r1,[r2,#8]", WIDE, 0xf8421e08, 0, 4, 0, 1, 0x0002, 0x00030008, NONE, 0x00000000},
    {"ldrbt r1,[r2,#8]", WIDE, 0xf8121e08, 1, 1, 0, 1, 0x0002, 0x00030008, NONE, 0x00000000},
    {"ldrsht r1,[r2,#8]", WIDE, 0xf9321e08, 1, 2, 1, 1, 0x0002, 0x00030008, NONE, 0x00000000},
    {"ldr.w r1,[pc,#-8]", WIDE, 0xf85f1008, 1, 4, 0, 1, 0x0002, 0x00007ffc, NONE, 0x00000000},
    {"ldrh.w r1,[pc,#16]", WIDE, 0xf8bf1010, 1, 2, 0, 1, 0x0002, 0x00008014, NONE, 0x00000000},
    {"ldr.w pc,[r2],#4", WIDE, 0xf852fb04, 1, 4, 0, 1, 0x8000, 0x00030000, 2, 0x00030004},
    {"ldrd r1,r5,[r2,#16]", WIDE, 0xe9d21504, 1, 4, 0, 2, 0x0022, 0x00030010, NONE, 0x00000000},
    {"ldrd r1,r5,[r2,#-16]!", WIDE, 0xe9721504, 1, 4, 0, 2, 0x0022, 0x0002fff0, 2, 0x0002fff0},
    {"strd r1,r5,[r2],#8", WIDE, 0xe8e21502, 0, 4, 0, 2, 0x0022, 0x00030000, 2, 0x00030008},
    {"ldrd r1,r5,[pc,#16]", WIDE, 0xe9df1504, 1, 4, 0, 2, 0x0022, 0x00008014, NONE, 0x00000000},
    {"ldmia.w r2!,{r1,r8}", WIDE, 0xe8b20102, 1, 4, 0, 2, 0x0102, 0x00030000, 2, 0x00030008},
    {"ldmdb r2,{r1,r8}", WIDE, 0xe9120102, 1, 4, 0, 2, 0x0102, 0x0002fff8, NONE, 0x00000000},
    {"stmdb r2!,{r1,r8}", WIDE, 0xe9220102, 0, 4, 0, 2, 0x0102, 0x0002fff8, 2, 0x0002fff8},
    {"stmia.w r2,{r1,r8}", WIDE, 0xe8820102, 0, 4, 0, 2, 0x0102, 0x00030000, NONE, 0x00000000},
    {"push.w {r1,r8,lr}", WIDE, 0xe92d4102, 0, 4, 0, 3, 0x4102, 0x000cfff4, 13, 0x000cfff4},
    {"pop.w {r1,r8,pc}", WIDE, 0xe8bd8102, 1, 4, 0, 3, 0x8102, 0x000d0000, 13, 0x000d000c},
    {"str.w r1,[sp,#-4]!", WIDE, 0xf84d1d04, 0, 4, 0, 1, 0x0002, 0x000cfffc, 13, 0x000cfffc},
};

static const struct bad {
    const char *text;
    enum form form;
    uint32_t encoding;
} bad[] = {
    {"ldrex r1,[r2]", ARM, 0xe1921f9f},
    {"strex r1,r3,[r2]", ARM, 0xe1821f93},
    {"ldrexd r2,r3,[r4]", ARM, 0xe1b42f9f},
    {"ldrexb r1,[r2]", ARM, 0xe1d21f9f},
    {"mov r0,r1", ARM, 0xe1a00001},
    {"mul r1,r2,r3", ARM, 0xe0010392},
    {"add r1,r2,#4", ARM, 0xe2821004},
    {"b .", ARM, 0xeafffffe},
    {"svc #0", ARM, 0xef000000},
    {"nop", ARM, 0xe320f000},
    {"pld [r1]", ARM, 0xf5d1f000},
    {"ldm r0,{r1,pc}^", ARM, 0xe8d08002},
    {"rfeia r0", ARM, 0xf8900a00},
    {"srsia sp!,#19", ARM, 0xf8ed0513},
    {"ldc p14,c5,[r1]", ARM, 0xed915e00},
    {"mrc p15,0,r0,c1,c0,0", ARM, 0xee110f10},
    {"ssat r1,#4,r2", ARM, 0xe6a31012},
    {"umull r0,r1,r2,r3", ARM, 0xe0810392},
    {"udf #0", ARM, 0xe7f000f0},
    {"clrex", ARM, 0xf57ff01f},
    {"dmb", ARM, 0xf57ff05f},
    {"mov r0,r1", THUMB, 0x00004608},
    {"adds r0,r1,r2", THUMB, 0x00001888},
    {"bx lr", THUMB, 0x00004770},
    {"nop", THUMB, 0x0000bf00},
    {"cbz r0,.+4", THUMB, 0x0000b100},
    {"b .", THUMB, 0x0000e7fe},
    {"svc #0", THUMB, 0x0000df00},
    {"ldrex r1,[r2,#4]", WIDE, 0xe8521f01},
    {"strex r1,r3,[r2]", WIDE, 0xe8423100},
    {"ldrexd r2,r3,[r4]", WIDE, 0xe8d4237f},
    {"tbb [r1,r2]", WIDE, 0xe8d1f002},
    {"pld [r1]", WIDE, 0xf891f000},
    {"pli [r1]", WIDE, 0xf991f000},
    {"rfeia r0", WIDE, 0xe990c000},
    {"srsia sp!,#19", WIDE, 0xe9adc013},
    {"mov.w r0,#4", WIDE, 0xf04f0004},
    {"dmb", WIDE, 0xf3bf8f5f},
    {"mrc p15,0,r0,c1,c0,0", WIDE, 0xee110f10},
    {"bl .", WIDE, 0xf7fffffe},
    {"udf.w #0", WIDE, 0xf7f0a000},
    {"ldrd r1,r2,[r4]", ARM, 0xe1c410d0},
    {"ldrd lr,pc,[r4]", ARM, 0xe1c4e0d0},
    {"ldm r0,{}", ARM, 0xe8900000},
    {"ldr r1,[pc],#4", ARM, 0xe49f1004},
    {"ldr r1,[pc,#4]!", ARM, 0xe5bf1004},
    {"pop {}", THUMB, 0xbc00},
    {"stm r0!,{}", THUMB, 0xc000},
    {"strd r1,r5,[pc],#8", WIDE, 0xe8ef1502},
    {"str.w r1,[pc,#4]", WIDE, 0xf8cf1004},
    {"ldr.w with size 3", WIDE, 0xf8f21004},
    {"ldr.w with sign", WIDE, 0xf9d21004},
    {"strsb", WIDE, 0xf9821004},
    {"ldr.w P=0 W=0", WIDE, 0xf8521804},
    {"ldr.w register with bits", WIDE, 0xf8521043},
};

static void setup(struct guest_regs *regs, enum form form)
{
    memset(regs, 0x5a, sizeof(*regs));
    for (uint32_t n = 0; n < 13; n++) {
        regs->gp.r[n] = 0x10000u * (n + 1);
    }
    regs->gp.pc = 0x8000;
    regs->gp.cpsr = MODE_SVC | 0x20000000u | (form == ARM ? 0 : CPSR_T);
    regs->banked.sp_svc = 0xd0000;
    regs->banked.lr_svc = 0xe0000;
}

static l4_status_t decode(const struct guest_regs *regs, enum form form, uint32_t encoding,
                          struct transfer *t)
{
    switch (form) {
    case ARM:
        return decode_arm(regs, encoding, t);
    case THUMB:
        return decode_thumb(regs, encoding, t);
    default:
        return decode_thumb_wide(regs, encoding, t);
    }
}

static void loads_and_stores(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        const struct good *g = &good[i];
        struct guest_regs regs;
        struct transfer t;
        setup(&regs, g->form);
        print_message("%s\n", g->text);
        assert_int_equal(decode(&regs, g->form, g->encoding, &t), L4_OK);
        assert_int_equal(t.load, g->load);
        assert_int_equal(t.store, !g->load);
        assert_int_equal(t.size, g->size);
        assert_int_equal(t.sign, g->sign);
        assert_int_equal(t.count, g->count);
        assert_int_equal(t.address, g->address);
        assert_int_equal(t.length, g->form == THUMB ? 2 : 4);
        assert_int_equal(t.base, g->base);
        if (g->base != NONE) {
            assert_int_equal(t.base_value, g->base_value);
        }
        uint32_t registers = 0;
        for (uint32_t n = 0; n < t.count; n++) {
            registers |= 1u << transfer_reg(&t, n);
        }
        assert_int_equal(registers, g->registers);
    }
}

static void everything_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct guest_regs regs;
        struct transfer t;
        setup(&regs, bad[i].form);
        print_message("%s\n", bad[i].text);
        assert_int_equal(decode(&regs, bad[i].form, bad[i].encoding, &t), L4_ERR_NOT_SUPPORTED);
    }
}

static void wide_halfwords(void **state)
{
    (void)state;
    assert_false(thumb_is_wide(0xe7fe));
    assert_true(thumb_is_wide(0xe800));
    assert_true(thumb_is_wide(0xf000));
    assert_true(thumb_is_wide(0xffff));
    assert_false(thumb_is_wide(0x0000));
}

static void swap_instruction(void **state)
{
    (void)state;
    struct guest_regs regs;
    struct transfer t;
    setup(&regs, ARM);
    assert_int_equal(decode_arm(&regs, 0xe1021093, &t), L4_OK); /* swp r1, r3, [r2] */
    assert_true(t.load && t.store);
    assert_int_equal(t.first, 1);
    assert_int_equal(t.second, 3);
    assert_int_equal(t.size, 4);
    assert_int_equal(t.address, 0x30000);
    assert_int_equal(decode_arm(&regs, 0xe1421093, &t), L4_OK); /* swpb */
    assert_int_equal(t.size, 1);
}

static void vfp_registers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t encoding, load, first, count, address, base, base_value;
    } cases[] = {
        {"vldr s3, [r2, #4]", 0xedd21a01, 1, 3, 1, 0x30004, NONE, 0},
        {"vldr d17, [r2, #-8]", 0xed521b02, 1, 34, 2, 0x2fff8, NONE, 0},
        {"vstr d31, [r2]", 0xedc2fb00, 0, 62, 2, 0x30000, NONE, 0},
        {"vldmia r2!, {s4-s7}", 0xecb22a04, 1, 4, 4, 0x30000, 2, 0x30010},
        {"vldmia r2, {d0-d3}", 0xec920b08, 1, 0, 8, 0x30000, NONE, 0},
        {"vstmdb r2!, {d16-d31}", 0xed620b20, 0, 32, 32, 0x2ff80, 2, 0x2ff80},
        {"fldmiax r2!, {d0}", 0xecb20b03, 1, 0, 2, 0x30000, 2, 0x3000c},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct guest_regs regs;
        struct transfer t;
        setup(&regs, i % 2 == 0 ? ARM : WIDE);
        print_message("%s\n", cases[i].text);
        assert_int_equal(decode(&regs, i % 2 == 0 ? ARM : WIDE, cases[i].encoding, &t), L4_OK);
        assert_int_equal(t.bank, BANK_VFP);
        assert_int_equal(t.load, cases[i].load);
        assert_int_equal(t.first, cases[i].first);
        assert_int_equal(t.count, cases[i].count);
        assert_int_equal(t.address, cases[i].address);
        assert_int_equal(t.base, cases[i].base);
        assert_true(t.base == NONE || t.base_value == cases[i].base_value);
    }
    static const uint32_t undefined[] = {
        0xec920b00, /* no registers */
        0xecd2fb04, /* beyond d31 */
        0xecd2fa02, /* beyond s31 */
        0xec520b10, /* vmov r0, r2, d0 */
        0xedb20b02, /* P, U and W */
        0xed920c01, /* coprocessor 12 */
    };
    for (size_t i = 0; i < sizeof(undefined) / sizeof(undefined[0]); i++) {
        struct guest_regs regs;
        struct transfer t;
        setup(&regs, ARM);
        assert_int_equal(decode_arm(&regs, undefined[i], &t), L4_ERR_NOT_SUPPORTED);
    }
}

static void user_registers(void **state)
{
    (void)state;
    struct guest_regs regs;
    struct transfer t;
    setup(&regs, ARM);
    assert_int_equal(decode_arm(&regs, 0xe8d06000, &t), L4_OK); /* ldmia r0, {sp, lr}^ */
    assert_int_equal(t.bank, BANK_USER);
    assert_int_equal(t.list, 0x6000);
    assert_int_equal(decode_arm(&regs, 0xe8c0e000, &t), L4_OK); /* stmia r0, {sp, lr, pc}^ */
    assert_int_equal(decode_arm(&regs, 0xe8d08000, &t), L4_ERR_NOT_SUPPORTED); /* return */
}

/* Whatever the guest's memory holds, the description stays inside its bounds. */
static void any_word(void **state)
{
    (void)state;
    srand(4);
    for (uint32_t i = 0; i < 2000000; i++) {
        struct guest_regs regs;
        struct transfer t;
        enum form form = (enum form)(i % 3);
        uint32_t encoding = (uint32_t)rand() << 16 ^ (uint32_t)rand();
        setup(&regs, form);
        if (form == ARM && i % 2 == 0) {
            encoding = (encoding & 0x0fffffff) | 0xe0000000;
        } else if (form == WIDE) {
            encoding = (encoding & 0x07ffffff) | (i % 2 == 0 ? 0xe8000000 : 0xf8000000);
        } else if (form == THUMB) {
            encoding &= 0xffff;
        }
        if (decode(&regs, form, encoding, &t) == L4_OK) {
            assert_true(t.size == 1 || t.size == 2 || t.size == 4);
            assert_in_range(t.count, 1, TRANSFER_MAX);
            assert_true(t.load || t.store);
            assert_true(t.base < 15 || t.base == NONE);
            for (uint32_t n = 0; n < t.count; n++) {
                assert_in_range(transfer_reg(&t, n), 0, t.bank == BANK_VFP ? 63 : 15);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_and_stores), cmocka_unit_test(everything_else),
        cmocka_unit_test(wide_halfwords),   cmocka_unit_test(swap_instruction),
        cmocka_unit_test(vfp_registers),    cmocka_unit_test(user_registers),
        cmocka_unit_test(any_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
