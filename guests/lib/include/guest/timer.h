/*
 * The ARMv7 generic timer as PL1 sees it (ARM DDI 0406C, chapter B8): the two
 * counters and the virtual (CNTV) and non-secure physical (CNTP) timers, plus
 * bounded waits built on the virtual counter.
 */
#ifndef GUEST_TIMER_H
#define GUEST_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/cpu.h"

#define CNT_CTL_ENABLE (1u << 0)
#define CNT_CTL_IMASK (1u << 1)
#define CNT_CTL_ISTATUS (1u << 2)

static inline uint32_t cntfrq(void)
{
    return CP_READ(p15, 0, c14, c0, 0);
}

static inline uint64_t cntpct(void)
{
    isb();
    return CP_READ64(p15, 0, c14);
}

static inline uint64_t cntvct(void)
{
    isb();
    return CP_READ64(p15, 1, c14);
}

/* Ticks of the counter in so many microseconds. */
static inline uint64_t ticks_us(uint32_t us)
{
    return (uint64_t)cntfrq() * us / 1000000u;
}

/* Spins; for short waits only. */
void delay_us(uint32_t us);

/* Sleeps in WFI on the virtual timer with IRQs masked, so that a machine under
 * -icount can jump over the wait. Leaves CNTV disabled and PPI 27 not enabled. */
void sleep_us(uint32_t us);

#endif
