/*
 * CPU interface registers (IHI 0048B, 4.4): the physical GICC of a native run, the
 * hardware's GICV (5.5, same layout) inside a virtual machine.
 */
#include "guest/cpu.h"
#include "guest/timer.h"
#include "irq.h"
#include "suites.h"

#define CTLR_BITS                                                                                  \
    (GICC_CTLR_GRP0 | GICC_CTLR_GRP1 | GICC_CTLR_ACKCTL | GICC_CTLR_FIQEN | GICC_CTLR_CBPR |       \
     GICC_CTLR_EOIMODE)

static void pend(unsigned int intid)
{
    gicd_hit(GICD_ISPENDR, intid);
    delay_us(20);
}

static void iidr(void)
{
    uint32_t value = gicc_read(GICC_IIDR);

    CHECK_EQ((value >> 16) & 0xf, 2); /* architecture version, 4.4.14 */
    CHECK((value & 0xf7f) != 0);
    gicc_write(GICC_IIDR, ~value);
    CHECK_EQ(gicc_read(GICC_IIDR), value);
}

static void ctlr(void)
{
    for (uint32_t bit = 1; bit <= GICC_CTLR_EOIMODE; bit <<= 1) {
        if ((bit & CTLR_BITS) != 0) {
            gicc_write(GICC_CTLR, bit);
            CHECK_EQ(gicc_read(GICC_CTLR) & CTLR_BITS, bit);
        }
    }
    gicc_write(GICC_CTLR, 0);
    CHECK_EQ(gicc_read(GICC_CTLR) & CTLR_BITS, 0);
}

static void pmr(void)
{
    uint32_t mask = priority_mask();

    CHECK_EQ(mask & 0xf0, 0xf0);
    for (uint32_t v = 0; v <= 0xff; v++) {
        gicc_write(GICC_PMR, v);
        CHECK_EQ(gicc_read(GICC_PMR), v & mask);
    }
}

static void bpr(void)
{
    uint32_t min;

    gicc_write(GICC_BPR, 0);
    min = gicc_read(GICC_BPR);
    CHECK(min <= 3); /* 4.4.3 */
    for (uint32_t v = 0; v < 8; v++) {
        gicc_write(GICC_BPR, v);
        CHECK_EQ(gicc_read(GICC_BPR), v < min ? min : v);
    }
    /* 4.4.8: one more than BPR's; QEMU 7.2's GICV takes 1 whatever BPR's minimum is, and
     * the CPU interface is the hardware's, not the hypervisor's. */
    gicc_write(GICC_ABPR, 0);
    CHECK(gicc_read(GICC_ABPR) == min + 1 || gicc_read(GICC_ABPR) == 1);
    gicc_write(GICC_ABPR, 6);
    CHECK_EQ(gicc_read(GICC_ABPR), 6);
    CHECK_EQ(gicc_read(GICC_BPR), 7);
    gicc_write(GICC_BPR, 0);
    gicc_write(GICC_ABPR, 0);
}

static void spurious(void)
{
    CHECK_EQ(gicc_read(GICC_IAR), INTID_SPURIOUS);
    CHECK_EQ(gicc_read(GICC_HPPIR), INTID_SPURIOUS);
    CHECK_EQ(gicc_read(GICC_RPR) & priority_mask(), priority_mask());
    gicc_write(GICC_EOIR, INTID_SPURIOUS); /* ignored, 4.4.5 */
    CHECK_EQ(gicc_read(GICC_RPR) & priority_mask(), priority_mask());
}

static void interface_off(void)
{
    spi_setup(SPI_A, 0x80);
    pend(SPI_A);
    gicc_write(GICC_CTLR, 0);
    CHECK_EQ(gicc_read(GICC_IAR), INTID_SPURIOUS);
    irq_window();
    CHECK_EQ(irq_log.count, 0);
    gicc_write(GICC_CTLR, GICC_CTLR_GRP0);
    CHECK(irq_wait(1));
}

