/*
 * What is in flight: decides which pending interrupts the kernel holds for a CPU interface, and
 * merges what it tells back.
 *
 * Each interrupt's pending and active state is either here (latch, line, active) or in the kernel
 * (flight). irq_withdraw() brings it here, irq_update() sends it out again; every register write
 * stands between the two, so that no order of guest writes can lose a state.
 *
 * When the kernel has no slot, a less urgent pending interrupt gives way, or an active one that
 * will not be ended next; both come back when a slot is free. The CPU interface can end only what
 * is in flight: that is why the most urgent active one stays, and why GICC_DIR, with which a guest
 * ends interrupts in any order, comes to us (gic_deactivate()).
 *
 * Level-triggered interrupts fly with NOTIFY: their entry is known to be in flight until
 * gic_ended(). Edges end silently: flight is then only "perhaps", settled by a query.
 */
#include "gic_internal.h"

#define NO_IRQ GIC_IRQS
#define LIVE (L4_VIRQ_PENDING | L4_VIRQ_ACTIVE)

static uint32_t virq_source(uint32_t word)
{
    return (word >> L4_VIRQ_SOURCE_SHIFT) & 7u;
}

/* Interrupts of a word whose pending state should go out. A level waits for the end of its flight,
 * and of its being active. */
static inline uint32_t word_pending(const struct gic *gic, const struct gic_word *word)
{
    uint32_t edges = word->latch & word->edge;
    uint32_t levels = (word->latch | word->line) & ~(word->edge | word->flight | word->active);
    return (edges | levels) & word_enabled(gic, word);
}

static inline uint32_t word_due(const struct gic *gic, const struct gic_word *word)
{
    return word_pending(gic, word) | (word->active & ~word->flight);
}

/* The vCPU that takes an SPI: where it is in flight or active, else the first of its targets. */
uint32_t spi_home(const struct gic *gic, uint32_t irq)
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

/* What of an SGI's due state can go out now, with its source. */
static uint32_t sgi_compose(const struct gic *gic, uint32_t cpu, uint32_t sgi, uint32_t state)
{
    const struct gic_bank *bank = &gic->state.bank[cpu];
    if (gic->state.cpus == 1u) {
        return state; /* from itself alone */
    }
    uint32_t source = sgi_next_source(bank, sgi);
    bool blocked = (bank->word.flight & irq_bit(sgi)) != 0 && source != bank->flight_source[sgi];
    if (blocked || (bank->sources[sgi] >> source & 1u) == 0) {
        state &= ~L4_VIRQ_PENDING;
    }
    return state | source << L4_VIRQ_SOURCE_SHIFT;
}

static inline bool irq_notifies(const struct gic *gic, const struct gic_word *word, uint32_t irq)
{
    if (irq < GIC_SGIS) {
        return gic->state.cpus > 1u;
    }
    return (word->edge & irq_bit(irq)) == 0;
}

