/*
 * The kernel itself: typed wrappers over SYSTEM. `system` is the system capability.
 */
#ifndef L4_SYSTEM_H
#define L4_SYSTEM_H

#include <l4/syscall.h>

struct l4_clock {
    uint64_t ns; /* since boot */
    uint64_t ticks;
    uint32_t hz;
};

/* The first call of every program. VERSION: built for another kernel. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_system_hello(void)
{
    return l4_sys_system_in(0, L4_SYSTEM_HELLO, L4_ABI_VERSION, 0);
}

/* To the end of the own priority's queue. */
L4_INLINE void l4_system_yield(void)
{
    (void)l4_sys_system_in(0, L4_SYSTEM_YIELD, 0, 0);
}

L4_INLINE struct l4_clock l4_system_clock(void)
{
    struct l4_words words = {{0, L4_SYSTEM_CLOCK, 0, 0, 0, 0, 0, 0}};
    (void)l4_sys_system(&words);
    const struct l4_clock clock = {
        words.r[1] | (uint64_t)words.r[2] << 32,
        words.r[4] | (uint64_t)words.r[5] << 32,
        words.r[3],
    };
    return clock;
}

/* At most 12 bytes, little endian in a..c, to the kernel's debug UART. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_system_write(l4_cap_t system, uint32_t bytes, uint32_t a,
                                                    uint32_t b, uint32_t c)
{
    return l4_sys_system_in6(system, L4_SYSTEM_WRITE, bytes, a, b, c);
}

L4_INLINE L4_MUST_CHECK l4_status_t l4_system_stat(l4_cap_t system, enum l4_stat stat,
                                                   uint32_t *value)
{
    struct l4_words words = {{system, L4_SYSTEM_STAT, stat, 0, 0, 0, 0, 0}};
    const l4_status_t status = l4_sys_system(&words);
    *value = words.r[1];
    return status;
}

/* Trace records to the caller's message buffer; *count words. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_system_trace(l4_cap_t system, uint32_t *count)
{
    struct l4_words words = {{system, L4_SYSTEM_TRACE, 0, 0, 0, 0, 0, 0}};
    const l4_status_t status = l4_sys_system(&words);
    *count = words.r[1];
    return status;
}

/* Ends the machine; returns only on an error. */
L4_INLINE l4_status_t l4_system_exit(l4_cap_t system, uint32_t exit_status)
{
    return l4_sys_system_in(system, L4_SYSTEM_EXIT, exit_status, 0);
}

#endif