static void acknowledge_by_hand(void)
{
    uint32_t iar;

    spi_setup(SPI_A, 0xa0);
    spi_setup(SPI_B, 0x40);
    pend(SPI_A);
    CHECK_EQ(gicc_read(GICC_HPPIR), SPI_A);
    pend(SPI_B);
    CHECK_EQ(gicc_read(GICC_HPPIR), SPI_B);
    iar = gicc_read(GICC_IAR);
    CHECK_EQ(iar, SPI_B);
    CHECK_EQ(gicc_read(GICC_RPR), 0x40);
    CHECK_EQ(gicd_bit(GICD_ISACTIVER, SPI_B), 1);
    CHECK_EQ(gicd_bit(GICD_ISPENDR, SPI_B), 0);
    CHECK_EQ(gicc_read(GICC_HPPIR), SPI_A);
    CHECK_EQ(gicc_read(GICC_IAR), INTID_SPURIOUS); /* A cannot preempt B */
    gicc_write(GICC_EOIR, iar);
    CHECK_EQ(gicd_bit(GICD_ISACTIVER, SPI_B), 0);
    CHECK_EQ(gicc_read(GICC_RPR) & priority_mask(), priority_mask());
    iar = gicc_read(GICC_IAR);
    CHECK_EQ(iar, SPI_A);
    gicc_write(GICC_EOIR, iar);
    CHECK_EQ(gicc_read(GICC_IAR), INTID_SPURIOUS);
}

static void pmr_masks(void)
{
    /* Signalled only when strictly higher than PMR, 4.4.2. */
    spi_setup(SPI_A, 0x80);
    gicc_write(GICC_PMR, 0x80);
    pend(SPI_A);
    irq_window();
    CHECK_EQ(irq_log.count, 0);
    CHECK_EQ(gicc_read(GICC_IAR), INTID_SPURIOUS);
    gicc_write(GICC_PMR, 0x90);
    CHECK(irq_wait(1));
    gicc_write(GICC_PMR, 0);
    gicd_set_priority(SPI_A, 0);
    pend(SPI_A);
    irq_window();
    CHECK_EQ(irq_log.count, 1);
    gicc_write(GICC_PMR, 0xf0);
    CHECK(irq_wait(2));
}

static void pmr_as_lock(void)
{
    /* Interrupts stay unmasked in CPSR; PMR alone holds them off and lets them go. */
    for (unsigned int i = 0; i < 8; i++) {
        spi_setup(SPI_FIRST + i, (uint8_t)(0x20 * i));
    }
    irq_enable();
    for (unsigned int round = 1; round <= 4; round++) {
        gicc_write(GICC_PMR, 0);
        for (unsigned int i = 0; i < 8; i++) {
            gicd_hit(GICD_ISPENDR, SPI_FIRST + i);
        }
        delay_us(20);
        CHECK_EQ(irq_log.count, 8 * (round - 1));
        gicc_write(GICC_PMR, 0x80); /* 0x00, 0x20, 0x40, 0x60 */
        delay_us(50);
        CHECK_EQ(irq_log.count, 8 * (round - 1) + 4);
        gicc_write(GICC_PMR, 0xff);
        delay_us(50);
        CHECK_EQ(irq_log.count, 8 * round);
    }
    irq_disable();
}

/* QEMU 7.2 has no alias registers, neither in GICC nor in GICV: they read 0 where the
 * manual says 1023. */
static bool aliases_modelled(void)
{
    return gicc_read(GICC_AIAR) != 0 || gicc_read(GICC_AHPPIR) != 0;
}

static void group1_by_alias(void)
{
    /* 4.4.4, 4.4.6, 4.4.9-4.4.11: AckCtl = 0, group 1 only through the aliases. */
    uint32_t iar;

    SKIP_UNLESS(aliases_modelled(), "this CPU interface has no aliased registers");
    CHECK_EQ(gicc_read(GICC_AIAR), INTID_SPURIOUS);
    spi_setup(SPI_A, 0x80);
    gicd_hit(GICD_IGROUPR, SPI_A);
    gicd_write(GICD_CTLR, 3);
    gicc_write(GICC_CTLR, GICC_CTLR_GRP0 | GICC_CTLR_GRP1);
    pend(SPI_A);
    CHECK_EQ(gicc_read(GICC_IAR), INTID_GROUP1);
    CHECK_EQ(gicc_read(GICC_HPPIR), INTID_GROUP1);
    CHECK_EQ(gicc_read(GICC_AHPPIR), SPI_A);
    iar = gicc_read(GICC_AIAR);
    CHECK_EQ(iar, SPI_A);
    CHECK_EQ(gicd_bit(GICD_ISACTIVER, SPI_A), 1);
    gicc_write(GICC_AEOIR, iar);
    CHECK_EQ(gicd_bit(GICD_ISACTIVER, SPI_A), 0);
    CHECK_EQ(gicc_read(GICC_RPR) & priority_mask(), priority_mask());
}

