/*
 * What is in flight: decides which pending interrupts the kernel holds for a CPU interface, and
 * merges what it tells back.
 *
 * Each interrupt's pending and active state is either here (latch, line, active) or in the kernel
 * (flight). irq_withdraw() brings it here, irq_update() sends it out again; every register write
 * stands between the two, so that no order of guest writes can lose a state. When the kernel has no
 * slot, a pending interrupt of lower priority gives way, and comes back when a slot is free.
 *
 * Level-triggered interrupts fly with NOTIFY: their entry is known to be in flight until
 * gic_ended(). Edges end silently: flight is then only "perhaps", settled by a query.
 */
#include "gic_internal.h"

#define NO_IRQ GIC_IRQS
#define ACTIVE_FIRST (-1) /* an active interrupt has to be in flight before the guest ends it */

static uint32_t virq_source(uint32_t word)
{
    return (word >> L4_VIRQ_SOURCE_SHIFT) & 7u;
}

uint32_t word_enabled(const struct gic *gic, const struct gic_word *word)
{
    uint32_t groups = 0;
    if ((gic->state.ctlr & 1u) != 0) {
        groups |= ~word->group;
    }
    if ((gic->state.ctlr & 2u) != 0) {
        groups |= word->group;
    }
    return word->enabled & groups;
}

/* Interrupts of a word whose pending state should go out. A level waits for the end of its flight. */
static uint32_t word_pending(const struct gic *gic, const struct gic_word *word)
{
    uint32_t edges = word->latch & word->edge;
    uint32_t levels = (word->latch | word->line) & ~word->edge & ~word->flight;
    return (edges | levels) & word_enabled(gic, word);
}

static uint32_t word_due(const struct gic *gic, const struct gic_word *word)
{
    return word_pending(gic, word) | (word->active & ~word->flight);
}

/* The vCPU that takes an SPI: where it is in flight or active, else the first of its targets. */
static uint32_t spi_home(const struct gic *gic, uint32_t irq)
{
    const struct gic_word *word = &gic->state.spi[irq / 32u - 1u];
    if (gic->state.cpus == 1u) {
        return 0;
    }
    if (((word->flight | word->active) & irq_bit(irq)) != 0) {
        return gic->state.spi_flight_cpu[irq - GIC_BANKED];
    }
    uint32_t targets = gic->state.spi_targets[irq - GIC_BANKED];
    return targets == 0 ? GIC_CPUS : (uint32_t)__builtin_ctz(targets);
}

/* One source of an SGI flies at a time; while it is active, only the same source can pend too. */
static uint32_t sgi_next_source(const struct gic_bank *bank, uint32_t sgi)
{
    if ((bank->word.active & irq_bit(sgi)) != 0) {
        return bank->flight_source[sgi];
    }
    return (uint32_t)__builtin_ctz(bank->sources[sgi] | 1u << GIC_CPUS);
}

static bool sgi_may_fly(const struct gic *gic, uint32_t cpu, uint32_t sgi)
{
    const struct gic_bank *bank = &gic->state.bank[cpu];
    return (bank->word.flight & irq_bit(sgi)) == 0 ||
           sgi_next_source(bank, sgi) == bank->flight_source[sgi];
}

static bool irq_due(struct gic *gic, uint32_t cpu, uint32_t irq)
{
    const struct gic_word *word = irq_word(gic, cpu, irq);
    if ((word_due(gic, word) & irq_bit(irq)) == 0) {
        return false;
    }
    if (irq < GIC_SGIS) {
        return sgi_may_fly(gic, cpu, irq);
    }
    return irq < GIC_BANKED || spi_home(gic, irq) == cpu;
}

static bool irq_notifies(struct gic *gic, uint32_t cpu, uint32_t irq)
{
    if (irq < GIC_SGIS) {
        return gic->state.cpus > 1u;
    }
    return (irq_word(gic, cpu, irq)->edge & irq_bit(irq)) == 0;
}

/* The word that would fly now. A level that is active waits for its end before it pends again. */
static uint32_t irq_compose(struct gic *gic, uint32_t cpu, uint32_t irq)
{
    const struct gic_word *word = irq_word(gic, cpu, irq);
    uint32_t bit = irq_bit(irq);
    uint32_t out = irq | ((uint32_t)(*irq_priority(gic, cpu, irq) >> 3) << L4_VIRQ_PRIORITY_SHIFT);
    bool pending = (word_pending(gic, word) & bit) != 0;
    if ((word->active & bit) != 0) {
        out |= L4_VIRQ_ACTIVE;
        pending = pending && (word->edge & bit) != 0;
    }
    if (irq < GIC_SGIS) {
        const struct gic_bank *bank = &gic->state.bank[cpu];
        uint32_t source = sgi_next_source(bank, irq);
        pending = pending && (bank->sources[irq] >> source & 1u) != 0;
        out |= source << L4_VIRQ_SOURCE_SHIFT;
    }
    if (pending) {
        out |= L4_VIRQ_PENDING;
    }
    if ((word->group & bit) != 0) {
        out |= L4_VIRQ_GROUP1;
    }
    if (irq_notifies(gic, cpu, irq)) {
        out |= L4_VIRQ_NOTIFY;
    }
    return out;
}

