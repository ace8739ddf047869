/*
 * Preemption, priority drop and deactivation (IHI 0048B, 3.3 and 4.4): what has to
 * hold while several interrupts are active at once, also more of them than a
 * hypervisor has list registers.
 */
#include <stddef.h>

#include "guest/cpu.h"
#include "guest/timer.h"
#include "irq.h"
#include "suites.h"

static void pend(unsigned int intid)
{
    gicd_hit(GICD_ISPENDR, intid);
    delay_us(20);
}

/* Opens IRQs within a handler, for nested ones to come. */
static void nest_window(void)
{
    irq_enable();
    delay_us(50);
    irq_disable();
}

static unsigned int nested_at;

static void pend_others(uint32_t iar)
{
    if (IAR_ID(iar) != SPI_A) {
        return;
    }
    pend(SPI_B);
    pend(SPI_C);
    pend(SPI_D);
    nest_window();
    nested_at = irq_log.count;
}

static void preemption(void)
{
    /* B is above A, C equal, D below: only B comes before A's EOI. */
    spi_setup(SPI_A, 0x80);
    spi_setup(SPI_B, 0x40);
    spi_setup(SPI_C, 0x80);
    spi_setup(SPI_D, 0xc0);
    irq_action = pend_others;
    pend(SPI_A);
    CHECK(irq_wait(4));
    CHECK_EQ(nested_at, 2);
    CHECK_EQ(irq_id(1), SPI_B);
    CHECK_EQ(irq_id(2), SPI_C);
    CHECK_EQ(irq_id(3), SPI_D);
    CHECK_EQ(irq_log.events[0].rpr, 0x80);
    CHECK_EQ(irq_log.events[1].rpr, 0x40);
    CHECK_EQ(irq_log.events[3].rpr, 0xc0);
}

static void binary_point(void)
{
    /* BPR = 4: group priority is bits 7:5, so 0x80 and 0x90 are of one group. */
    gicc_write(GICC_BPR, 4);
    spi_setup(SPI_A, 0x90);
    spi_setup(SPI_B, 0x80);
    irq_action = pend_others;
    pend(SPI_A);
    CHECK(irq_wait(2));
    CHECK_EQ(nested_at, 1);
    irq_clear_log();
    gicd_set_priority(SPI_B, 0x70);
    pend(SPI_A);
    CHECK(irq_wait(2));
    CHECK_EQ(nested_at, 2);
    /* Among pending ones the subpriority still counts. */
    irq_clear_log();
    irq_action = NULL;
    gicd_set_priority(SPI_B, 0x80);
    pend(SPI_A);
    pend(SPI_B);
    CHECK(irq_wait(2));
    CHECK_EQ(irq_id(0), SPI_B);
    gicc_write(GICC_BPR, 0);
}

static void no_preemption(void)
{
    gicc_write(GICC_BPR, 7); /* no group priority bit at all, table 3-2 */
    spi_setup(SPI_A, 0xf0);
    spi_setup(SPI_B, 0x00);
    irq_action = pend_others;
    pend(SPI_A);
    CHECK(irq_wait(2));
    CHECK_EQ(nested_at, 1);
    gicc_write(GICC_BPR, 0);
}

static unsigned int deepest;

static void go_deeper(uint32_t iar)
{
    unsigned int level = IAR_ID(iar) - SPI_FIRST;

    if (level + 1 < 12) {
        pend(SPI_FIRST + level + 1);
        nest_window();
    } else {
        deepest = (gicd_read(GICD_ISACTIVER + 4) >> 8) & 0xffff;
    }
}

static void twelve_deep(void)
{
    /* Twelve active at once. */
    for (unsigned int i = 0; i < 12; i++) {
        spi_setup(SPI_FIRST + i, (uint8_t)(0xf0 - 0x10 * i));
    }
    irq_action = go_deeper;
    deepest = 0;
    pend(SPI_FIRST);
    CHECK(irq_wait(12));
    irq_window();
    CHECK_EQ(irq_log.count, 12);
    CHECK_EQ(deepest, 0xfff);
    for (unsigned int i = 0; i < 12; i++) {
        CHECK_EQ(irq_id(i), SPI_FIRST + i);
        CHECK_EQ(irq_log.events[i].rpr, 0xf0 - 0x10 * i);
    }
    CHECK_EQ(gicd_read(GICD_ISACTIVER + 4) & 0x00ffff00, 0);
    CHECK_EQ(gicc_read(GICC_RPR) & priority_mask(), priority_mask());
}

static void storm_above(uint32_t iar)
{
    /* From the bottom handler: all the others become pending and preempt in turn. */
    if (IAR_ID(iar) == SPI_FIRST) {
        for (unsigned int i = 1; i < SPI_COUNT; i++) {
            gicd_hit(GICD_ISPENDR, SPI_FIRST + i);
        }
        nest_window();
        nested_at = irq_log.count;
    }
}

static void many_preempt_one(void)
{
    spi_setup(SPI_FIRST, 0xf0);
    for (unsigned int i = 1; i < SPI_COUNT; i++) {
        spi_setup(SPI_FIRST + i, (uint8_t)(0x10 * (SPI_COUNT - 1 - i)));
    }
    irq_action = storm_above;
    pend(SPI_FIRST);
    CHECK(irq_wait(SPI_COUNT));
    CHECK_EQ(nested_at, SPI_COUNT);
    for (unsigned int i = 1; i < SPI_COUNT; i++) {
        CHECK_EQ(irq_id(i), SPI_FIRST + SPI_COUNT - i);
    }
}