/* The word that should go out to this vCPU now; without pending and active bits when nothing is. */
static uint32_t irq_compose(struct gic *gic, uint32_t cpu, uint32_t irq)
{
    const struct gic_word *word = irq_word(gic, cpu, irq);
    uint32_t bit = irq_bit(irq);
    uint32_t out = (word_pending(gic, word) & bit) != 0 ? L4_VIRQ_PENDING : 0;
    if ((word->active & ~word->flight & bit) != 0) {
        out |= L4_VIRQ_ACTIVE;
    }
    if (out == 0 || (irq >= GIC_BANKED && spi_home(gic, irq) != cpu)) {
        return 0;
    }
    if (irq < GIC_SGIS) {
        out = sgi_compose(gic, cpu, irq, out);
    }
    if ((word->group & bit) != 0) {
        out |= L4_VIRQ_GROUP1;
    }
    if (irq_notifies(gic, word, irq)) {
        out |= L4_VIRQ_NOTIFY;
    }
    uint32_t priority = *irq_priority(gic, cpu, irq) >> 3;
    return out | priority << L4_VIRQ_PRIORITY_SHIFT | irq;
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
        bank->sources[irq] &= (uint8_t) ~(1u << source);
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

static bool kernel_has(const struct gic *gic, const struct gic_word *word, uint32_t irq)
{
    uint32_t by_itself = irq < GIC_BANKED ? GIC_KERNEL_PPIS : word_linked(gic, irq / 32u);
    return ((by_itself | word->flight) & irq_bit(irq)) != 0;
}

void irq_withdraw(struct gic *gic, uint32_t cpu, uint32_t irq)
{
    struct gic_word *word = irq_word(gic, cpu, irq);
    if (!kernel_has(gic, word, irq)) {
        return;
    }
    if (irq >= GIC_BANKED) {
        cpu = spi_home(gic, irq);
    }
    uint32_t back = 0;
    if (cpu >= gic->state.cpus) {
        return; /* linked, without a target */
    }
    if (gic->port.retract(gic->port.context, cpu, irq, &back) == L4_OK) {
        irq_taken_back(gic, cpu, irq, back);
        gic->state.room |= gic->state.waiting & 1u << cpu;
    } else if (!irq_notifies(gic, word, irq)) {
        word->flight &= ~irq_bit(irq);
    }
}

static bool irq_send(struct gic *gic, uint32_t cpu, uint32_t irq, uint32_t word)
{
    if (gic->port.inject(gic->port.context, cpu, word) != L4_OK) {
        return false;
    }
    irq_sent(gic, cpu, irq, word);
    return true;
}

static uint32_t word_priority(uint32_t word)
{
    return ((word >> L4_VIRQ_PRIORITY_SHIFT) & 31u) << 3;
}

/* Slot of the most urgent active entry, GIC_SLOTS when there is none: unless the guest splits the
 * end of an interrupt, it is the one that will be ended next. */
static uint32_t flight_top(const struct gic_flight *flight)
{
    uint32_t top = GIC_SLOTS;
    for (uint32_t i = 0; i < GIC_SLOTS; i++) {
        if ((flight->word[i] & L4_VIRQ_ACTIVE) != 0 &&
            (top == GIC_SLOTS ||
             word_priority(flight->word[i]) < word_priority(flight->word[top]))) {
            top = i;
        }
    }
    return top;
}

/* The least urgent entry in `state` (pending and not active, or active), but the one in slot
 * `skip`. Entries that the kernel injected itself, the timers', are left alone. */
static uint32_t flight_least(struct gic *gic, uint32_t cpu, const struct gic_flight *flight,
                             uint32_t state, uint32_t skip)
{
    uint32_t least = NO_IRQ;
    uint32_t priority = 0;
    for (uint32_t i = 0; i < GIC_SLOTS; i++) {
        uint32_t word = flight->word[i];
        uint32_t irq = L4_VIRQ_ID(word);
        bool fits = state == L4_VIRQ_ACTIVE ? (word & L4_VIRQ_ACTIVE) != 0
                                            : (word & LIVE) == L4_VIRQ_PENDING;
        if (fits && i != skip && irq < GIC_IRQS && word_priority(word) >= priority &&
            (irq_word(gic, cpu, irq)->flight & irq_bit(irq)) != 0) {
            least = irq;
            priority = word_priority(word);
        }
    }
    return least;
}

/* Who gives way to an active interrupt that came back: it has to be in flight when the guest ends
 * it, thus when it is the next to be ended. With a split end the guest names it to us (DIR). */
static uint32_t victim_for_active(struct gic *gic, uint32_t cpu, const struct gic_flight *flight,
                                  uint32_t urgency)
{
    uint32_t top = flight_top(flight);
    if (gic->port.split_end(gic->port.context, cpu) ||
        (top != GIC_SLOTS && word_priority(flight->word[top]) <= urgency)) {
        return NO_IRQ;
    }
    return flight_least(gic, cpu, flight, L4_VIRQ_PENDING, GIC_SLOTS);
}

/* Who gives way to a pending one: a less urgent pending one; else, if it could be taken now, an
 * active one that is not the next to be ended. */
static uint32_t victim_for_pending(struct gic *gic, uint32_t cpu, const struct gic_flight *flight,
                                   uint32_t urgency)
{
    uint32_t pending = flight_least(gic, cpu, flight, L4_VIRQ_PENDING, GIC_SLOTS);
    if (pending != NO_IRQ && *irq_priority(gic, cpu, pending) > urgency) {
        return pending;
    }
    bool split = gic->port.split_end(gic->port.context, cpu);
    uint32_t top = flight_top(flight);
    if (!split && top != GIC_SLOTS && word_priority(flight->word[top]) <= urgency) {
        return NO_IRQ;
    }
    return flight_least(gic, cpu, flight, L4_VIRQ_ACTIVE, split ? GIC_SLOTS : top);
}

/* Sends an interrupt, in another one's place if need be. False: it waits for a free slot, which the
 * kernel will tell. */
static bool irq_place(struct gic *gic, uint32_t cpu, uint32_t irq)
{
    struct gic_flight flight;
    uint32_t word = irq_compose(gic, cpu, irq);
    if (irq_send(gic, cpu, irq, word)) {
        return true;
    }
    if (gic->port.query(gic->port.context, cpu, &flight) != L4_OK) {
        return false;
    }
    uint32_t urgency = *irq_priority(gic, cpu, irq);
    uint32_t victim = (word & L4_VIRQ_ACTIVE) != 0 ? victim_for_active(gic, cpu, &flight, urgency)
                                                   : victim_for_pending(gic, cpu, &flight, urgency);
    if (victim == NO_IRQ) {
        return false;
    }
    irq_withdraw(gic, cpu, victim);
    if (victim >= GIC_BANKED && spi_home(gic, victim) < gic->state.cpus) {
        gic->state.room |= 1u << spi_home(gic, victim); /* it may belong elsewhere by now */
    }
    return irq_send(gic, cpu, irq, word);
}

/* The most urgent due interrupt, of the active or of the other ones. */
static uint32_t most_urgent(struct gic *gic, uint32_t cpu, bool active)
{
    uint32_t best = NO_IRQ;
    uint32_t best_priority = 0x100;
    for (uint32_t i = 0; i < GIC_WORDS; i++) {
        const struct gic_word *word = gic_word(gic, cpu, i);
        uint32_t due = word_due(gic, word) & (active ? word->active : ~word->active);
        while (due != 0) {
            uint32_t irq = i * 32u + (uint32_t)__builtin_ctz(due);
            due &= due - 1u;
            uint32_t priority = *irq_priority(gic, cpu, irq);
            if (priority < best_priority && (irq_compose(gic, cpu, irq) & LIVE) != 0) {
                best = irq;
                best_priority = priority;
            }
        }
    }
    return best;
}

static void update_one(struct gic *gic, uint32_t cpu)
{
    uint32_t bit = 1u << cpu;
    uint32_t irq;
    for (uint32_t pass = 0; pass < 2u; pass++) {
        do {
            irq = most_urgent(gic, cpu, pass == 0);
        } while (irq != NO_IRQ && irq_place(gic, cpu, irq));
    }
    /* A pending one may have put an active one out. */
    bool waits = irq != NO_IRQ || most_urgent(gic, cpu, true) != NO_IRQ;
    gic->state.waiting = (gic->state.waiting & ~bit) | (waits ? bit : 0);
    gic->state.room &= ~bit;
}

/* A slot that we have emptied ourselves, the kernel does not tell of. */
static __attribute__((noinline)) void room_use(struct gic *gic)
{
    while (gic->state.room != 0) {
        update_one(gic, (uint32_t)__builtin_ctz(gic->state.room));
    }
}

void gic_update(struct gic *gic, uint32_t cpu)
{
    gic->state.room |= 1u << cpu;
    room_use(gic);
}

void gic_update_all(struct gic *gic)
{
    gic_link_update_all(gic);
    for (uint32_t cpu = 0; cpu < gic->state.cpus; cpu++) {
        gic_update(gic, cpu);
    }
}

void gic_withdraw_all(struct gic *gic)
{
    for (uint32_t cpu = 0; cpu < gic->state.cpus; cpu++) {
        for (uint32_t i = 0; i < GIC_WORDS; i++) {
            uint32_t bits = gic_word(gic, cpu, i)->flight | word_linked(gic, i);
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
    }
    if (irq >= GIC_BANKED && (word_linked(gic, irq / 32u) & irq_bit(irq)) != 0) {
        gic_link_update(gic, irq);
    }
    uint32_t word = cpu < gic->state.cpus ? irq_compose(gic, cpu, irq) : 0;
    if ((word & LIVE) != 0 && !irq_send(gic, cpu, irq, word)) {
        gic_update(gic, cpu);
    }
    if (irq < GIC_BANKED && (GIC_KERNEL_PPIS & irq_bit(irq)) != 0) {
        gic_configure_timers(gic, cpu);
    }
    if (gic->state.room != 0) {
        room_use(gic);
    }
}