/* The state in `sent` is the kernel's now. */
static void irq_sent(struct gic *gic, uint32_t cpu, uint32_t irq, uint32_t sent)
{
    struct gic_word *word = irq_word(gic, cpu, irq);
    uint32_t bit = irq_bit(irq);
    word->flight |= bit;
    word->active &= ~bit;
    if (irq >= GIC_BANKED) {
        gic->state.spi_flight_cpu[irq - GIC_BANKED] = (uint8_t)cpu;
    }
    if ((sent & L4_VIRQ_PENDING) == 0) {
        return;
    }
    if (irq < GIC_SGIS) {
        struct gic_bank *bank = &gic->state.bank[cpu];
        uint32_t source = virq_source(sent);
        bank->flight_source[irq] = (uint8_t)source;
        bank->sources[irq] &= (uint8_t)~(1u << source);
        if (bank->sources[irq] != 0) {
            return;
        }
    }
    if ((word->latch & ~word->edge & bit) != 0) {
        word->soft |= bit;
    }
    word->latch &= ~bit;
}

void irq_taken_back(struct gic *gic, uint32_t cpu, uint32_t irq, uint32_t back)
{
    struct gic_word *word = irq_word(gic, cpu, irq);
    uint32_t bit = irq_bit(irq);
    if ((back & L4_VIRQ_ACTIVE) != 0) {
        word->active |= bit;
    }
    if ((back & L4_VIRQ_PENDING) != 0 && ((word->edge | word->soft) & bit) != 0) {
        word->latch |= bit;
        if (irq < GIC_SGIS) {
            gic->state.bank[cpu].sources[irq] |= (uint8_t)(1u << virq_source(back));
        }
    }
    if (irq < GIC_SGIS) {
        gic->state.bank[cpu].flight_source[irq] = (uint8_t)virq_source(back);
    }
    word->flight &= ~bit;
    word->soft &= ~bit;
}

static bool kernel_has(const struct gic_word *word, uint32_t irq)
{
    bool timer = irq < GIC_BANKED && (GIC_KERNEL_PPIS & irq_bit(irq)) != 0;
    return timer || (word->flight & irq_bit(irq)) != 0;
}

void irq_withdraw(struct gic *gic, uint32_t cpu, uint32_t irq)
{
    struct gic_word *word = irq_word(gic, cpu, irq);
    if (!kernel_has(word, irq)) {
        return;
    }
    if (irq >= GIC_BANKED) {
        cpu = spi_home(gic, irq);
    }
    uint32_t back = 0;
    if (gic->port.retract(gic->port.context, cpu, irq, &back) == L4_OK) {
        irq_taken_back(gic, cpu, irq, back);
    } else if (!irq_notifies(gic, cpu, irq)) {
        word->flight &= ~irq_bit(irq);
    }
}

static bool irq_send(struct gic *gic, uint32_t cpu, uint32_t irq)
{
    uint32_t word = irq_compose(gic, cpu, irq);
    if (gic->port.inject(gic->port.context, cpu, word) != L4_OK) {
        return false;
    }
    irq_sent(gic, cpu, irq, word);
    return true;
}

static int irq_urgency(struct gic *gic, uint32_t cpu, uint32_t irq)
{
    if ((irq_word(gic, cpu, irq)->active & irq_bit(irq)) != 0) {
        return ACTIVE_FIRST;
    }
    return *irq_priority(gic, cpu, irq);
}

/* The pending entry in flight with the lowest priority below `urgency`, NO_IRQ when none is. Entries
 * of the timers are the kernel's. */
