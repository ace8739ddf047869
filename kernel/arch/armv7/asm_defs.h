/* Constants that assembly shares with C; frame.c proves them. */
#ifndef ARMV7_ASM_DEFS_H
#define ARMV7_ASM_DEFS_H

#define FRAME_R_OFFSET 12 /* sp, pc and cpsr before; r0-r12 and lr from there to the end */
#define FRAME_SIZE 68
#define ASM_SYS_COUNT 13 /* L4_SYS_COUNT */

/* HSR of `SVC #n` in ARM state is this plus n: EC 0x11, IL (ARM ARM B3.13.6). */
#define HSR_SVC_ARM 0x46000000

/* What happened in HYP mode itself: index of trap_hyp's names. */
#define HYP_UNDEFINED 0
#define HYP_SVC 1
#define HYP_PREFETCH 2
#define HYP_DATA 3
#define HYP_FIQ 4
#define HYP_RESET 5

#define PANIC_STACK_SIZE 2048

#endif
