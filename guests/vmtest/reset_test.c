/*
 * SYSTEM_RESET (ARM DEN 0022D, 5.11) restarts everything: the last case of the
 * first boot leaves each device dirty, the second boot looks for reset values.
 */
#include <stddef.h>

#include "guest/board.h"
#include "guest/cpu.h"
#include "guest/gic.h"
#include "guest/psci.h"
#include "guest/timer.h"
#include "guest/uart.h"
#include "irq.h"
#include "suites.h"

static uint32_t data_word = 0x600dda7a; /* in .data: the image itself must be fresh */

/* Reset values as the second boot found them, before any case ran. */
struct reset_values {
    uint32_t ctlr, enable, pending, active, group, priority, icfgr;
    uint32_t gicc_ctlr, gicc_pmr;
    uint32_t imsc, ris, lcr_h, cr, ifls, ibrd;
    uint32_t cntv_ctl, cntp_ctl;
    uint32_t data;
};
static struct reset_values seen;

void reset_capture(void)
{
    seen.ctlr = gicd_read(GICD_CTLR);
    seen.enable = gicd_read(GICD_ISENABLER + 4);
    seen.pending = gicd_read(GICD_ISPENDR + 4) & 0x00ffff00;
    seen.active = gicd_read(GICD_ISACTIVER + 4);
    seen.group = gicd_read(GICD_IGROUPR + 4);
    seen.priority = gicd_read(GICD_IPRIORITYR + 40);
    seen.icfgr = gicd_read(GICD_ICFGR + 8) & 0xaaaaaaaau;
    seen.gicc_ctlr = gicc_read(GICC_CTLR);
    seen.gicc_pmr = gicc_read(GICC_PMR);
    seen.imsc = uart_read(UARTIMSC);
    seen.ris = uart_read(UARTRIS) & ~0xfu;
    seen.lcr_h = uart_read(UARTLCR_H);
    seen.cr = uart_read(UARTCR);
    seen.ifls = uart_read(UARTIFLS);
    seen.ibrd = uart_read(UARTIBRD);
    seen.cntv_ctl = CP_READ(p15, 0, c14, c3, 1);
    seen.cntp_ctl = CP_READ(p15, 0, c14, c2, 1);
    seen.data = data_word;
}

static void dirty(void)
{
    data_word = 0xbad;
    gicd_write(GICD_CTLR, 3);
    gicd_write(GICD_IGROUPR + 4, 0x00ff0000);
    gicd_write(GICD_IPRIORITYR + 40, 0x10203040);
    gicd_write(GICD_ICFGR + 8, 0xaaaaaaaa);
    gicd_write(GICD_ISENABLER + 4, 0x00ffff00);
    gicd_write(GICD_ISPENDR + 4, 0x0000ff00);
    gicd_write(GICD_ISACTIVER + 4, 0x00800000);
    gicc_write(GICC_PMR, 0xf0);
    CP_WRITE64(p15, 3, c14, 0);
    CP_WRITE(p15, 0, c14, c3, 1, CNT_CTL_ENABLE);
    CP_WRITE64(p15, 2, c14, 0);
    CP_WRITE(p15, 0, c14, c2, 1, CNT_CTL_ENABLE);
    uart_write(UARTIMSC, UART_INT_TX);
    WRITE_CPACR(0x00f00000u);
    CP_WRITE(p15, 0, c13, c0, 2, 0xdeadbeef);
    isb();
    CHECK_EQ(gicd_read(GICD_ISENABLER + 4) & 0x00ffff00, 0x00ffff00);
}

static void came_back(void)
{
    CHECK(test_found() != PERSIST_NONE);
    CHECK_EQ(seen.data, 0x600dda7a);
}

static void counter_survived(void)
{
    /* Information for whoever reads the log; the RTC keeps its time across a reset
     * of the system (DDI 0224C, 2.2.2), RAM need not keep its contents. */
    SKIP_UNLESS(test_found() != PERSIST_NONE, "first boot");
    CHECK_EQ(mmio_read32(RTC_BASE) >> 24, 0xa7);
}

static void gic(void)
{
    /* Reset values: tables 4-1 and 4-2. */
    CHECK_EQ(seen.ctlr, 0);
    CHECK_EQ(seen.enable, 0);
    CHECK_EQ(seen.pending, 0);
    CHECK_EQ(seen.active, 0);
    CHECK_EQ(seen.group, 0);
    CHECK_EQ(seen.priority, 0);
    CHECK_EQ(seen.icfgr, 0);
    CHECK_EQ(seen.gicc_ctlr & 3, 0);
    CHECK_EQ(seen.gicc_pmr, 0);
}

static void pl011(void)
{
    /* DDI 0183G, table 3-1. */
    SKIP_NATIVE("QEMU 7.2 does not reset its PL011");
    CHECK_EQ(seen.imsc, 0);
    CHECK_EQ(seen.ris, 0);
    CHECK_EQ(seen.lcr_h, 0);
    CHECK_EQ(seen.cr, 0x300);
    CHECK_EQ(seen.ifls, 0x12);
    CHECK_EQ(seen.ibrd, 0);
}

static void timers(void)
{
    CHECK_EQ(seen.cntv_ctl & CNT_CTL_ENABLE, 0); /* B8.1.5: ENABLE resets to 0 */
    CHECK_EQ(seen.cntp_ctl & CNT_CTL_ENABLE, 0);
}

static const struct test_case dirty_cases[] = {
    {"reset.dirty", dirty},
};
SUITE(suite_dirty, dirty_cases);

static const struct test_case reset_cases[] = {
    {"reset.came-back", came_back},
    {"reset.rtc-kept", counter_survived},
    {"reset.gic", gic},
    {"reset.pl011", pl011},
    {"reset.timers", timers},
};
SUITE(suite_reset, reset_cases);
