/*
 * Interrupt objects: one source each, bound to an endpoint's signal bits or linked to a vCPU.
 */
#ifndef KERNEL_IRQ_H
#define KERNEL_IRQ_H

#include <kernel/cap.h>

#define IRQ_MAX 288u /* INTIDs served: 32 private and 256 shared */

struct thread;

struct irq {
    struct object object;
    uint32_t number;
    uint32_t bits;
    uint32_t virq;         /* linked: its word */
    struct thread *vcpu;   /* linked: its vCPU */
    struct list vcpu_link; /* in vcpu->linked_irqs */
    struct cap target;     /* bound: the endpoint */
    uint8_t active;        /* fired; the driver, or the guest's EOI, deactivates it */
};

l4_status_t irq_get(struct aspace *home, uint32_t number, bool edge,
                    struct irq **out) L4_MUST_CHECK;
void irq_quiesce(struct irq *i);
/* Masked, deactivated, bound to nothing. */
void irq_unbind(struct irq *i);
l4_status_t irq_bind(struct irq *i, struct cap *endpoint, uint32_t bits) L4_MUST_CHECK;
l4_status_t irq_assign(struct irq *i, struct thread *vcpu, uint32_t virq) L4_MUST_CHECK;
void irq_acknowledge(struct irq *i);

/* Serves one pending interrupt, if there is one. The thread that it woke and that is in no queue
 * yet, or NULL. */
struct thread *irq_serve(void);
/* The interrupt entry: serves and returns the thread to run. */
struct thread *irq_dispatch(struct thread *self);

#endif
