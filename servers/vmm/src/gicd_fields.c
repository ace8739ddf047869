/*
 * The distributor's registers with more than one bit an interrupt (priority, target, configuration)
 * and those of the SGIs (IHI 0048B 4.3.11 to 4.3.16).
 */
#include <l4/abi/vcpu.h>

#include "gic_internal.h"

#define SGIR_FILTER(v) (((v) >> 24) & 3u)
#define SGIR_TARGETS(v) (((v) >> 16) & 0xffu)
#define SGIR_ID(v) ((v)&15u)

static uint32_t lane(uint32_t word, uint32_t i)
{
    return (word >> (i * 8u)) & 0xffu;
}

/* IPRIORITYR: offset 0x400, a byte an interrupt */

static uint32_t priority_read(struct gic *gic, uint32_t cpu, uint32_t offset)
{
    uint32_t first = offset - 0x400u;
    if (first >= GIC_IRQS) {
        return 0;
    }
    const uint8_t *p = irq_priority(gic, cpu, first);
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void priority_write(struct gic *gic, uint32_t cpu, uint32_t offset, uint32_t value,
                           uint32_t mask)
{
    uint32_t first = offset - 0x400u;
    if (first >= GIC_IRQS) {
        return;
    }
    for (uint32_t i = 0; i < 4u; i++) {
        uint8_t *priority = irq_priority(gic, cpu, first + i);
        uint8_t wanted = (uint8_t)(lane(value, i) & GIC_PRIORITY_MASK);
        if (lane(mask, i) == 0 || *priority == wanted) {
            continue;
        }
        irq_withdraw(gic, cpu, first + i);
        *priority = wanted;
        irq_update(gic, cpu, first + i);
    }
}

/* ITARGETSR: offset 0x800, a byte an interrupt; RAZ/WI in a uniprocessor (4.3.12) */

static uint32_t target_read(struct gic *gic, uint32_t cpu, uint32_t offset)
{
    uint32_t first = offset - 0x800u;
    if (first >= GIC_IRQS || gic->state.cpus == 1u) {
        return 0;
    }
    if (first < GIC_BANKED) {
        return 0x01010101u << cpu;
    }
    const uint8_t *p = &gic->state.spi_targets[first - GIC_BANKED];
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void target_write(struct gic *gic, uint32_t cpu, uint32_t offset, uint32_t value,
                         uint32_t mask)
{
    uint32_t first = offset - 0x800u;
    if (first >= GIC_IRQS || first < GIC_BANKED || gic->state.cpus == 1u) {
        return;
    }
    uint32_t implemented = (1u << gic->state.cpus) - 1u;
    for (uint32_t i = 0; i < 4u; i++) {
        uint8_t *targets = &gic->state.spi_targets[first - GIC_BANKED + i];
        uint8_t wanted = (uint8_t)(lane(value, i) & implemented);
        if (lane(mask, i) == 0 || *targets == wanted) {
            continue;
        }
        irq_withdraw(gic, cpu, first + i);
        *targets = wanted;
        irq_update(gic, cpu, first + i);
    }
}

/* ICFGR: offset 0xc00, two bits an interrupt; the low one is reserved. SGIs are edge triggered and
 * the PPIs' devices (the timers) are wired as level: both are read-only. */

static uint32_t config_read(struct gic *gic, uint32_t cpu, uint32_t offset)
{
    uint32_t first = (offset - 0xc00u) * 4u;
    if (first >= GIC_IRQS) {
        return 0;
    }
    uint32_t edge = irq_word(gic, cpu, first)->edge >> (first % 32u);
    uint32_t value = 0;
    for (uint32_t i = 0; i < 16u; i++) {
        value |= ((edge >> i) & 1u) << (2u * i + 1u);
    }
    return value;
}

static void config_write(struct gic *gic, uint32_t cpu, uint32_t offset, uint32_t value,
                         uint32_t mask)
{
    uint32_t first = (offset - 0xc00u) * 4u;
    if (first >= GIC_IRQS || first < GIC_BANKED) {
        return;
    }
    uint32_t changed = (config_read(gic, cpu, offset) ^ value) & mask & 0xaaaaaaaau;
    while (changed != 0) {
        uint32_t irq = first + (uint32_t)__builtin_ctz(changed) / 2u;
        changed &= changed - 1u;
        irq_withdraw(gic, cpu, irq);
        irq_word(gic, cpu, irq)->edge ^= irq_bit(irq);
        irq_update(gic, cpu, irq);
    }
}

/* SGIR, CPENDSGIR, SPENDSGIR: offset 0xf00; gicd.c hands writes to SGIR to gicd_sgir() */

#define GICD_CPENDSGIR 0xf10u
#define GICD_SPENDSGIR 0xf20u
#define GICD_SGI_END 0xf30u

static void sgi_add(struct gic *gic, uint32_t cpu, uint32_t sgi, uint32_t sources)
{
    if (sources != 0) {
        gic->state.bank[cpu].sources[sgi] |= (uint8_t)sources;
        gic->state.bank[cpu].word.latch |= irq_bit(sgi);
        irq_update(gic, cpu, sgi);
    }
}

static void sgi_remove(struct gic *gic, uint32_t cpu, uint32_t sgi, uint32_t sources)
{
    struct gic_bank *bank = &gic->state.bank[cpu];
    irq_withdraw(gic, cpu, sgi);
    bank->sources[sgi] &= (uint8_t)~sources;
    if (bank->sources[sgi] == 0) {
        bank->word.latch &= ~irq_bit(sgi);
    }
    irq_update(gic, cpu, sgi);
}

static __attribute__((noinline)) void sgi_send(struct gic *gic, uint32_t cpu, uint32_t value)
{
    uint32_t all = (1u << gic->state.cpus) - 1u;
    uint32_t targets = 0;
    switch (SGIR_FILTER(value)) {
    case 0:
        targets = SGIR_TARGETS(value) & all;
        break;
    case 1:
        targets = all & ~(1u << cpu);
        break;
    case 2:
        targets = 1u << cpu;
        break;
    default: /* reserved */
        break;
    }
    while (targets != 0) {
        uint32_t target = (uint32_t)__builtin_ctz(targets);
        targets &= targets - 1u;
        sgi_add(gic, target, SGIR_ID(value), 1u << cpu);
    }
}

/* The everyday case on one vCPU: enabled and neither pending here nor active, it goes into flight
 * without touching the latch, just as irq_update() would send it. */
static inline bool sgi_to_self(struct gic *gic, uint32_t sgi)
{
    struct gic_bank *bank = &gic->state.bank[0];
    uint32_t bit = irq_bit(sgi);
    if ((word_enabled(gic, &bank->word) & ~(bank->word.latch | bank->word.active) & bit) == 0) {
        return false;
    }
    uint32_t group = (bank->word.group >> sgi & 1u) * L4_VIRQ_GROUP1;
    if (gic->port.inject(gic->port.context, 0, l4_virq(sgi, bank->priority[sgi], group)) != L4_OK) {
        return false;
    }
    bank->word.flight |= bit;
    bank->flight_source[sgi] = 0;
    return true;
}

void gicd_sgir(struct gic *gic, uint32_t cpu, uint32_t value)
{
    bool self =
        SGIR_FILTER(value) == 2u || (SGIR_FILTER(value) == 0 && (SGIR_TARGETS(value) & 1u) != 0);
    if (gic->state.cpus != 1u || !self || !sgi_to_self(gic, SGIR_ID(value))) {
        sgi_send(gic, cpu, value);
    }
}

static uint32_t sgi_pending(struct gic *gic, uint32_t cpu, uint32_t sgi, uint32_t live)
{
    const struct gic_bank *bank = &gic->state.bank[cpu];
    uint32_t in_flight = (live & irq_bit(sgi)) != 0 ? 1u << bank->flight_source[sgi] : 0;
    return bank->sources[sgi] | in_flight;
}

static uint32_t sgi_read(struct gic *gic, uint32_t cpu, uint32_t offset)
{
    if (offset < GICD_CPENDSGIR || offset >= GICD_SGI_END) {
        return 0; /* SGIR is write-only */
    }
    uint32_t first = offset & 15u;
    uint32_t live = gic_live_word(gic, cpu, 0).pending;
    uint32_t value = 0;
    for (uint32_t i = 0; i < 4u; i++) {
        value |= sgi_pending(gic, cpu, first + i, live) << (i * 8u);
    }
    return value;
}

static void sgi_write(struct gic *gic, uint32_t cpu, uint32_t offset, uint32_t value, uint32_t mask)
{
    (void)mask; /* zero bits do nothing */
    if (offset < GICD_CPENDSGIR || offset >= GICD_SGI_END) {
        return;
    }
    uint32_t implemented = (1u << gic->state.cpus) - 1u;
    for (uint32_t i = 0; i < 4u; i++) {
        uint32_t sources = lane(value, i) & implemented;
        if (sources != 0 && offset < GICD_SPENDSGIR) {
            sgi_remove(gic, cpu, (offset & 15u) + i, sources);
        } else if (sources != 0) {
            sgi_add(gic, cpu, (offset & 15u) + i, sources);
        }
    }
}

const struct gicd_bank gicd_priority = {priority_read, priority_write};
const struct gicd_bank gicd_target = {target_read, target_write};
const struct gicd_bank gicd_config = {config_read, config_write};
const struct gicd_bank gicd_sgi = {sgi_read, sgi_write};
