/*
 * Where a service's channels come from: the device tree (see service.h).
 */
#include "guest/service.h"
#include "guest/start.h"

#include <stddef.h>

#define PRIORITY 0x80u

uint32_t services_start(struct service *services, uint32_t max)
{
    const void *fdt = boot_fdt();
    uint32_t count = 0;

    while (fdt != NULL && count < max && channel_find(fdt, count, &services[count].channel)) {
        channel_irq_enable(&services[count].channel, PRIORITY);
        channel_open(&services[count].channel);
        count++;
    }
    return count;
}
