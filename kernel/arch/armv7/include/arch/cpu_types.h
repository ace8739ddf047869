/*
 * ARMv7-A: the saved frame and the inline half of arch/cpu.h.
 */
#ifndef ARCH_CPU_TYPES_H
#define ARCH_CPU_TYPES_H

#include <kernel/types.h>

/* Saved on every entry, loaded on every exit: two pushes, two pops. vectors.S knows the order. */
struct arch_frame {
    uint32_t sp;   /* User and System mode's */
    uint32_t pc;   /* ELR_hyp */
    uint32_t cpsr; /* SPSR_hyp */
    uint32_t r[13];
    uint32_t lr; /* User and System mode's */
};

/* Words of an IPC system call in the frame. */
#define FRAME_STATUS 0
#define FRAME_CAP 0
#define FRAME_TAG 1
#define FRAME_BADGE 2
#define FRAME_REPLY 2
#define FRAME_TIMEOUT 3
#define FRAME_W0 4

/* L4_STAT_NONPREEMPT_WORST: whether it is measured, and the end of a stretch (nonpreempt.c). */
extern bool nonpreempt_on;
void nonpreempt_mark(void);

static inline bool arch_irq_pending(void)
{
    uint32_t isr;

    __asm__ volatile("mrc p15, 0, %0, c12, c1, 0" : "=r"(isr)); /* ISR, ARM ARM B4.1.96 */
    if ((isr & 0x80u) != 0) {
        return true;
    }
    if (unlikely(nonpreempt_on)) {
        nonpreempt_mark();
    }
    return false;
}

static inline uint64_t arch_counter(void)
{
    uint64_t t;

    __asm__ volatile("isb\n\tmrrc p15, 0, %Q0, %R0, c14" : "=r"(t)); /* CNTPCT */
    return t;
}

static inline void *arch_frame_ptr(frame_t frame)
{
    return (void *)(uintptr_t)(frame << L4_PAGE_SHIFT);
}

static inline frame_t arch_ptr_frame(const void *p)
{
    return (frame_t)((uintptr_t)p >> L4_PAGE_SHIFT);
}

#endif
