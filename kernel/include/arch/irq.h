/*
 * Port contract: the interrupt controller as the kernel needs it (GICv2 on armv7, a recorder on
 * fake). Interrupt numbers are INTIDs. Priority drop and deactivation are separate (EOImode 1).
 * Context: kernel mode, interrupts masked.
 */
#ifndef ARCH_IRQ_H
#define ARCH_IRQ_H

#include <kernel/types.h>

#define ARCH_IRQ_NONE 1023u

uint32_t arch_irq_count(void); /* INTIDs implemented */
/* INTID now active, its priority dropped so that others are not held up; or ARCH_IRQ_NONE. */
uint32_t arch_irq_acknowledge(void);
void arch_irq_deactivate(uint32_t irq);
void arch_irq_enable(uint32_t irq);
void arch_irq_disable(uint32_t irq);
void arch_irq_configure(uint32_t irq, bool edge);
/* Active state of a private interrupt, part of a vCPU's lazily held state. */
void arch_irq_set_active(uint32_t irq, bool active);

#endif
