/* The port's frame with the test's time: found before the port's own header, which reads CP15 in
 * assembly. */
#ifndef ARCH_CPU_TYPES_H
#define ARCH_CPU_TYPES_H

#include <kernel/types.h>

struct arch_frame {
    uint32_t sp;
    uint32_t pc;
    uint32_t cpsr;
    uint32_t r[13];
    uint32_t lr;
};

#define FRAME_STATUS 0
#define FRAME_CAP 0
#define FRAME_TAG 1
#define FRAME_BADGE 2
#define FRAME_REPLY 2
#define FRAME_TIMEOUT 3
#define FRAME_W0 4

extern uint64_t test_counter;

static inline bool arch_irq_pending(void)
{
    return false;
}

static inline uint64_t arch_counter(void)
{
    return test_counter;
}

static inline void *arch_frame_ptr(frame_t frame)
{
    return (void *)((uintptr_t)frame << L4_PAGE_SHIFT);
}

static inline frame_t arch_ptr_frame(const void *p)
{
    return (frame_t)((uintptr_t)p >> L4_PAGE_SHIFT);
}

#endif
