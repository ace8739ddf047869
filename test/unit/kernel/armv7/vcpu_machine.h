/*
 * Two vCPUs over recording registers and a GIC virtual interface that is plain memory at its
 * address; the guest's acknowledge and end of interrupt are played by the test.
 */
#ifndef VCPU_MACHINE_H
#define VCPU_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arch/guest.h>
#include <arch/irq.h>
#include <arch/switch.h>
#include <kernel/vcpu.h>
#include <record.h>

#define PPI_VIRTUAL 27u
#define PPI_PHYSICAL 30u
#define TIMER_WORD l4_virq(PPI_VIRTUAL, 0x80, 0)
#define PHYSICAL_WORD l4_virq(PPI_PHYSICAL, 0x80, 0)

struct exit_seen {
    uint32_t count, label, w0, w1, w2;
};

extern struct thread thread_a, thread_b;
extern struct exit_seen exit_seen;
extern uint64_t test_counter;

int vcpu_setup(void **state);

static inline volatile uint32_t *lr(uint32_t slot)
{
    return &GICH(GICH_LR(slot));
}

/* `t` runs as a guest. */
void run_guest(struct thread *t);
/* A native thread runs; the guest's state stays loaded. */
void run_native(void);
/* The guest takes the interrupt in a slot, and ends it. The end makes the maintenance interrupt
 * that is due. */
void guest_take(uint32_t slot);
void guest_end(uint32_t slot);
/* The virtual timer's line and interrupt. */
void timer_line(bool high);
/* Events of a stub: number of them since the log was cleared, with this value. */
uint32_t seen(const char *what, uint64_t value);
/* Runs timeouts that are due. */
void run_timeouts(void);

#endif
