/*
 * What the interrupt tests share: a known state of distributor and CPU interface,
 * a handler that logs what it acknowledged, and bounded waits. irq.c owns the log.
 */
#ifndef VMTEST_IRQ_H
#define VMTEST_IRQ_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/gic.h"

#define IRQ_LOG_MAX 64u

/* Sixteen SPIs on which no device of the virt machine is attached or active. */
#define SPI_FIRST 40u
#define SPI_COUNT 16u
#define SPI_A 40u
#define SPI_B 41u
#define SPI_C 42u
#define SPI_D 43u

struct irq_event {
    uint32_t iar;
    uint32_t rpr;
    uint64_t when; /* CNTVCT */
};

struct irq_log {
    volatile unsigned int count;    /* acknowledged interrupts, spurious not counted */
    volatile unsigned int spurious; /* IAR returned 1020..1023 */
    volatile unsigned int fiqs;     /* how many came as FIQ */
    volatile bool storm;            /* IRQ_LOG_MAX exceeded: everything was disabled */
    struct irq_event events[IRQ_LOG_MAX];
};

extern struct irq_log irq_log;

/* Called between acknowledge and EOI; may quiet a source or unmask for nesting. */
extern void (*irq_action)(uint32_t iar);
/* False: the handler leaves the EOI to the test. */
extern bool irq_auto_eoi;

/* Everything disabled, inactive, not pending, level, priority 0x80, group 0; the
 * CPU interface open for group 0 with PMR 0xff; the log empty. Before each case. */
void irq_reset(void);
void irq_clear_log(void);

/* Edge-triggered, of that priority, and enabled. */
void spi_setup(unsigned int intid, uint8_t priority);

/* Unmasks IRQ (and FIQ) until `count` interrupts were logged or a generous time
 * went by, then masks. True when there were at least `count`. */
bool irq_wait(unsigned int count);
/* Unmasks for long enough that a pending interrupt must have come, then masks. */
void irq_window(void);

unsigned int irq_id(unsigned int event);
/* Priority bits that PMR implements, as a mask such as 0xf8. */
uint32_t priority_mask(void);
/* How many INTIDs TYPER names. */
unsigned int intid_count(void);

#endif
