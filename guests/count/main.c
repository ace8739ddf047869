/*
 * Counts seconds of its own time, asleep in between; once in ten it says so. bootargs:
 * pecan.name=NAME, pecan.spin (never sleeps and never says anything more: a neighbour who wants all
 * of the processor).
 */
#include <stddef.h>

#include "guest/gic.h"
#include "guest/line.h"
#include "guest/start.h"
#include "guest/timer.h"
#include "guest/uart.h"

#define SECOND_US 1000000u
#define REPORT_S 10u

/* Prints the word that begins at `word`. */
static void print_word(const char *word)
{
    while (*word != '\0' && *word != ' ') {
        console_putc(*word++);
    }
}

void guest_main(void)
{
    const char *name = text_option(boot_args(), "pecan.name=");

    console_init();
    gicd_write(GICD_CTLR, 1);
    gicc_write(GICC_PMR, 0xff);
    gicc_write(GICC_CTLR, GICC_CTLR_GRP0);
    print("GUEST READY ");
    print_word(name != NULL ? name : "count");
    print("\n");
    while (text_option(boot_args(), "pecan.spin") != NULL) {
    }
    for (uint32_t seconds = 1;; seconds++) {
        sleep_us(SECOND_US);
        if (seconds % REPORT_S == 0) {
            print("count: %u s\n", seconds);
        }
    }
}
