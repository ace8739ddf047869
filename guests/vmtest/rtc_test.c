/*
 * PL031 real-time clock (ARM DDI 0224C, chapter 3). Waits are in seconds by
 * nature, so they sleep in WFI; the wall clock is put back at the end.
 */
#include <stddef.h>

#include "guest/board.h"
#include "guest/cpu.h"
#include "guest/mmio.h"
#include "guest/timer.h"
#include "irq.h"
#include "suites.h"

#define RTCDR 0x000u
#define RTCMR 0x004u
#define RTCLR 0x008u
#define RTCCR 0x00cu
#define RTCIMSC 0x010u
#define RTCRIS 0x014u
#define RTCMIS 0x018u
#define RTCICR 0x01cu
#define RTCPERIPHID0 0xfe0u

static uint32_t rtc_read(uint32_t reg)
{
    return mmio_read32(RTC_BASE + reg);
}

static void rtc_write(uint32_t reg, uint32_t value)
{
    mmio_write32(RTC_BASE + reg, value);
}

static void id_registers(void)
{
    static const uint8_t pcell[4] = {0x0d, 0xf0, 0x05, 0xb1};

    CHECK_EQ(rtc_read(RTCPERIPHID0), 0x31);
    CHECK_EQ(rtc_read(RTCPERIPHID0 + 4), 0x10);
    CHECK_EQ(rtc_read(RTCPERIPHID0 + 8) & 0x0f, 0x04);
    CHECK_EQ(rtc_read(RTCPERIPHID0 + 12), 0x00);
    for (uint32_t i = 0; i < 4; i++) {
        CHECK_EQ(rtc_read(RTCPERIPHID0 + 16 + 4 * i), pcell[i]);
    }
}

static void registers(void)
{
    uint32_t saved = rtc_read(RTCDR);

    CHECK_EQ(rtc_read(RTCCR) & 1, 1); /* running */
    rtc_write(RTCMR, saved - 1000);
    CHECK_EQ(rtc_read(RTCMR), saved - 1000);
    rtc_write(RTCIMSC, 1);
    CHECK_EQ(rtc_read(RTCIMSC), 1);
    rtc_write(RTCIMSC, 0);
    CHECK_EQ(rtc_read(RTCIMSC), 0);
    rtc_write(RTCDR, 0); /* read-only */
    CHECK(rtc_read(RTCDR) - saved <= 5);
}

/* Waits for `reg` to differ from `value`: five seconds asleep, then a while awake,
 * because the clock may follow the host's time and the sleep, under -icount, not. */
static bool wait_change(uint32_t reg, uint32_t value)
{
    for (uint32_t i = 0; i < 5000 && rtc_read(reg) == value; i++) {
        sleep_us(1000);
        irq_window();
    }
    for (uint32_t i = 0; i < 10000000 && rtc_read(reg) == value; i++) {
    }
    return rtc_read(reg) != value;
}

static void advances(void)
{
    uint32_t before = rtc_read(RTCDR);

    CHECK(wait_change(RTCDR, before));
    CHECK(rtc_read(RTCDR) - before <= 30); /* a busy host may keep us waiting */
    CHECK(wait_change(RTCDR, before + 1));
    CHECK(rtc_read(RTCDR) - before >= 2);
}

static void load(void)
{
    uint32_t saved = rtc_read(RTCDR);
    uint32_t now;

    rtc_write(RTCLR, 0x12345678);
    now = rtc_read(RTCDR);
    CHECK(now - 0x12345678u <= 5);
    CHECK_EQ(rtc_read(RTCLR), 0x12345678);
    rtc_write(RTCLR, 0xfffffff0); /* wraps like any counter */
    CHECK(rtc_read(RTCDR) - 0xfffffff0u <= 5);
    rtc_write(RTCLR, saved);
    CHECK(rtc_read(RTCDR) - saved <= 5);
}

static void match(void)
{
    rtc_write(RTCICR, 1);
    CHECK_EQ(rtc_read(RTCRIS), 0);
    rtc_write(RTCMR, rtc_read(RTCDR) + 1);
    CHECK(wait_change(RTCRIS, 0));
    CHECK_EQ(rtc_read(RTCRIS), 1);
    CHECK_EQ(rtc_read(RTCMIS), 0);
    CHECK_EQ(gicd_bit(GICD_ISPENDR, INTID_RTC), 0);
    rtc_write(RTCIMSC, 1);
    CHECK_EQ(rtc_read(RTCMIS), 1);
    CHECK_EQ(gicd_bit(GICD_ISPENDR, INTID_RTC), 1);
    rtc_write(RTCICR, 0);
    CHECK_EQ(rtc_read(RTCRIS), 1);
    rtc_write(RTCICR, 1);
    CHECK_EQ(rtc_read(RTCRIS), 0);
    CHECK_EQ(rtc_read(RTCMIS), 0);
    CHECK_EQ(gicd_bit(GICD_ISPENDR, INTID_RTC), 0);
    rtc_write(RTCIMSC, 0);
}

static void clear_rtc(uint32_t iar)
{
    if (IAR_ID(iar) == INTID_RTC) {
        rtc_write(RTCICR, 1);
    }
}

static void interrupt(void)
{
    uint32_t now = rtc_read(RTCDR);

    irq_action = clear_rtc;
    rtc_write(RTCICR, 1);
    rtc_write(RTCIMSC, 1);
    gicd_hit(GICD_ISENABLER, INTID_RTC);
    rtc_write(RTCMR, now + 1);
    CHECK(wait_change(RTCDR, now));
    CHECK(irq_wait(1));
    CHECK_EQ(irq_log.count, 1);
    CHECK_EQ(irq_id(0), INTID_RTC);
    irq_window();
    CHECK_EQ(irq_log.count, 1);
    CHECK_EQ(rtc_read(RTCRIS), 0);
    rtc_write(RTCIMSC, 0);
}

static void past_match(void)
{
    /* Equality raises it, not having passed, 2.2.4. */
    uint32_t now = rtc_read(RTCDR);

    rtc_write(RTCICR, 1);
    rtc_write(RTCMR, now - 2);
    CHECK(wait_change(RTCDR, now));
    CHECK_EQ(rtc_read(RTCRIS), 0);
}

static const struct test_case cases[] = {
    {"pl031.id-registers", id_registers},
    {"pl031.registers", registers},
    {"pl031.advances", advances},
    {"pl031.load", load},
    {"pl031.match", match},
    {"pl031.interrupt", interrupt},
    {"pl031.past-match", past_match},
};
SUITE(suite_rtc, cases);
