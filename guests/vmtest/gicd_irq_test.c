/*
 * From pending to acknowledged (IHI 0048B, 3.2 and 4.3): what the distributor's
 * state does to an interrupt before it reaches the processor, also after it was
 * already forwarded to the CPU interface (a list register, under a hypervisor).
 */
#include <stddef.h>

#include "guest/cpu.h"
#include "guest/timer.h"
#include "irq.h"
#include "suites.h"

static void pend(unsigned int intid)
{
    gicd_hit(GICD_ISPENDR, intid);
}

static void pended_then_enabled(void)
{
    spi_setup(SPI_A, 0x80);
    gicd_hit(GICD_ICENABLER, SPI_A);
    pend(SPI_A);
    irq_window();
    CHECK_EQ(irq_log.count, 0);
    CHECK_EQ(gicd_bit(GICD_ISPENDR, SPI_A), 1);
    gicd_hit(GICD_ISENABLER, SPI_A);
    CHECK(irq_wait(1));
    CHECK_EQ(irq_id(0), SPI_A);
    irq_window();
    CHECK_EQ(irq_log.count, 1);
    CHECK_EQ(gicd_bit(GICD_ISPENDR, SPI_A), 0);
    CHECK_EQ(gicd_bit(GICD_ISACTIVER, SPI_A), 0);
}

static void disabled_while_pending(void)
{
    /* Masked by CPSR.I, so it waits in the CPU interface; then withdrawn. */
    spi_setup(SPI_A, 0x80);
    pend(SPI_A);
    delay_us(20);
    CHECK_EQ(gicd_bit(GICD_ISPENDR, SPI_A), 1);
    gicd_hit(GICD_ICENABLER, SPI_A);
    irq_window();
    CHECK_EQ(irq_log.count, 0);
    CHECK_EQ(gicd_bit(GICD_ISPENDR, SPI_A), 1);
    gicd_hit(GICD_ISENABLER, SPI_A);
    CHECK(irq_wait(1));
}

static void cleared_while_pending(void)
{
    spi_setup(SPI_A, 0x80);
    pend(SPI_A);
    delay_us(20);
    gicd_hit(GICD_ICPENDR, SPI_A);
    CHECK_EQ(gicd_bit(GICD_ISPENDR, SPI_A), 0);
    irq_window();
    CHECK_EQ(irq_log.count, 0);
    CHECK_EQ(IAR_ID(gicc_read(GICC_IAR)), INTID_SPURIOUS);
}

static void distributor_off(void)
{
    spi_setup(SPI_A, 0x80);
    pend(SPI_A);
    delay_us(20);
    gicd_write(GICD_CTLR, 0);
    irq_window();
    CHECK_EQ(irq_log.count, 0);
    CHECK_EQ(gicd_bit(GICD_ISPENDR, SPI_A), 1);
    gicd_write(GICD_CTLR, 1);
    CHECK(irq_wait(1));
    CHECK_EQ(irq_id(0), SPI_A);
}

static void group_gates(void)
{
    /* EnableGrp1 of distributor and CPU interface both gate a group 1 interrupt. */
    spi_setup(SPI_A, 0x80);
    gicd_hit(GICD_IGROUPR, SPI_A);
    gicc_write(GICC_CTLR, GICC_CTLR_GRP0 | GICC_CTLR_GRP1 | GICC_CTLR_ACKCTL);
    gicd_write(GICD_CTLR, 1);
    pend(SPI_A);
    irq_window();
    CHECK_EQ(irq_log.count, 0);
    gicd_write(GICD_CTLR, 3);
    CHECK(irq_wait(1));
    gicc_write(GICC_CTLR, GICC_CTLR_GRP0 | GICC_CTLR_ACKCTL);
    pend(SPI_A);
    irq_window();
    CHECK_EQ(irq_log.count, 1);
    gicc_write(GICC_CTLR, GICC_CTLR_GRP0 | GICC_CTLR_GRP1 | GICC_CTLR_ACKCTL);
    CHECK(irq_wait(2));
}

static void regrouped_while_pending(void)
{
    spi_setup(SPI_A, 0x80);
    gicd_write(GICD_CTLR, 3);
    pend(SPI_A);
    delay_us(20);
    gicd_hit(GICD_IGROUPR, SPI_A); /* group 1 now, which the CPU interface does not take */
    irq_window();
    CHECK_EQ(irq_log.count, 0);
    gicd_write(GICD_IGROUPR + 4 * (SPI_A / 32), 0);
    CHECK(irq_wait(1));
}

