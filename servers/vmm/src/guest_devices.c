/*
 * The kinds of things that the guest has by sessions, in the order of the virtio slots; and what
 * all virtio devices of the process need. See guest.h.
 */
#include <stdio.h>

#include <l4/base/status.h>
#include <l4/log.h>

#include "guest.h"

/* Disks, ports, console, entropy, vsock (docs/book/devices.md); what has no slot comes anywhere. */
static const struct guest_kind *const kinds[] = {
    &guest_uart,    &guest_disks,    &guest_ports,     &guest_hvc,
    &guest_entropy, &guest_channels, &guest_dedicated, /* after all that has a slot */
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

l4_status_t guest_virtio_add(struct guest *guest, struct virtio *virtio, const char *name,
                             uint32_t number)
{
    uint32_t n = guest->vm.virtio_count;
    if (n >= VIRTIO_SLOTS) {
        l4_log("%s: a guest has at most %u virtio devices", name, VIRTIO_SLOTS);
        return L4_ERR_CONFIG;
    }
    struct l4_vm_device *counters = &guest->control->device[n];
    if (number == GUEST_ONLY_ONE) {
        (void)snprintf(counters->name, sizeof(counters->name), "%s", name);
    } else {
        (void)snprintf(counters->name, sizeof(counters->name), "%s%u", name, (unsigned int)number);
    }
    virtio->counters = counters;
    guest->control->device_count = n + 1u;
    return vm_virtio_add(&guest->vm, virtio);
}

l4_status_t guest_devices_create(struct guest *guest)
{
    guest_server_round(SERVER_CREATE_US);
    for (uint32_t i = 0; i < KINDS; i++) {
        l4_status_t status = kinds[i]->create(guest);
        if (status != L4_OK) {
            l4_log("the guest's %s: %s", kinds[i]->name, l4_status_text(status));
            return status;
        }
    }
    guest->boot.devices.virtio_count = guest->vm.virtio_count;
    return L4_OK;
}

void guest_devices_signal(struct guest *guest, uint32_t bits)
{
    for (uint32_t i = 0; i < KINDS; i++) {
        if ((bits & kinds[i]->bits) != 0) {
            kinds[i]->signal(guest, bits);
        }
    }
}

l4_status_t guest_devices_reopen(struct guest *guest, uint32_t servers)
{
    l4_status_t first = L4_OK;
    guest_server_round(SERVER_AGAIN_US);
    for (uint32_t i = 0; i < KINDS; i++) {
        l4_status_t status = (servers & kinds[i]->server) != 0 ? kinds[i]->reopen(guest) : L4_OK;
        first = first != L4_OK ? first : status;
    }
    return first;
}
