/* GICv2: what the port's start code calls beside arch/irq.h. */
#ifndef DRIVERS_GICV2_H
#define DRIVERS_GICV2_H

#include <kernel/types.h>

/* Everything disabled, inactive and aimed at CPU 0; then distributor and CPU interface on. */
void gicv2_start(uint32_t distributor, uint32_t cpu_interface);

#endif
