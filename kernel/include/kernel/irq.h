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
    uint32_t virq;          /* linked: its word */
    struct thread *vcpu;    /* linked: its vCPU */
    struct cap target;      /* bound: the endpoint (internal slot, CAP_FAULT unset) */
    uint8_t pending_ack;    /* fired, not acknowledged by the driver */
};

l4_status_t irq_get(struct aspace *home, uint32_t number, bool edge, struct irq **out) L4_MUST_CHECK;
int irq_destroy(struct irq *i);
/* vCPU goes: its linked interrupts are masked and deactivated. */
void irq_unlink_vcpu(struct thread *vcpu);

/* The interrupt entry: serves what is pending and returns the thread to run. */
struct thread *irq_dispatch(struct thread *self);

#endif
