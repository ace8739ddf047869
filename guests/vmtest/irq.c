/*
 * Interrupt handling of the tests (see irq.h). Follows IHI 0048B chapter 3: read
 * IAR, handle, write the value read to EOIR.
 */
#include "irq.h"

#include <stddef.h>

#include "guest/cpu.h"
#include "guest/timer.h"
#include "guest/trap.h"

struct irq_log irq_log;
void (*irq_action)(uint32_t iar);
bool irq_auto_eoi = true;

static void handle(bool fiq)
{
    uint32_t iar = gicc_read(GICC_IAR);
    unsigned int n = irq_log.count;

    if (IAR_ID(iar) >= 1020) {
        if (++irq_log.spurious > IRQ_LOG_MAX) {
            irq_log.storm = true;
            gicc_write(GICC_CTLR, 0);
        }
        return;
    }
    if (n < IRQ_LOG_MAX) {
        irq_log.events[n].iar = iar;
        irq_log.events[n].rpr = gicc_read(GICC_RPR);
        irq_log.events[n].when = cntvct();
        irq_log.count = n + 1;
        irq_log.fiqs += fiq ? 1 : 0;
        if (irq_action != NULL) {
            irq_action(iar);
        }
    } else {
        irq_log.storm = true;
        gicd_write(GICD_CTLR, 0);
    }
    if (irq_auto_eoi || irq_log.storm) {
        gicc_write(GICC_EOIR, iar);
    }
}

static void on_irq(void)
{
    handle(false);
}

static void on_fiq(void)
{
    handle(true);
}

void irq_clear_log(void)
{
    irq_log.count = 0;
    irq_log.spurious = 0;
    irq_log.fiqs = 0;
    irq_log.storm = false;
}

unsigned int intid_count(void)
{
    unsigned int count = 32u * ((gicd_read(GICD_TYPER) & 0x1f) + 1);

    return count > 1020 ? 1020 : count;
}

/* A case that failed may leave an active priority behind; the APRs are the way to
 * drop it without knowing which (IHI 0048B, 4.4.15). */
static void drop_active_priorities(void)
{
    if (gicc_read(GICC_RPR) < 0xf8) {
        for (uint32_t i = 0; i < 4; i++) {
            gicc_write(GICC_APR0 + 4 * i, 0);
        }
    }
}

static void timers_off(void)
{
    CP_WRITE(p15, 0, c14, c3, 1, 0); /* CNTV_CTL */
    CP_WRITE(p15, 0, c14, c2, 1, 0); /* CNTP_CTL */
    isb();
}

void irq_reset(void)
{
    unsigned int intids = intid_count();

    irq_disable();
    fiq_disable();
    timers_off();
    gicd_write(GICD_CTLR, 0);
    gicc_write(GICC_CTLR, 0);
    for (unsigned int i = 0; i < intids; i += 32) {
        gicd_write(GICD_ICENABLER + i / 8, ~0u);
        gicd_write(GICD_ICPENDR + i / 8, ~0u);
        gicd_write(GICD_ICACTIVER + i / 8, ~0u);
        gicd_write(GICD_IGROUPR + i / 8, 0);
    }
    for (unsigned int i = 0; i < 16; i += 4) {
        gicd_write(GICD_CPENDSGIR + i, ~0u);
    }
    for (unsigned int i = 0; i < intids; i += 4) {
        gicd_write(GICD_IPRIORITYR + i, 0x80808080);
        gicd_write(GICD_ITARGETSR + i, 0x01010101);
    }
    for (unsigned int i = 32; i < intids; i += 16) {
        gicd_write(GICD_ICFGR + i / 4, 0);
    }
    gicc_write(GICC_PMR, 0xff);
    gicc_write(GICC_BPR, 0);
    drop_active_priorities();
    irq_clear_log();
    irq_action = NULL;
    irq_auto_eoi = true;
    trap_irq = on_irq;
    trap_fiq = on_fiq;
    gicc_write(GICC_CTLR, GICC_CTLR_GRP0);
    gicd_write(GICD_CTLR, 1);
}

void spi_setup(unsigned int intid, uint8_t priority)
{
    uintptr_t cfg = GICD_ICFGR + 4 * (intid / 16);

    gicd_write(cfg, gicd_read(cfg) | (2u << (2 * (intid % 16))));
    gicd_set_priority(intid, priority);
    gicd_hit(GICD_ISENABLER, intid);
}

bool irq_wait(unsigned int count)
{
    uint64_t end = cntvct() + ticks_us(2000000);

    irq_enable();
    while (irq_log.count < count && cntvct() < end) {
    }
    irq_disable();
    return irq_log.count >= count;
}

void irq_window(void)
{
    dsb();
    irq_enable();
    delay_us(50);
    irq_disable();
}

unsigned int irq_id(unsigned int event)
{
    return event < irq_log.count ? IAR_ID(irq_log.events[event].iar) : ~0u;
}

uint32_t priority_mask(void)
{
    uint32_t saved = gicc_read(GICC_PMR);
    uint32_t mask;

    gicc_write(GICC_PMR, 0xff);
    mask = gicc_read(GICC_PMR);
    gicc_write(GICC_PMR, saved);
    return mask;
}
