/*
 * ticker: the guest beside virtiotest. It counts aloud, twice a second, and echoes what comes
 * through its channel: whatever the other guest does to its own devices, neither stops. A late tick
 * is told.
 */
#include "guest/channel.h"
#include "guest/cpu.h"
#include "guest/gic.h"
#include "guest/mmu.h"
#include "guest/psci.h"
#include "guest/start.h"
#include "guest/timer.h"
#include "guest/uart.h"

#define PERIOD_US 500000u
#define LATE_US 5000000u
#define LOOK_US 2000u

static struct channel channel;
static bool has_channel;

static void echo(void)
{
    static uint8_t bytes[256];
    uint32_t count;

    while (channel_poll(&channel) != CHANNEL_SAME) {
    }
    do {
        uint32_t room = channel_space(&channel);
        count = channel_read(&channel, bytes, room < sizeof(bytes) ? room : sizeof(bytes));
        (void)channel_write(&channel, bytes, count);
    } while (count != 0);
}

void guest_main(void)
{
    uint64_t next;
    uint32_t count = 0;
    uint32_t late = 0;

    mmu_on_short();
    console_init();
    gicd_write(GICD_CTLR, 1);
    gicc_write(GICC_CTLR, 1);
    gicc_write(GICC_PMR, 0xff);
    has_channel = channel_find(boot_fdt(), 0, &channel);
    if (has_channel) {
        channel_open(&channel);
    }
    print("ticker %s\n", has_channel ? "with a channel" : "without a channel");
    next = cntvct() + ticks_us(PERIOD_US);
    for (;;) {
        if (has_channel) {
            echo();
        }
        sleep_us(LOOK_US);
        if (cntvct() >= next) {
            late += cntvct() >= next + ticks_us(LATE_US) ? 1u : 0;
            print("TICK %u, %u late\n", ++count, late);
            next = cntvct() + ticks_us(PERIOD_US);
        }
    }
}