static void edge_fires_once(void)
{
    spi_setup(SPI_A, 0x80);
    for (unsigned int i = 1; i <= 10; i++) {
        pend(SPI_A);
        CHECK(irq_wait(i));
        irq_window();
        CHECK_EQ(irq_log.count, i);
    }
    pend(SPI_A);
    pend(SPI_A); /* pending already: no second one */
    CHECK(irq_wait(11));
    irq_window();
    CHECK_EQ(irq_log.count, 11);
}

static void level_pended_by_software(void)
{
    /* Figure 4-10: the latch set by ISPENDR is cleared by the acknowledge. */
    gicd_hit(GICD_ISENABLER, SPI_A);
    pend(SPI_A);
    CHECK(irq_wait(1));
    irq_window();
    CHECK_EQ(irq_log.count, 1);
    CHECK_EQ(gicd_bit(GICD_ISPENDR, SPI_A), 0);
    pend(SPI_A);
    gicd_hit(GICD_ICPENDR, SPI_A);
    irq_window();
    CHECK_EQ(irq_log.count, 1);
}

static void ppi_pended_by_software(void)
{
    /* The timers themselves are off. */
    gicd_hit(GICD_ISENABLER, INTID_VTIMER);
    gicd_hit(GICD_ISENABLER, INTID_PTIMER);
    pend(INTID_VTIMER);
    CHECK(irq_wait(1));
    CHECK_EQ(irq_id(0), INTID_VTIMER);
    pend(INTID_PTIMER);
    CHECK(irq_wait(2));
    CHECK_EQ(irq_id(1), INTID_PTIMER);
    irq_window();
    CHECK_EQ(irq_log.count, 2);
}

static void priority_order(void)
{
    /* Sixteen at once, four times the list registers of any GIC-400. */
    for (unsigned int i = 0; i < SPI_COUNT; i++) {
        spi_setup(SPI_FIRST + i, (uint8_t)(((i * 7) % SPI_COUNT) * 0x10));
        pend(SPI_FIRST + i);
    }
    CHECK_EQ((gicd_read(GICD_ISPENDR + 4) >> 8) & 0xffff, 0xffff);
    CHECK(irq_wait(SPI_COUNT));
    irq_window();
    CHECK_EQ(irq_log.count, SPI_COUNT);
    /* Priority 0xf0 is still above the idle priority and below PMR's 0xff. */
    for (unsigned int i = 0; i < SPI_COUNT; i++) {
        CHECK_EQ(((irq_id(i) - SPI_FIRST) * 7) % SPI_COUNT, i);
    }
    CHECK_EQ((gicd_read(GICD_ISPENDR + 4) >> 8) & 0xffff, 0);
    CHECK_EQ((gicd_read(GICD_ISACTIVER + 4) >> 8) & 0xffff, 0);
}

static void equal_priority_order(void)
{
    /* Among equals the lowest INTID goes first, 3.3 (a recommendation that every
     * GICv2 follows); here only that each comes exactly once is insisted on. */
    uint32_t seen = 0;

    for (unsigned int i = SPI_COUNT; i-- > 0;) {
        spi_setup(SPI_FIRST + i, 0x80);
        pend(SPI_FIRST + i);
    }
    CHECK(irq_wait(SPI_COUNT));
    irq_window();
    CHECK_EQ(irq_log.count, SPI_COUNT);
    for (unsigned int i = 0; i < SPI_COUNT; i++) {
        seen |= 1u << (irq_id(i) - SPI_FIRST);
    }
    CHECK_EQ(seen, 0xffff);
}

static void pend_more(uint32_t iar)
{
    /* A source that pends again from its own handler, and its neighbours. */
    static const unsigned int limit = 40;

    if (irq_log.count < limit) {
        pend(SPI_FIRST + (IAR_ID(iar) - SPI_FIRST + 5) % SPI_COUNT);
    }
}

static void pended_from_handlers(void)
{
    for (unsigned int i = 0; i < SPI_COUNT; i++) {
        spi_setup(SPI_FIRST + i, (uint8_t)((i % 4) * 0x20));
    }
    irq_action = pend_more;
    for (unsigned int i = 0; i < 6; i++) {
        pend(SPI_FIRST + i);
    }
    CHECK(irq_wait(40));
    irq_window();
    CHECK_EQ(gicd_read(GICD_ISPENDR + 4) & 0x00ffff00, 0);
    CHECK_EQ(irq_log.storm, 0);
}

