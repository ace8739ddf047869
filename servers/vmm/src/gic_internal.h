/* Shared between the files of the distributor model; nobody else includes it. */
#ifndef VMM_GIC_INTERNAL_H
#define VMM_GIC_INTERNAL_H

#include <vmm/gic.h>

#define GIC_PRIORITY_MASK 0xf8u /* 32 levels: what the virtual CPU interface implements */

static inline struct gic_word *gic_word(struct gic *gic, uint32_t cpu, uint32_t word)
{
    return word == 0 ? &gic->state.bank[cpu].word : &gic->state.spi[word - 1u];
}

static inline struct gic_word *irq_word(struct gic *gic, uint32_t cpu, uint32_t irq)
{
    return gic_word(gic, cpu, irq / 32u);
}

static inline uint32_t irq_bit(uint32_t irq)
{
    return 1u << (irq % 32u);
}

static inline uint8_t *irq_priority(struct gic *gic, uint32_t cpu, uint32_t irq)
{
    return irq < GIC_BANKED ? &gic->state.bank[cpu].priority[irq]
                            : &gic->state.spi_priority[irq - GIC_BANKED];
}

/* Linked SPIs of a register word. */
static inline uint32_t word_linked(const struct gic *gic, uint32_t word)
{
    return word == 0 ? 0 : gic->linked[word - 1u];
}

/* Interrupts of a word that the enables let through. */
static inline uint32_t word_enabled(const struct gic *gic, const struct gic_word *word)
{
    uint32_t group0 = 0u - (gic->state.ctlr & 1u);
    uint32_t group1 = 0u - (gic->state.ctlr >> 1 & 1u);
    return word->enabled & ((group0 & ~word->group) | (group1 & word->group));
}

/* What the kernel holds of one register word, for readers of pending and active bits. */
struct gic_live {
    uint32_t pending;
    uint32_t active;
};

/* gic_deliver.c */

/* The vCPU that takes an SPI; GIC_CPUS: none. */
uint32_t spi_home(const struct gic *gic, uint32_t irq);

/* The state in `back`, out of flight, is ours again. */
void irq_taken_back(struct gic *gic, uint32_t cpu, uint32_t irq, uint32_t back);

/* Takes an interrupt out of flight; what it was is in latch, line and active again. Call before any
 * change that a CPU interface could notice, and irq_update() after it. */
void irq_withdraw(struct gic *gic, uint32_t cpu, uint32_t irq);

/* Brings an interrupt in flight if it is due; for a timer's, lets the kernel look at it anew. */
void irq_update(struct gic *gic, uint32_t cpu, uint32_t irq);

/* The same for everything that one vCPU, or every vCPU, could take. */
void gic_update(struct gic *gic, uint32_t cpu);
void gic_update_all(struct gic *gic);
void gic_withdraw_all(struct gic *gic);

/* gic_link.c: tells the kernel how a linked interrupt, or all of them, are configured now. */
void gic_link_update(struct gic *gic, uint32_t irq);
void gic_link_update_all(struct gic *gic);

/* gic.c */

/* The pending and active bits of a register word that are in flight, timers' lines included. */
struct gic_live gic_live_word(struct gic *gic, uint32_t cpu, uint32_t word);

/* Tells the kernel how the timers' interrupts are configured. */
void gic_configure_timers(struct gic *gic, uint32_t cpu);

/* Handlers of a bank of 32-bit registers. `offset` is the word's offset in the distributor; `mask`
 * has the bits that the access touches, value is in place and zero elsewhere. */
struct gicd_bank {
    uint32_t (*read)(struct gic *gic, uint32_t cpu, uint32_t offset);
    void (*write)(struct gic *gic, uint32_t cpu, uint32_t offset, uint32_t value, uint32_t mask);
};

/* gicd_bits.c: one bit an interrupt */
extern const struct gicd_bank gicd_group, gicd_set_enable, gicd_clear_enable, gicd_set_pending,
    gicd_clear_pending, gicd_set_active, gicd_clear_active;

/* gicd_fields.c: more bits an interrupt, and SGIs */
extern const struct gicd_bank gicd_priority, gicd_target, gicd_config, gicd_sgi;

/* A write to SGIR, which takes whole words only. Hot path: vm.sgi. */
void gicd_sgir(struct gic *gic, uint32_t cpu, uint32_t value);

#endif
