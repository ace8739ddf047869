/*
 * Waiting, on the virtual timer alone (ARM DDI 0406C, B8.1).
 */
#include "guest/timer.h"

#include "guest/gic.h"

void delay_us(uint32_t us)
{
    uint64_t end = cntvct() + ticks_us(us);

    while (cntvct() < end) {
    }
}

void sleep_us(uint32_t us)
{
    uint64_t end = cntvct() + ticks_us(us);
    uint32_t cpsr = read_cpsr();

    irq_disable();
    gicd_hit(GICD_ISENABLER, INTID_VTIMER);
    CP_WRITE64(p15, 3, c14, end); /* CNTV_CVAL */
    CP_WRITE(p15, 0, c14, c3, 1, CNT_CTL_ENABLE);
    isb();
    while (cntvct() < end) {
        wfi();
    }
    CP_WRITE(p15, 0, c14, c3, 1, 0);
    isb();
    gicd_hit(GICD_ICENABLER, INTID_VTIMER);
    if ((cpsr & CPSR_I) == 0) {
        irq_enable();
    }
}
