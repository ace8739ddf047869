/*
 * The guest's interrupt controller: the distributor of a GICv2 (ARM IHI 0048B) without Security
 * Extensions, as a GIC-400 has it. The CPU interface is the hardware's virtual one, mapped into the
 * guest; what it will offer is "in flight" in the kernel.
 *
 * struct gic_state is the whole state outside of the kernel. An interrupt is pending here (latch or
 * line) or in flight, never lost between: gic_deliver.c decides what is in flight. The two timers'
 * lines (PPI 27 and 30) live in the kernel, which is told how they are configured.
 */
#ifndef VMM_GIC_H
#define VMM_GIC_H

#include <stdbool.h>
#include <stdint.h>

#include <l4/abi/vcpu.h>

#include <vmm/mmio.h>

#define GIC_CPUS 8u
#define GIC_IRQS 288u /* as QEMU's virt: 16 SGIs, 16 PPIs, 256 SPIs */
#define GIC_WORDS (GIC_IRQS / 32u)
#define GIC_BANKED 32u
#define GIC_SGIS 16u
#define GIC_LINKS 8u
#define GIC_SLOTS 4u /* in-flight words that one query can tell */

#define GIC_PPI_VTIMER 27u
#define GIC_PPI_PTIMER 30u
#define GIC_KERNEL_PPIS ((1u << GIC_PPI_VTIMER) | (1u << GIC_PPI_PTIMER))

/* The distributor's and the CPU interface's place in the guest. */
#define GICD_BASE 0x08000000u
#define GICC_BASE 0x08010000u
#define GICC_DIR_BASE 0x08011000u

/* What the models need from the kernel, for one vCPU. Statuses as in L4_SYS_VCPU. */
struct gic_flight {
    uint32_t word[GIC_SLOTS];
    uint32_t lines; /* L4_TIMER_LINE_* */
};

struct gic_port {
    void *context;
    /* ORs the word's state into the entry in flight, or makes one. BUSY: gic_slots_free() follows.
     */
    l4_status_t (*inject)(void *context, uint32_t cpu, uint32_t word);
    /* Takes an entry out of flight and tells it as it was. An entry with NOTIFY that is not found
     * has ended: gic_ended() follows. */
    l4_status_t (*retract)(void *context, uint32_t cpu, uint32_t irq, uint32_t *word);
    l4_status_t (*query)(void *context, uint32_t cpu, struct gic_flight *flight);
    l4_status_t (*timer)(void *context, uint32_t cpu, enum l4_timer timer, uint32_t word);
    /* Has the guest set GICC_CTLR.EOImode? */
    bool (*split_end)(void *context, uint32_t cpu);
    /* From now on the linked interrupt is injected into `cpu` with this word; 0: masked. It is not
     * in flight. Never called without gic_link(). */
    void (*link)(void *context, uint32_t cpu, uint32_t irq, uint32_t word);
};

/* One bit an interrupt. */
struct gic_word {
    uint32_t enabled;
    uint32_t group;  /* 1: group 1 */
    uint32_t latch;  /* pending by an edge, by ISPENDR or (SGI) by a source */
    uint32_t line;   /* the device's line */
    uint32_t active; /* active, but not in flight */
    uint32_t edge;   /* edge triggered; 0: level */
    uint32_t flight; /* given to the kernel and not known to have ended */
    uint32_t soft;   /* level, in flight because of the latch */
};

struct gic_bank {
    struct gic_word word; /* interrupts 0..31 */
    uint8_t priority[GIC_BANKED];
    uint8_t sources[GIC_SGIS];       /* pending SGIs: one bit a source CPU */
    uint8_t flight_source[GIC_SGIS]; /* source of the SGI in flight */
};

struct gic_state {
    uint32_t cpus;
    uint32_t ctlr;
    uint32_t waiting; /* one bit a vCPU: something is due that found no slot */
    uint32_t room;    /* ... and we have freed a slot since */
    struct gic_bank bank[GIC_CPUS];
    struct gic_word spi[GIC_WORDS - 1u];
    uint8_t spi_priority[GIC_IRQS - GIC_BANKED];
    uint8_t spi_targets[GIC_IRQS - GIC_BANKED];
    uint8_t spi_flight_cpu[GIC_IRQS - GIC_BANKED];
};

/* An SPI that the kernel injects by itself, and how it has last been told to. */
struct gic_link {
    uint32_t irq, cpu, word;
};

struct gic {
    struct gic_state state;
    struct gic_port port;
    uint32_t links;
    struct gic_link link[GIC_LINKS];
    uint32_t linked[GIC_WORDS - 1u]; /* one bit an SPI */
};

extern const struct device_ops gicd_ops; /* state: struct gic */

/* The CPU interface's second page, GICC_DIR alone: not mapped, so that it comes here. */
extern const struct device_ops gicc_dir_ops; /* state: struct gic */

/* 1 <= cpus <= GIC_CPUS. */
void gic_init(struct gic *gic, uint32_t cpus, const struct gic_port *port);

/* Back to the state after reset. The kernel's in-flight entries must be gone (vCPU reset). */
void gic_reset(struct gic *gic);

/* The device of this SPI is the guest's own: the kernel injects it, as the guest's registers say.
 * Errors: INVALID (no SPI), EXISTS, NO_MEMORY (GIC_LINKS are linked). */
L4_MUST_CHECK l4_status_t gic_link(struct gic *gic, uint32_t irq);

/* The kernel has forgotten all links: it is told again. */
void gic_link_again(struct gic *gic);

/* A vCPU is going to be reset by itself: what is in flight comes back, pending or active. */
void gic_cpu_off(struct gic *gic, uint32_t cpu);

/* A vCPU was reset by itself: the kernel learns its timers' interrupts again. */
void gic_cpu_on(struct gic *gic, uint32_t cpu);

/* Sets the level of a device's line: 32 <= irq < GIC_IRQS, or a PPI of `cpu`. An interrupt that the
 * guest configured as edge triggered becomes pending at the rising edge. */
void gic_set_line(struct gic *gic, uint32_t cpu, uint32_t irq, bool level);

/* The kernel says: these entries with NOTIFY ended (L4_VIRQ_NONE: no entry), slots may be free. */
void gic_ended(struct gic *gic, uint32_t cpu, const uint16_t *ended, uint32_t count);

/* An inject that had been taken as successful was not: the word comes back. */
void gic_returned(struct gic *gic, uint32_t cpu, uint32_t word);

#endif
