/*
 * L4_STAT_NONPREEMPT_WORST: cycles of the longest stretch during which an interrupt had to wait for
 * the kernel. A stretch goes from an entry, or a preemption point that found nothing pending, to
 * the next preemption point, the exit or the idle loop. It costs nothing before it is asked for:
 * measuring has vectors of its own.
 */
#include <arch/cp15.h>
#include <arch/cpu.h>

#include "arch_private.h"

bool nonpreempt_on;
uint32_t nonpreempt_start;

static uint32_t worst;

void nonpreempt_mark(void)
{
    uint32_t now = CP15_READ(PMCCNTR);
    uint32_t cycles = now - nonpreempt_start;

    nonpreempt_start = now;
    worst = cycles > worst ? cycles : worst;
}

uint32_t arch_nonpreempt_worst(void)
{
    uint32_t result = worst;

    if (!nonpreempt_on) {
        nonpreempt_on = true;
        CP15_WRITE(HVBAR, (uint32_t)(uintptr_t)hyp_vectors_measured);
        arch_isb();
    }
    nonpreempt_start = CP15_READ(PMCCNTR);
    worst = 0;
    return result;
}
