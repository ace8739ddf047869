/*
 * Interrupts: typed wrappers over IRQ.
 */
#ifndef L4_IRQ_H
#define L4_IRQ_H

#include <stdbool.h>

#include <l4/syscall.h>

/* Interrupt `number` (GIC INTID) as a capability in `slot`. BUSY: given out already. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_irq_get(l4_cap_t system, uint32_t number, bool edge,
                                               l4_cap_t slot)
{
    return l4_sys_irq_in6(system, L4_IRQ_GET, number, slot, edge, 0);
}

/* Each occurrence signals `bits` to `endpoint` (SIGNAL) and masks the interrupt until
 * l4_irq_ack(). Unmasks it now. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_irq_bind(l4_cap_t irq, l4_cap_t endpoint, uint32_t bits)
{
    return l4_sys_irq_in(irq, L4_IRQ_BIND, endpoint, bits);
}

L4_INLINE L4_MUST_CHECK l4_status_t l4_irq_ack(l4_cap_t irq)
{
    return l4_sys_irq_in(irq, L4_IRQ_ACK, 0, 0);
}

/* Injected into `vcpu` by the kernel directly, ended by the guest's EOI. */
L4_INLINE L4_MUST_CHECK l4_status_t l4_irq_assign(l4_cap_t irq, l4_cap_t vcpu, uint32_t virq)
{
    return l4_sys_irq_in(irq, L4_IRQ_ASSIGN, vcpu, virq);
}

L4_INLINE L4_MUST_CHECK l4_status_t l4_irq_unbind(l4_cap_t irq)
{
    return l4_sys_irq_in(irq, L4_IRQ_UNBIND, 0, 0);
}

#endif
