/*
 * A guest that spoils its own image and resets: SYSTEM_RESET has to load it again. The clock, which
 * a reset does not stop, tells the second start from the first. Reports TAP.
 */
#include <stdint.h>

#include "guest/board.h"
#include "guest/mmio.h"
#include "guest/psci.h"
#include "guest/start.h"
#include "guest/uart.h"

#define RTCDR 0x000u
#define RTCLR 0x008u
#define SECOND_START 0x5ec00000u
#define LOADED 0x10ad10adu

static volatile uint32_t data = LOADED;
static const volatile uint32_t constant = LOADED; /* a guest may write to all of its RAM */

static void report(uint32_t number, int good, const char *name)
{
    print("%s %u - %s\n", good ? "ok" : "not ok", number, name);
}

void guest_main(void)
{
    console_init();
    if (mmio_read32(RTC_BASE + RTCDR) >> 20 != SECOND_START >> 20) {
        print("TAP version 13\n1..3\n");
        report(1, data == LOADED, "loaded");
        data = 0;
        *(volatile uint32_t *)(uintptr_t)&constant = 0;
        mmio_write32(RTC_BASE + RTCLR, SECOND_START);
        console_flush();
        (void)hvc_call(PSCI_SYSTEM_RESET, 0, 0, 0); /* what follows finds it spoilt */
    }
    report(2, data == LOADED, "data is loaded again");
    report(3, constant == LOADED, "constants are loaded again");
    system_off();
}
