/*
 * A kernel for the distributor's tests: four in-flight slots a vCPU with the states of a list
 * register, and a guest that acknowledges and ends interrupts.
 */
#ifndef FAKE_GIC_H
#define FAKE_GIC_H

#include <stdbool.h>
#include <stdint.h>

#include <vmm/gic.h>

#define FAKE_CPUS 4u
#define FAKE_SPURIOUS 1023u

struct fake_cpu {
    uint32_t slot[GIC_SLOTS];
    uint32_t lines;
    uint32_t timer[L4_TIMER_COUNT];
    uint32_t injects, retracts, queries;
    bool split_end; /* GICC_CTLR.EOImode */
    bool wanted;    /* an inject was refused: a free slot has to be told */
};

struct fake_kernel {
    struct fake_cpu cpu[FAKE_CPUS];
    uint32_t link[GIC_IRQS]; /* words of the linked interrupts */
    uint8_t link_cpu[GIC_IRQS];
    uint32_t relinks;
    struct gic gic;
};

/* A distributor of `cpus` vCPUs over the fake kernel. */
void fake_init(struct fake_kernel *kernel, uint32_t cpus);

/* The same with everything enabled, priority 0x80, SPIs 32..63 level and 64..95 edge. */
void fake_init_enabled(struct fake_kernel *kernel, uint32_t cpus);

/* The fake kernel's side alone, for a distributor that is elsewhere. */
struct gic_port fake_port(struct fake_kernel *kernel);

/* The guest reads GICC_IAR: the most urgent pending entry becomes active. FAKE_SPURIOUS: none. */
uint32_t fake_acknowledge(struct fake_kernel *kernel, uint32_t cpu);

/* The guest writes GICC_EOIR; the notification reaches the model. */
void fake_end(struct fake_kernel *kernel, uint32_t cpu, uint32_t irq);

/* The device of a linked interrupt fires: the kernel injects it by itself. */
void fake_fire(struct fake_kernel *kernel, uint32_t irq);

/* Entry of `irq` in flight, 0 when there is none. */
uint32_t fake_flight(struct fake_kernel *kernel, uint32_t cpu, uint32_t irq);

/* Register access as the guest does it. */
uint32_t fake_read(struct fake_kernel *kernel, uint32_t cpu, uint32_t offset, uint32_t size);
void fake_write(struct fake_kernel *kernel, uint32_t cpu, uint32_t offset, uint32_t size,
                uint32_t value);

/* The tests of test_gic_overflow.c; returns how many failed. */
int test_gic_overflow(void);

#endif
