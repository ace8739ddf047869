/* What the files of arch/armv7 share with each other and with nobody else. */
#ifndef ARMV7_ARCH_PRIVATE_H
#define ARMV7_ARCH_PRIVATE_H

#include <kernel/thread.h>
#include <l4/abi/bootinfo.h>

/* kernel.ld */
extern uint8_t __image_start[], __text_end[], __rodata_start[], __data_start[], __bss_start[],
    __bss_end[], __stack_guard[], __stack_start[], kernel_stack_top[], __image_end[];

/* vectors.S */
extern uint8_t hyp_vectors[], hyp_vectors_measured[];

/* Entry from start.S; returns the first thread. */
struct thread *arch_start(const struct l4_bootinfo *info, uint32_t cpsr);

/* Builds the HYP table from boot_info and turns the MMU and the caches on. */
void hyp_mmu_start(void);
/* Stage 2: translation control and an empty table, no tag in use. */
void stage2_start(void);

/* Cycle counter at the start of the present stretch (nonpreempt.c). */
extern uint32_t nonpreempt_start;

/* A trap of a native thread that is no plain system call; any trap at all. The thread to run. */
struct thread *trap_native(struct thread *self, uint32_t hsr);
struct thread *trap_handle(struct thread *self, uint32_t hsr);
/* An exception of the kernel itself; registers are in panic_frame. */
void trap_hyp(uint32_t what) __attribute__((noreturn));
extern struct arch_frame panic_frame;
extern uint64_t panic_stack[];

#endif
