/*
 * ARMv7-A: the inline half of arch_switch, on the IPC path (metrics ipc.rpc, sched.switch): between
 * two threads of one world it is a comparison and the address-space register.
 */
#ifndef ARCH_SWITCH_INLINE_H
#define ARCH_SWITCH_INLINE_H

#include <arch/cp15.h>
#include <kernel/cpu.h>

/* vcpu_switch.c: from the processor's key to next's, which are of two worlds or generations. */
struct thread *switch_world(struct thread *next, uint32_t from, uint32_t to);

static inline void switch_space(const struct thread *next)
{
    /* Table and tag change in one write, and ERET comes before their next use: no ISB. */
    CP15_WRITE64(VTTBR, next->arch.vttbr);
    arch_clrex();
}

static inline struct thread *arch_switch(struct thread *next)
{
    uint32_t from = this_cpu()->arch.key;
    uint32_t to = next->arch.key;

    if (unlikely(from != to)) {
        return switch_world(next, from, to);
    }
    switch_space(next);
    return next;
}

#endif
