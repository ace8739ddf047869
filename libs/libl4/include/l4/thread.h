/*
 * Threads: typed wrappers over THREAD. A vCPU is a thread too (vcpu.h).
 */
#ifndef L4_THREAD_H
#define L4_THREAD_H

#include <l4/syscall.h>

struct l4_thread_info {
    enum l4_thread_state state;
    uint64_t cpu_time_ns;
};

/* One page of RAM (WRITE) becomes the thread's message buffer; 0 takes it away. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_thread_set_buffer(l4_cap_t thread, l4_cap_t region)
{
    return l4_sys_thread_in(thread, L4_THREAD_SET_BUFFER, region, 0);
}

/* Faults and guest exits go to `endpoint` (SEND), under its badge. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_thread_set_fault(l4_cap_t thread, l4_cap_t endpoint)
{
    return l4_sys_thread_in(thread, L4_THREAD_SET_FAULT, endpoint, 0);
}

/* Priority now, the highest it may ever take or give, and CPU time per period (0, 0: no limit).
 * AUTHORITY: more than the caller holds. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_thread_set_sched(l4_cap_t thread, uint32_t priority,
                                                        uint32_t ceiling, uint32_t budget_us,
                                                        uint32_t period_us)
{
    return l4_sys_thread_in6(thread, L4_THREAD_SET_SCHED, priority, ceiling, budget_us, period_us);
}

/* pc bit 0 selects Thumb; r0 and r1 as given. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_thread_start(l4_cap_t thread, uint32_t pc, uint32_t sp,
                                                    uint32_t r0, uint32_t r1)
{
    return l4_sys_thread_in6(thread, L4_THREAD_START, pc, sp, r0, r1);
}

L4_INLINE L4_MUST_CHECK l4_status_t l4_thread_stop(l4_cap_t thread)
{
    return l4_sys_thread_in(thread, L4_THREAD_STOP, 0, 0);
}

L4_INLINE L4_MUST_CHECK l4_status_t l4_thread_resume(l4_cap_t thread)
{
    return l4_sys_thread_in(thread, L4_THREAD_RESUME, 0, 0);
}

/* Registers of `group` (vcpu.h of the ABI) to the words of the caller's message buffer. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_thread_read_regs(l4_cap_t thread, uint32_t group)
{
    return l4_sys_thread_in(thread, L4_THREAD_READ_REGS, group, 0);
}

/* The other way; the thread is stopped or a vCPU in an exit. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_thread_write_regs(l4_cap_t thread, uint32_t group)
{
    return l4_sys_thread_in(thread, L4_THREAD_WRITE_REGS, group, 0);
}

L4_INLINE L4_MUST_CHECK l4_status_t l4_thread_get_info(l4_cap_t thread, struct l4_thread_info *info)
{
    struct l4_words words = {{thread, L4_THREAD_GET_INFO, 0, 0, 0, 0, 0, 0}};
    const l4_status_t status = l4_sys_thread(&words);
    info->state = (enum l4_thread_state)words.r[1];
    info->cpu_time_ns = words.r[2] | (uint64_t)words.r[3] << 32;
    return status;
}

#endif
