/*
 * The guest's real-time clock: a PL031 (ARM DDI 0224). It counts seconds of the VMM's clock; the
 * state holds differences only, so that it can be carried to another machine.
 */
#ifndef VMM_PL031_H
#define VMM_PL031_H

#include <stdbool.h>
#include <stdint.h>

#include <vmm/mmio.h>

#define PL031_BASE 0x09010000u
#define PL031_IRQ 34u
#define PL031_NEVER 0xffffffffu

struct pl031_port {
    void *context;
    void (*irq)(void *context, bool level);
    /* Seconds since 1970; never goes back. */
    uint32_t (*seconds)(void *context);
};

struct pl031_state {
    uint32_t offset; /* RTCDR = seconds + offset */
    uint32_t match;
    uint32_t load;
    uint8_t imsc, ris, line;
    uint8_t armed; /* RTCDR has not yet reached RTCMR */
};

struct pl031 {
    struct pl031_state state;
    struct pl031_port port;
};

extern const struct device_ops pl031_ops; /* state: struct pl031 */

void pl031_init(struct pl031 *rtc, const struct pl031_port *port);
void pl031_reset(struct pl031 *rtc);

/* Seconds until the alarm; PL031_NEVER when there is none. */
uint32_t pl031_alarm(struct pl031 *rtc);

/* Time has passed: raises the alarm when it is due. */
void pl031_tick(struct pl031 *rtc);

#endif
