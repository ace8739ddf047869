/*
 * What the processor looked like at the guest's first instruction, kept by
 * start.S before anything is changed.
 */
#ifndef GUEST_START_H
#define GUEST_START_H

#include <stdint.h>

struct boot_state {
    uint32_t r[4];
    uint32_t cpsr;
    uint32_t sctlr;
    uint32_t pc;
};

extern struct boot_state boot_state;

/* Address of the device tree: r2 when it points at one, else the start of RAM,
 * else NULL. */
const void *boot_fdt(void);

/* The kernel command line of that tree, "" when there is none. */
const char *boot_args(void);

/* The guest's C entry; returning powers off. */
void guest_main(void);

#endif
