/* The guest's console and clock on devmgr and the kernel's time. See guest.h. */
#include <l4/system.h>

#include "guest.h"

#define NS_PER_SECOND 1000000000u

static uint32_t transmit(void *context, const uint8_t *bytes, uint32_t count)
{
    struct guest *guest = context;
    return guest->console_session.open ? l4_console_write(&guest->console, bytes, count) : count;
}

static uint32_t receive(void *context, uint8_t *bytes, uint32_t count)
{
    struct guest *guest = context;
    return guest->console_session.open ? l4_console_read(&guest->console, bytes, count) : 0;
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
static l4_status_t uart_create(struct guest *guest)
{
    const struct l4_session_offer offer = {.server = L4_START_DEVMGR,
                                           .bits = CONSOLE_BIT,
                                           .kind = L4_SESSION_CONSOLE,
                                           .window = L4_CONSOLE_WINDOW};
    l4_status_t status = guest_session_open(&guest->console_session, &guest->slots, &guest->window,
                                            "serial port", &offer, &guest->console);
    return status == L4_ERR_CONFIG ? L4_OK : status;
}

static void uart_signal(struct guest *guest, uint32_t bits)
{
    (void)bits;
    pl011_console_ready(&guest->vm.uart);
}

static l4_status_t uart_reopen(struct guest *guest)
{
    l4_status_t status = guest_session_reopen(&guest->console_session);
    pl011_console_ready(&guest->vm.uart);
    return status == L4_ERR_CONFIG ? L4_OK : status;
}

const struct guest_kind guest_uart = {"serial port", uart_create,  CONSOLE_BIT,
                                      uart_signal,   L4_VM_DEVMGR, uart_reopen};
