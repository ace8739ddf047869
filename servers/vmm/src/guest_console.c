/* The guest's console and clock on devmgr and the kernel's time. See guest.h. */
#include <l4/system.h>

#include "guest.h"

#define NS_PER_SECOND 1000000000u

static uint32_t transmit(void *context, const uint8_t *bytes, uint32_t count)
{
    struct guest *guest = context;
    return guest->console_open ? l4_console_write(&guest->console, bytes, count) : count;
}

static uint32_t receive(void *context, uint8_t *bytes, uint32_t count)
{
    struct guest *guest = context;
    return guest->console_open ? l4_console_read(&guest->console, bytes, count) : 0;
}

static uint32_t seconds(void *context)
{
    const struct guest *guest = context;
    return (uint32_t)(guest->epoch + l4_system_clock().ns / NS_PER_SECOND);
}

struct pl011_port guest_console_port(struct guest *guest)
{
    return (struct pl011_port){.context = guest, .transmit = transmit, .receive = receive};
}

struct pl031_port guest_clock_port(struct guest *guest)
{
    return (struct pl031_port){.context = guest, .seconds = seconds};
}

/* A guest without a console in its configuration runs with a wire that leads nowhere. */
l4_status_t guest_console_open(struct guest *guest)
{
    struct l4_session_offer offer = {.server = L4_START_DEVMGR,
                                     .doorbell = L4_START_ENDPOINT,
                                     .bits = CONSOLE_BIT,
                                     .kind = L4_SESSION_CONSOLE,
                                     .window = L4_CONSOLE_WINDOW};
    l4_status_t status = l4_slots_take(&guest->slots, &offer.slot);
    if (status == L4_OK) {
        status = l4_window_take(&guest->window, L4_PAGE_SIZE, L4_PAGE_SIZE, &offer.address);
    }
    if (status != L4_OK) {
        return status;
    }
    status = l4_console_open(&guest->console, &offer);
    guest->console_open = status == L4_OK;
    return status == L4_ERR_CONFIG ? L4_OK : status;
}
