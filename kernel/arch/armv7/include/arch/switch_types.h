/*
 * ARMv7-A: what a switch needs of a thread and keeps of the processor. See arch/world.h.
 */
#ifndef ARCH_SWITCH_TYPES_H
#define ARCH_SWITCH_TYPES_H

#include <stdint.h>

/* The registers that make a world, without what only the full state of a vCPU has. */
struct world_regs {
    uint32_t hcr, hstr, hcptr, hdcr, sctlr, cntkctl;
};

/* A key is the generation of tags, shifted, and the world: the L4_THREAD_GUEST and _PMU bits of
 * thread.flags. A switch between equal keys is a switch of the table alone. A vCPU has a key while
 * it is loaded and not parked. */
#define KEY_GENERATION_SHIFT 8u
#define KEY_WORLD 0xffu

struct arch_thread {
    uint64_t vttbr; /* its address space's, while the key is of the present generation */
    uint32_t key;   /* 0: to be prepared */
};

struct arch_cpu {
    uint32_t key; /* what the processor is prepared for */
    uint32_t vmid_next;
    struct world_regs native;
    struct thread *loaded_tee; /* whose ThumbEE registers are */
};

#endif
