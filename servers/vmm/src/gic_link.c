/*
 * Linked interrupts: SPIs of devices that are the guest's own. The kernel injects them when they
 * fire (L4_IRQ_ASSIGN); here is told with which word, each time that the guest changes enable,
 * group, priority or target.
 *
 * What the kernel has injected by itself is not in `flight`; irq_withdraw() finds it all the same.
 * Once it is withdrawn its source is deactivated: a level fires again by itself, an edge is in the
 * latch and goes out as any interrupt of ours.
 */
#include <stddef.h>

#include "gic_internal.h"

static struct gic_link *link_find(struct gic *gic, uint32_t irq)
{
    for (uint32_t i = 0; i < gic->links; i++) {
        if (gic->link[i].irq == irq) {
            return &gic->link[i];
        }
    }
    return NULL;
}

/* The word that the guest's registers ask for; 0: it is not to come. */
static uint32_t link_word(struct gic *gic, uint32_t cpu, uint32_t irq)
{
    const struct gic_word *word = irq_word(gic, 0, irq);
    uint32_t bit = irq_bit(irq);
    if (cpu >= gic->state.cpus || (word_enabled(gic, word) & bit) == 0) {
        return 0;
    }
    return l4_virq(irq, *irq_priority(gic, 0, irq), (word->group & bit) != 0 ? L4_VIRQ_GROUP1 : 0);
}

void gic_link_update(struct gic *gic, uint32_t irq)
{
    struct gic_link *link = link_find(gic, irq);
    uint32_t cpu = spi_home(gic, irq);
    uint32_t word = link_word(gic, cpu, irq);
    if (word != link->word || (word != 0 && cpu != link->cpu)) {
        link->word = word;
        link->cpu = cpu;
        gic->port.link(gic->port.context, cpu, irq, word);
    }
}

void gic_link_update_all(struct gic *gic)
{
    for (uint32_t i = 0; i < gic->links; i++) {
        gic_link_update(gic, gic->link[i].irq);
    }
}

void gic_link_again(struct gic *gic)
{
    for (uint32_t i = 0; i < gic->links; i++) {
        gic->link[i].word = 0;
    }
    gic_link_update_all(gic);
}

l4_status_t gic_link(struct gic *gic, uint32_t irq)
{
    if (irq < GIC_BANKED || irq >= GIC_IRQS) {
        return L4_ERR_INVALID;
    }
    if (link_find(gic, irq) != NULL) {
        return L4_ERR_EXISTS;
    }
    if (gic->links == GIC_LINKS) {
        return L4_ERR_NO_MEMORY;
    }
    gic->link[gic->links++] = (struct gic_link){.irq = irq};
    gic->linked[irq / 32u - 1u] |= irq_bit(irq);
    return L4_OK;
}
