/* See guest_session.h. */
#include <l4/base/status.h>
#include <l4/log.h>
#include <l4/proto/init.h>

#include "guest_session.h"

static struct {
    uint32_t timeout_us;
    uint32_t late; /* servers that have not answered in time, a bit each */
} server_round = {.timeout_us = SERVER_CREATE_US};

void guest_server_round(uint32_t timeout_us)
{
    server_round.timeout_us = timeout_us;
    server_round.late = 0;
}

uint32_t guest_server_us(l4_cap_t server)
{
    return (server_round.late >> server & 1u) != 0 ? SERVER_LATE_US : server_round.timeout_us;
}

void guest_server_heard(l4_cap_t server, l4_status_t status)
{
    server_round.late |= status == L4_ERR_TIMEOUT ? 1u << server : 0;
}

l4_status_t guest_session_reopen(struct guest_session *s)
{
    s->offer.timeout_us = guest_server_us(s->offer.server);
    l4_status_t status = s->console != NULL ? l4_console_open(s->console, &s->offer)
                                            : l4_session_open(&s->session, &s->offer);
    guest_server_heard(s->offer.server, status);
    s->open = status == L4_OK;
    if (status != L4_OK) {
        l4_log("opening the session for %s %u: %s", s->name, (unsigned int)s->offer.number,
               l4_status_text(status));
    }
    return status;
}

l4_status_t guest_session_open(struct guest_session *s, struct l4_slots *slots,
                               struct l4_window *addresses, const char *name,
                               const struct l4_session_offer *offer, struct l4_console *console)
{
    *s = (struct guest_session){.offer = *offer, .name = name, .console = console};
    s->offer.doorbell = L4_START_ENDPOINT;
    l4_status_t status = l4_slots_take(slots, &s->offer.slot);
    if (status == L4_OK) {
        status = l4_window_take(addresses, offer->window, L4_PAGE_SIZE, &s->offer.address);
    }
    return status == L4_OK ? guest_session_reopen(s) : status;
}
