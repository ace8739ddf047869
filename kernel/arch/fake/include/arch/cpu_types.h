/*
 * Host: the saved frame and the inline half of arch/cpu.h. RAM frames are host memory at the same
 * address (the test maps it there); time, pending interrupts and preemption points are the test's.
 */
#ifndef ARCH_CPU_TYPES_H
#define ARCH_CPU_TYPES_H

#include <arch/fake.h>
#include <kernel/types.h>

struct arch_frame {
    uint32_t r[13];
    uint32_t lr;
    uint32_t sp;
    uint32_t pc;
    uint32_t cpsr; /* 0: never set up, the processor could not be made to run this */
};

#define FRAME_STATUS 0
#define FRAME_CAP 0
#define FRAME_TAG 1
#define FRAME_BADGE 2
#define FRAME_REPLY 2
#define FRAME_TIMEOUT 3
#define FRAME_W0 4

static inline bool arch_irq_pending(void)
{
    return fake_preemption_point();
}

static inline uint64_t arch_counter(void)
{
    fake.counter += fake.counter_step;
    return fake.counter;
}

static inline void *arch_frame_ptr(frame_t frame)
{
    return fake_memory(frame);
}

static inline frame_t arch_ptr_frame(const void *p)
{
    return (frame_t)((uintptr_t)p >> L4_PAGE_SHIFT);
}

#endif
