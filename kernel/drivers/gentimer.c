/*
 * The kernel's timer: the generic timer of HYP mode, CNTHP (ARM ARM B8.1). The physical counter
 * is read by arch_counter().
 */
#include <arch/cp15.h>
#include <arch/cpu.h>

uint32_t arch_counter_hz(void)
{
    return CP15_READ(CNTFRQ);
}

void arch_timer_set(uint64_t deadline)
{
    if (deadline == UINT64_MAX) {
        CP15_WRITE(CNTHP_CTL, 0u);
        return;
    }
    CP15_WRITE64(CNTHP_CVAL, deadline);
    CP15_WRITE(CNTHP_CTL, 1u);
}
