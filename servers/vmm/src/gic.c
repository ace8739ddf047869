/*
 * The distributor seen from the rest of the VMM: reset, device lines, what the kernel reports, and
 * the configuration of the timers' interrupts that the kernel injects itself.
 */
#include <string.h>

#include "gic_internal.h"

struct gic_live gic_live_word(struct gic *gic, uint32_t cpu, uint32_t index)
{
    struct gic_live live = {0, 0};
    uint32_t flight = gic_word(gic, cpu, index)->flight;
    if (index != 0 && (flight | word_linked(gic, index)) == 0) {
        return live;
    }
    for (uint32_t c = 0; c < gic->state.cpus; c++) {
        struct gic_flight now;
        if ((index == 0 && c != cpu) || gic->port.query(gic->port.context, c, &now) != L4_OK) {
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

static void configure_timer(struct gic *gic, uint32_t cpu, enum l4_timer timer, uint32_t irq)
{
    const struct gic_word *word = &gic->state.bank[cpu].word;
    uint32_t virq = 0;
    if ((word_enabled(gic, word) & irq_bit(irq)) != 0) {
        virq = l4_virq(irq, gic->state.bank[cpu].priority[irq],
                       (word->group & irq_bit(irq)) != 0 ? L4_VIRQ_GROUP1 : 0);
    }
    /* A vCPU that is gone needs no timer: nothing else can refuse this. */
    (void)!gic->port.timer(gic->port.context, cpu, timer, virq);
}

void gic_configure_timers(struct gic *gic, uint32_t cpu)
{
    configure_timer(gic, cpu, L4_TIMER_VIRTUAL, GIC_PPI_VTIMER);
    configure_timer(gic, cpu, L4_TIMER_PHYSICAL, GIC_PPI_PTIMER);
}

void gic_set_line(struct gic *gic, uint32_t cpu, uint32_t irq, bool level)
{
    struct gic_word *word = irq_word(gic, cpu, irq);
    uint32_t bit = irq_bit(irq);
    if (((word->line & bit) != 0) == level) {
        return;
    }
    word->line ^= bit;
    if (level) {
        word->latch |= bit & word->edge;
        irq_update(gic, cpu, irq);
    } else if ((word->flight & ~word->edge & ~word->soft & bit) != 0) {
        irq_withdraw(gic, cpu, irq);
        irq_update(gic, cpu, irq);
    }
}

void gic_ended(struct gic *gic, uint32_t cpu, const uint16_t *ended, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (ended[i] < GIC_IRQS) {
            struct gic_word *word = irq_word(gic, cpu, ended[i]);
            word->flight &= ~irq_bit(ended[i]);
            word->soft &= ~irq_bit(ended[i]);
            irq_update(gic, cpu, ended[i]);
        }
    }
    gic_update(gic, cpu);
}

void gic_returned(struct gic *gic, uint32_t cpu, uint32_t word)
{
    if (L4_VIRQ_ID(word) < GIC_IRQS) {
        irq_taken_back(gic, cpu, L4_VIRQ_ID(word), word);
    }
}

void gic_init(struct gic *gic, uint32_t cpus, const struct gic_port *port)
{
    memset(gic, 0, sizeof(*gic));
    gic->port = *port;
    gic->state.cpus = cpus;
    gic_reset(gic);
}

void gic_reset(struct gic *gic)
{
    uint32_t cpus = gic->state.cpus;
    memset(&gic->state, 0, sizeof(gic->state));
    gic->state.cpus = cpus;
    for (uint32_t i = 0; i < cpus; i++) {
        gic->state.bank[i].word.enabled = 0xffffu; /* SGIs cannot be disabled */
        gic->state.bank[i].word.edge = 0xffffu;
        gic_configure_timers(gic, i);
    }
    gic_link_update_all(gic);
}

void gic_cpu_off(struct gic *gic, uint32_t cpu)
{
    for (uint32_t i = 0; i < GIC_WORDS; i++) {
        struct gic_word *word = gic_word(gic, cpu, i);
        for (uint32_t bits = word->flight; bits != 0; bits &= bits - 1u) {
            uint32_t irq = i * 32u + (uint32_t)__builtin_ctz(bits);
            if (irq >= GIC_BANKED && gic->state.spi_flight_cpu[irq - GIC_BANKED] != cpu) {
                continue;
            }
            irq_withdraw(gic, cpu, irq);
            word->flight &= ~irq_bit(irq); /* what has ended meanwhile is not told any more */
            word->soft &= ~irq_bit(irq);
        }
    }
}

void gic_cpu_on(struct gic *gic, uint32_t cpu)
{
    gic_configure_timers(gic, cpu);
    gic_update(gic, cpu);
}