static void split_eoi(void)
{
    /* EOImode = 1: EOIR drops the priority, DIR deactivates, 3.2.2. */
    uint32_t iar;

    gicc_write(GICC_CTLR, GICC_CTLR_GRP0 | GICC_CTLR_EOIMODE);
    spi_setup(SPI_A, 0x80);
    spi_setup(SPI_B, 0x80);
    pend(SPI_A);
    iar = gicc_read(GICC_IAR);
    CHECK_EQ(iar, SPI_A);
    gicc_write(GICC_EOIR, iar);
    CHECK_EQ(gicd_bit(GICD_ISACTIVER, SPI_A), 1);
    CHECK_EQ(gicc_read(GICC_RPR) & priority_mask(), priority_mask());
    pend(SPI_A); /* active and pending: must not come again yet */
    CHECK_EQ(gicc_read(GICC_IAR), INTID_SPURIOUS);
    pend(SPI_B); /* but another of the same priority does */
    CHECK_EQ(gicc_read(GICC_IAR), SPI_B);
    gicc_write(GICC_EOIR, SPI_B);
    gicc_write(GICC_DIR, SPI_A);
    CHECK_EQ(gicd_bit(GICD_ISACTIVER, SPI_A), 0);
    CHECK_EQ(gicd_bit(GICD_ISACTIVER, SPI_B), 1);
    delay_us(20);
    CHECK_EQ(gicc_read(GICC_IAR), SPI_A);
    gicc_write(GICC_EOIR, SPI_A);
    gicc_write(GICC_DIR, SPI_B); /* in any order */
    gicc_write(GICC_DIR, SPI_A);
    CHECK_EQ(gicd_read(GICD_ISACTIVER + 4) & 0x00ffff00, 0);
    gicc_write(GICC_CTLR, GICC_CTLR_GRP0);
}

static void split_eoi_many(void)
{
    /* Ten dropped but still active, as a system with threaded handlers leaves them. */
    gicc_write(GICC_CTLR, GICC_CTLR_GRP0 | GICC_CTLR_EOIMODE);
    for (unsigned int i = 0; i < 10; i++) {
        spi_setup(SPI_FIRST + i, 0x80);
        pend(SPI_FIRST + i);
        CHECK_EQ(gicc_read(GICC_IAR), SPI_FIRST + i);
        gicc_write(GICC_EOIR, SPI_FIRST + i);
    }
    CHECK_EQ((gicd_read(GICD_ISACTIVER + 4) >> 8) & 0xffff, 0x3ff);
    for (unsigned int i = 0; i < 10; i++) {
        pend(SPI_FIRST + i);
    }
    CHECK_EQ(gicc_read(GICC_IAR), INTID_SPURIOUS);
    for (unsigned int i = 10; i-- > 0;) {
        gicc_write(GICC_DIR, SPI_FIRST + i);
        delay_us(20);
        CHECK_EQ(gicc_read(GICC_IAR), SPI_FIRST + i);
        gicc_write(GICC_EOIR, SPI_FIRST + i);
        gicc_write(GICC_DIR, SPI_FIRST + i);
    }
    CHECK_EQ(gicd_read(GICD_ISACTIVER + 4) & 0x00ffff00, 0);
    gicc_write(GICC_CTLR, GICC_CTLR_GRP0);
}

static void eoi_out_of_order(void)
{
    /* The order of EOIs should be the reverse of the acknowledges (4.4.5); systems
     * that get it wrong still run on hardware. Afterwards all must be idle again. */
    spi_setup(SPI_A, 0xa0);
    spi_setup(SPI_B, 0x40);
    pend(SPI_A);
    CHECK_EQ(gicc_read(GICC_IAR), SPI_A);
    pend(SPI_B);
    CHECK_EQ(gicc_read(GICC_IAR), SPI_B);
    gicc_write(GICC_EOIR, SPI_A);
    gicc_write(GICC_EOIR, SPI_B);
    CHECK_EQ(gicc_read(GICC_RPR) & priority_mask(), priority_mask());
    CHECK_EQ(gicd_read(GICD_ISACTIVER + 4) & 0x00ffff00, 0);
    pend(SPI_B);
    pend(SPI_A);
    CHECK(irq_wait(2));
    irq_window();
    CHECK_EQ(irq_log.count, 2);
}

static void deactivated_by_distributor(void)
{
    /* ICACTIVER of an interrupt that this CPU acknowledged, then its EOI. */
    spi_setup(SPI_A, 0x80);
    pend(SPI_A);
    CHECK_EQ(gicc_read(GICC_IAR), SPI_A);
    gicd_hit(GICD_ICACTIVER, SPI_A);
    CHECK_EQ(gicd_bit(GICD_ISACTIVER, SPI_A), 0);
    CHECK_EQ(gicc_read(GICC_RPR), 0x80); /* the running priority stays until EOIR */
    gicc_write(GICC_EOIR, SPI_A);
    CHECK_EQ(gicc_read(GICC_RPR) & priority_mask(), priority_mask());
    pend(SPI_A);
    CHECK(irq_wait(1));
    irq_window();
    CHECK_EQ(irq_log.count, 1);
}

static const struct test_case cases[] = {
    {"nesting.preemption", preemption},
    {"nesting.binary-point", binary_point},
    {"nesting.no-preemption", no_preemption},
    {"nesting.twelve-deep", twelve_deep},
    {"nesting.many-preempt-one", many_preempt_one},
    {"nesting.split-eoi", split_eoi},
    {"nesting.split-eoi-many", split_eoi_many},
    {"nesting.eoi-out-of-order", eoi_out_of_order},
    {"nesting.deactivated-by-distributor", deactivated_by_distributor},
};
SUITE(suite_nesting, cases);
