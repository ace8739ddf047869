/* Devices of the board that are the guest's own: mapped at their physical addresses, their
 * interrupts linked by the kernel. */
#ifndef VMM_GUEST_DEDICATED_H
#define VMM_GUEST_DEDICATED_H

#include <l4/abi/types.h>
#include <vmm/boot.h>
#include <vmm/gic.h>

#define GUEST_DEDICATED GIC_LINKS
#define GUEST_COMPATIBLE 128u

struct guest_dedicated {
    l4_cap_t pages, irq;
    l4_cap_t own_pages;        /* a share for the VMM; 0: it has no use for them */
    uint32_t own;              /* where that is mapped */
    uint32_t base, size;       /* of the pages */
    volatile uint32_t *status; /* virtio's Status register, by which the device is reset; or NULL */
    bool reset_due;            /* it could not be reached when it had to be reset */
    char compatible[GUEST_COMPATIBLE];
};

#endif
