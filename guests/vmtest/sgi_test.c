/*
 * Software generated interrupts on one processor (IHI 0048B, 3.2.3, 4.3.15 to
 * 4.3.17): the three filters, the source field of IAR, and an SGI that comes
 * again while it is being handled.
 */
#include <stddef.h>

#include "guest/cpu.h"
#include "guest/timer.h"
#include "irq.h"
#include "suites.h"

static void to_self(void)
{
    gicd_write(GICD_ISENABLER, 0xffff);
    for (unsigned int id = 0; id < 16; id++) {
        gicd_write(GICD_SGIR, SGIR_SELF(id));
        CHECK(irq_wait(id + 1));
        CHECK_EQ(irq_log.events[id].iar, id); /* CPUID field 12:10 is 0 */
    }
    irq_window();
    CHECK_EQ(irq_log.count, 16);
}

static void to_list(void)
{
    gicd_write(GICD_ISENABLER, 0xffff);
    gicd_write(GICD_SGIR, SGIR_LIST(1, 7));
    CHECK(irq_wait(1));
    CHECK_EQ(irq_log.events[0].iar, 7);
    gicd_write(GICD_SGIR, SGIR_LIST(0, 8));    /* empty list: no effect */
    gicd_write(GICD_SGIR, SGIR_LIST(0xfe, 9)); /* others only */
    irq_window();
    CHECK_EQ(irq_log.count, 1);
    gicd_write(GICD_SGIR, SGIR_LIST(0xff, 10));
    CHECK(irq_wait(2));
    CHECK_EQ(irq_id(1), 10);
}

static void to_others(void)
{
    gicd_write(GICD_ISENABLER, 0xffff);
    gicd_write(GICD_SGIR, SGIR_OTHERS(3));
    irq_window();
    CHECK_EQ(irq_log.count, 0);
    CHECK_EQ(gicd_read(GICD_ISPENDR) & 0xffff, 0);
}

static void list_ignored_by_filter(void)
{
    /* CPUTargetList counts only with filter 0. */
    gicd_write(GICD_ISENABLER, 0xffff);
    gicd_write(GICD_SGIR, SGIR_OTHERS(3) | (1u << 16));
    irq_window();
    CHECK_EQ(irq_log.count, 0);
    gicd_write(GICD_SGIR, SGIR_SELF(4) | (0xfeu << 16));
    CHECK(irq_wait(1));
    CHECK_EQ(irq_id(0), 4);
}

static void all_at_once(void)
{
    gicd_write(GICD_ISENABLER, 0xffff);
    for (unsigned int id = 0; id < 16; id++) {
        gicd_set_priority(id, (uint8_t)(0xf0 - 0x10 * id));
        gicd_write(GICD_SGIR, SGIR_SELF(id));
    }
    CHECK_EQ(gicd_read(GICD_ISPENDR) & 0xffff, 0xffff);
    CHECK(irq_wait(16));
    for (unsigned int i = 0; i < 16; i++) {
        CHECK_EQ(irq_id(i), 15 - i);
    }
    CHECK_EQ(gicd_read(GICD_ISPENDR) & 0xffff, 0);
    CHECK_EQ(gicd_read(GICD_ISACTIVER) & 0xffff, 0);
}

static void by_spendsgir(void)
{
    gicd_write(GICD_ISENABLER, 0xffff);
    mmio_write8(GICD_BASE + GICD_SPENDSGIR + 6, 1);
    CHECK(irq_wait(1));
    CHECK_EQ(irq_log.events[0].iar, 6);
    CHECK_EQ(mmio_read8(GICD_BASE + GICD_SPENDSGIR + 6), 0);
}

static void withdrawn(void)
{
    gicd_write(GICD_ISENABLER, 0xffff);
    gicd_write(GICD_SGIR, SGIR_SELF(2));
    delay_us(20);
    mmio_write8(GICD_BASE + GICD_CPENDSGIR + 2, 1);
    irq_window();
    CHECK_EQ(irq_log.count, 0);
    CHECK_EQ(gicc_read(GICC_IAR), INTID_SPURIOUS);
}

static uint32_t pending_seen;

static void send_again(uint32_t iar)
{
    if (irq_log.count < 5) {
        gicd_write(GICD_SGIR, SGIR_SELF(IAR_ID(iar)));
        gicd_write(GICD_SGIR, SGIR_SELF(IAR_ID(iar)));
        pending_seen = gicd_bit(GICD_ISPENDR, IAR_ID(iar)) | gicd_bit(GICD_ISACTIVER, IAR_ID(iar))
                                                                 << 1;
    }
}

static void again_while_active(void)
{
    gicd_write(GICD_ISENABLER, 0xffff);
    irq_action = send_again;
    gicd_write(GICD_SGIR, SGIR_SELF(1));
    CHECK(irq_wait(5));
    irq_window();
    CHECK_EQ(irq_log.count, 5);
    CHECK_EQ(pending_seen, 3);
}

static void group1(void)
{
    gicd_write(GICD_ISENABLER, 0xffff);
    gicd_write(GICD_IGROUPR, 1u << 9);
    gicd_write(GICD_CTLR, 3);
    gicc_write(GICC_CTLR, GICC_CTLR_GRP0 | GICC_CTLR_GRP1 | GICC_CTLR_ACKCTL);
    gicd_write(GICD_SGIR, SGIR_SELF(9)); /* NSATT counts only with Security Extensions */
    CHECK(irq_wait(1));
    gicd_write(GICD_SGIR, SGIR_SELF(9) | (1u << 15));
    CHECK(irq_wait(2));
    CHECK_EQ(irq_id(1), 9);
}

static const struct test_case cases[] = {
    {"sgi.self", to_self},
    {"sgi.list", to_list},
    {"sgi.others", to_others},
    {"sgi.list-ignored-by-filter", list_ignored_by_filter},
    {"sgi.all-at-once", all_at_once},
    {"sgi.spendsgir", by_spendsgir},
    {"sgi.withdrawn", withdrawn},
    {"sgi.again-while-active", again_while_active},
    {"sgi.group1", group1},
};
SUITE(suite_sgi, cases);
