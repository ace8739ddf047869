/*
 * arch/irq.h on the host: an interrupt controller with enable, pending and active states and
 * separate priority drop, so that a test sees an interrupt that is masked, stuck or fires twice.
 */
#include <arch/cpu.h>
#include <arch/irq.h>

static bool takes(uint32_t irq)
{
    return fake.irq_raised[irq] && fake.irq_enabled[irq] && !fake.irq_active[irq];
}

static bool timer_due(void)
{
    return fake.timer_irq != 0 && fake.counter >= fake.timer_deadline &&
           !fake.irq_active[fake.timer_irq];
}

bool fake_irq_waits(void)
{
    if (timer_due()) {
        return true;
    }
    for (uint32_t i = 0; i < FAKE_IRQS; i++) {
        if (takes(i)) {
            return true;
        }
    }
    return false;
}

uint32_t arch_irq_count(void)
{
    return 288u;
}

uint32_t arch_irq_acknowledge(void)
{
    uint32_t irq = ARCH_IRQ_NONE;

    if (timer_due()) {
        irq = fake.timer_irq;
    } else {
        for (uint32_t i = 0; i < FAKE_IRQS; i++) {
            if (takes(i)) {
                irq = i;
                break;
            }
        }
    }
    if (irq != ARCH_IRQ_NONE) {
        fake.irq_active[irq] = 1;
        if (fake.irq_edge[irq]) {
            fake.irq_raised[irq] = 0;
        }
        fake_log(FAKE_IRQ_DROP, irq, 0);
    }
    return irq;
}

void arch_irq_deactivate(uint32_t irq)
{
    kassert(irq < FAKE_IRQS);
    fake.irq_active[irq] = 0;
    fake_log(FAKE_IRQ_DEACTIVATE, irq, 0);
}

void arch_irq_enable(uint32_t irq)
{
    kassert(irq < FAKE_IRQS);
    fake.irq_enabled[irq] = 1;
    fake_log(FAKE_IRQ_ENABLE, irq, 0);
}

void arch_irq_disable(uint32_t irq)
{
    kassert(irq < FAKE_IRQS);
    fake.irq_enabled[irq] = 0;
    fake_log(FAKE_IRQ_DISABLE, irq, 0);
}

void arch_irq_configure(uint32_t irq, bool edge)
{
    kassert(irq < FAKE_IRQS && !fake.irq_enabled[irq]);
    fake.irq_edge[irq] = edge;
    fake_log(FAKE_IRQ_CONFIGURE, irq, edge);
}

void arch_irq_set_active(uint32_t irq, bool active)
{
    fake.irq_active[irq] = active;
}