static void group1_not_acknowledged(void)
{
    /* AckCtl = 0: IAR and HPPIR say that there is one, and leave it pending. */
    spi_setup(SPI_A, 0x80);
    gicd_hit(GICD_IGROUPR, SPI_A);
    gicd_write(GICD_CTLR, 3);
    gicc_write(GICC_CTLR, GICC_CTLR_GRP0 | GICC_CTLR_GRP1);
    pend(SPI_A);
    CHECK_EQ(gicc_read(GICC_IAR), INTID_GROUP1);
    CHECK_EQ(gicc_read(GICC_HPPIR), INTID_GROUP1);
    CHECK_EQ(gicd_bit(GICD_ISPENDR, SPI_A), 1);
    CHECK_EQ(gicd_bit(GICD_ISACTIVER, SPI_A), 0);
    gicc_write(GICC_CTLR, GICC_CTLR_GRP0 | GICC_CTLR_GRP1 | GICC_CTLR_ACKCTL);
    CHECK(irq_wait(1));
    CHECK_EQ(irq_id(0), SPI_A);
}

static void group0_not_by_alias(void)
{
    SKIP_UNLESS(aliases_modelled(), "this CPU interface has no aliased registers");
    spi_setup(SPI_A, 0x80);
    gicd_write(GICD_CTLR, 3);
    gicc_write(GICC_CTLR, GICC_CTLR_GRP0 | GICC_CTLR_GRP1);
    pend(SPI_A);
    CHECK_EQ(gicc_read(GICC_AIAR), INTID_SPURIOUS);
    CHECK_EQ(gicc_read(GICC_AHPPIR), INTID_SPURIOUS);
    CHECK(irq_wait(1));
}

static void ackctl(void)
{
    /* AckCtl = 1: one IAR for both groups, 4.4.1. */
    spi_setup(SPI_A, 0x40);
    spi_setup(SPI_B, 0x80);
    gicd_hit(GICD_IGROUPR, SPI_A);
    gicd_write(GICD_CTLR, 3);
    gicc_write(GICC_CTLR, GICC_CTLR_GRP0 | GICC_CTLR_GRP1 | GICC_CTLR_ACKCTL);
    pend(SPI_A);
    CHECK_EQ(gicc_read(GICC_HPPIR), SPI_A);
    pend(SPI_B);
    CHECK(irq_wait(2));
    CHECK_EQ(irq_id(0), SPI_A);
    CHECK_EQ(irq_id(1), SPI_B);
}

static void group0_as_fiq(void)
{
    /* FIQEn: group 0 by FIQ, group 1 by IRQ, 2.3. */
    spi_setup(SPI_A, 0x80);
    spi_setup(SPI_B, 0x40);
    gicd_hit(GICD_IGROUPR, SPI_B);
    gicd_write(GICD_CTLR, 3);
    gicc_write(GICC_CTLR, GICC_CTLR_GRP0 | GICC_CTLR_GRP1 | GICC_CTLR_ACKCTL | GICC_CTLR_FIQEN);
    pend(SPI_A);
    irq_window(); /* IRQ alone is open: nothing */
    CHECK_EQ(irq_log.count, 0);
    fiq_enable();
    delay_us(50);
    fiq_disable();
    CHECK_EQ(irq_log.count, 1);
    CHECK_EQ(irq_log.fiqs, 1);
    CHECK_EQ(irq_id(0), SPI_A);
    pend(SPI_B);
    CHECK(irq_wait(2));
    CHECK_EQ(irq_log.fiqs, 1);
    CHECK_EQ(irq_id(1), SPI_B);
}

static const struct test_case cases[] = {
    {"gicc.iidr", iidr},
    {"gicc.ctlr", ctlr},
    {"gicc.pmr", pmr},
    {"gicc.bpr", bpr},
    {"gicc.spurious", spurious},
    {"gicc.interface-off", interface_off},
    {"gicc.acknowledge-by-hand", acknowledge_by_hand},
    {"gicc.pmr-masks", pmr_masks},
    {"gicc.pmr-as-lock", pmr_as_lock},
    {"gicc.group1-not-acknowledged", group1_not_acknowledged},
    {"gicc.group1-by-alias", group1_by_alias},
    {"gicc.group0-not-by-alias", group0_not_by_alias},
    {"gicc.ackctl", ackctl},
    {"gicc.group0-as-fiq", group0_as_fiq},
};
SUITE(suite_gicc, cases);