static uint32_t flight_victim(struct gic *gic, uint32_t cpu, int urgency)
{
    struct gic_flight flight;
    if (gic->port.query(gic->port.context, cpu, &flight) != L4_OK) {
        return NO_IRQ;
    }
    uint32_t victim = NO_IRQ;
    for (uint32_t i = 0; i < GIC_SLOTS; i++) {
        uint32_t word = flight.word[i];
        uint32_t irq = L4_VIRQ_ID(word);
        if ((word & L4_VIRQ_PENDING) == 0 || (word & L4_VIRQ_ACTIVE) != 0 || irq >= GIC_IRQS ||
            (irq_word(gic, cpu, irq)->flight & irq_bit(irq)) == 0) {
            continue;
        }
        int priority = (int)(((word >> L4_VIRQ_PRIORITY_SHIFT) & 31u) << 3);
        if (priority > urgency) {
            urgency = priority;
            victim = irq;
        }
    }
    return victim;
}

/* Makes room for `irq` at the cost of a less urgent one. */
static bool irq_send_instead(struct gic *gic, uint32_t cpu, uint32_t irq)
{
    uint32_t victim = flight_victim(gic, cpu, irq_urgency(gic, cpu, irq));
    if (victim == NO_IRQ) {
        return false;
    }
    irq_withdraw(gic, cpu, victim);
    return irq_send(gic, cpu, irq);
}

static uint32_t most_urgent(struct gic *gic, uint32_t cpu)
{
    uint32_t best = NO_IRQ;
    int best_urgency = 0x100;
    for (uint32_t i = 0; i < GIC_WORDS; i++) {
        uint32_t due = word_due(gic, gic_word(gic, cpu, i));
        while (due != 0) {
            uint32_t irq = i * 32u + (uint32_t)__builtin_ctz(due);
            due &= due - 1u;
            int urgency = irq_urgency(gic, cpu, irq);
            if (urgency < best_urgency && irq_due(gic, cpu, irq)) {
                best = irq;
                best_urgency = urgency;
            }
        }
    }
    return best;
}

void gic_update(struct gic *gic, uint32_t cpu)
{
    for (;;) {
        uint32_t irq = most_urgent(gic, cpu);
        if (irq == NO_IRQ) {
            return;
        }
        if (!irq_send(gic, cpu, irq) && !irq_send_instead(gic, cpu, irq)) {
            return; /* the kernel has noted that we wait for a slot */
        }
    }
}

void gic_update_all(struct gic *gic)
{
    for (uint32_t cpu = 0; cpu < gic->state.cpus; cpu++) {
        gic_update(gic, cpu);
    }
}

void gic_withdraw_all(struct gic *gic)
{
    for (uint32_t cpu = 0; cpu < gic->state.cpus; cpu++) {
        for (uint32_t i = 0; i < GIC_WORDS; i++) {
            uint32_t bits = gic_word(gic, cpu, i)->flight;
            while (bits != 0) {
                irq_withdraw(gic, cpu, i * 32u + (uint32_t)__builtin_ctz(bits));
                bits &= bits - 1u;
            }
        }
    }
}

void irq_update(struct gic *gic, uint32_t cpu, uint32_t irq)
{
    if (irq >= GIC_BANKED) {
        cpu = spi_home(gic, irq);
        if (cpu >= gic->state.cpus) {
            return;
        }
    }
    if (irq_due(gic, cpu, irq) && !irq_send(gic, cpu, irq)) {
        gic_update(gic, cpu);
    }
    if (irq < GIC_BANKED && (GIC_KERNEL_PPIS & irq_bit(irq)) != 0) {
        gic_configure_timers(gic, cpu);
    }
}

struct gic_live gic_live_word(struct gic *gic, uint32_t cpu, uint32_t index)
{
    struct gic_live live = {0, 0};
    uint32_t flight = gic_word(gic, cpu, index)->flight;
    if (index != 0 && flight == 0) {
        return live;
    }
    for (uint32_t c = 0; c < gic->state.cpus; c++) {
        struct gic_flight now;
        if ((index == 0 && c != cpu) ||
            gic->port.query(gic->port.context, c, &now) != L4_OK) {
            continue;
        }
        for (uint32_t i = 0; i < GIC_SLOTS; i++) {
            uint32_t irq = L4_VIRQ_ID(now.word[i]);
            if (irq / 32u == index) {
                live.pending |= (now.word[i] & L4_VIRQ_PENDING) != 0 ? irq_bit(irq) : 0;
                live.active |= (now.word[i] & L4_VIRQ_ACTIVE) != 0 ? irq_bit(irq) : 0;
            }
        }
        if (index == 0) {
            live.pending |= (now.lines & L4_TIMER_LINE_VIRTUAL) != 0 ? 1u << GIC_PPI_VTIMER : 0;
            live.pending |= (now.lines & L4_TIMER_LINE_PHYSICAL) != 0 ? 1u << GIC_PPI_PTIMER : 0;
        }
    }
    return live;
}