static void reprioritised_while_pending(void)
{
    spi_setup(SPI_A, 0x40);
    spi_setup(SPI_B, 0x80);
    pend(SPI_A);
    pend(SPI_B);
    delay_us(20);
    gicd_set_priority(SPI_B, 0x20);
    CHECK(irq_wait(2));
    CHECK_EQ(irq_id(0), SPI_B);
    CHECK_EQ(irq_id(1), SPI_A);
}

static void active_is_not_delivered(void)
{
    spi_setup(SPI_A, 0x80);
    gicd_hit(GICD_ISACTIVER, SPI_A);
    pend(SPI_A);
    irq_window();
    CHECK_EQ(irq_log.count, 0);
    CHECK_EQ(gicd_bit(GICD_ISPENDR, SPI_A), 1);
    CHECK_EQ(gicd_bit(GICD_ISACTIVER, SPI_A), 1);
    gicd_hit(GICD_ICACTIVER, SPI_A);
    CHECK(irq_wait(1));
}

static uint32_t seen_pending;
static uint32_t seen_active;

static void look_and_pend(uint32_t iar)
{
    if (irq_log.count == 1) {
        seen_pending = gicd_bit(GICD_ISPENDR, IAR_ID(iar));
        seen_active = gicd_bit(GICD_ISACTIVER, IAR_ID(iar));
        pend(IAR_ID(iar));
        seen_pending |= gicd_bit(GICD_ISPENDR, IAR_ID(iar)) << 1;
        seen_active |= gicd_bit(GICD_ICACTIVER, IAR_ID(iar)) << 1;
    }
}

static void state_seen_in_handler(void)
{
    /* Pending → active → active and pending → active again, figure 3-1. */
    spi_setup(SPI_A, 0x80);
    irq_action = look_and_pend;
    pend(SPI_A);
    CHECK(irq_wait(2));
    irq_window();
    CHECK_EQ(irq_log.count, 2);
    CHECK_EQ(seen_pending, 2);
    CHECK_EQ(seen_active, 3);
    CHECK_EQ(gicd_bit(GICD_ISACTIVER, SPI_A), 0);
}

static void disable_in_handler(uint32_t iar)
{
    gicd_hit(GICD_ICENABLER, IAR_ID(iar));
    seen_active = gicd_bit(GICD_ISACTIVER, IAR_ID(iar));
    pend(IAR_ID(iar));
}

static void disabled_while_active(void)
{
    spi_setup(SPI_A, 0x80);
    irq_action = disable_in_handler;
    pend(SPI_A);
    CHECK(irq_wait(1));
    irq_window();
    CHECK_EQ(seen_active, 1);
    CHECK_EQ(irq_log.count, 1);
    CHECK_EQ(gicd_bit(GICD_ISPENDR, SPI_A), 1);
    CHECK_EQ(gicd_bit(GICD_ISACTIVER, SPI_A), 0);
    irq_action = NULL;
    gicd_hit(GICD_ISENABLER, SPI_A);
    CHECK(irq_wait(2));
}

static void wfi_wakes_masked(void)
{
    /* B1.8.13: WFI ends on a pending IRQ whatever CPSR.I says. */
    spi_setup(SPI_A, 0x80);
    pend(SPI_A);
    wfi();
    wfi();
    CHECK_EQ(irq_log.count, 0);
    CHECK(irq_wait(1));
}

static const struct test_case cases[] = {
    {"gicd.irq.pended-then-enabled", pended_then_enabled},
    {"gicd.irq.disabled-while-pending", disabled_while_pending},
    {"gicd.irq.cleared-while-pending", cleared_while_pending},
    {"gicd.irq.distributor-off", distributor_off},
    {"gicd.irq.group-gates", group_gates},
    {"gicd.irq.regrouped-while-pending", regrouped_while_pending},
    {"gicd.irq.edge-fires-once", edge_fires_once},
    {"gicd.irq.level-pended-by-software", level_pended_by_software},
    {"gicd.irq.ppi-pended-by-software", ppi_pended_by_software},
    {"gicd.irq.priority-order", priority_order},
    {"gicd.irq.equal-priority", equal_priority_order},
    {"gicd.irq.pended-from-handlers", pended_from_handlers},
    {"gicd.irq.reprioritised-while-pending", reprioritised_while_pending},
    {"gicd.irq.active-not-delivered", active_is_not_delivered},
    {"gicd.irq.state-seen-in-handler", state_seen_in_handler},
    {"gicd.irq.disabled-while-active", disabled_while_active},
    {"gicd.irq.wfi-wakes-masked", wfi_wakes_masked},
};
SUITE(suite_gicd_irq, cases);
