/*
 * Per-CPU state, reached through this_cpu() only.
 */
#ifndef KERNEL_CPU_H
#define KERNEL_CPU_H

#include <kernel/heap.h>
#include <kernel/sched.h>
#include <kernel/thread.h>

struct cpu {
    struct thread *current;
    struct arch_cpu arch;
    struct sched_context *sc; /* what the running thread charges */
    uint64_t charged_until;   /* counter value up to which sc is charged */
    uint64_t budget_deadline; /* UINT64_MAX: unlimited */
    bool budget_limited;
    uint64_t timer_deadline;    /* as programmed */
    int32_t top_ready;          /* highest ready priority, -1: none */
    bool reschedule;            /* the current thread stopped, or a ready one may outrank it */
    struct thread *loaded_vcpu; /* whose guest state is in the registers */
    struct thread *loaded_vfp;  /* whose VFP state is */
    struct heap timeouts;
    struct sched_queues queues;
    struct aspace *dying; /* stack of address spaces being destroyed */
    uint32_t irqs, switches;
};

extern struct cpu cpu_boot;

static inline struct cpu *this_cpu(void)
{
    return &cpu_boot; /* one CPU runs today; a banked register holds it later */
}

static inline struct thread *current_thread(void)
{
    return this_cpu()->current;
}

#endif
