/*
 * Uplinks: ports of a switch behind which there is a real network device, devmgr's L4_SESSION_NIC.
 */
#include <l4/base/status.h>
#include <l4/log.h>

#include "net.h"

#define OPEN_US 2000000u

static void open_one(uint32_t port, uint32_t number)
{
    struct net_session *const session = &net.port[port];
    if (session->memory == L4_CAP_NULL) { /* the first time: slot and addresses are kept */
        session->memory = net_slot();
        net.uplink[port].address = (void *)(uintptr_t)net_window(L4_NET_BYTES);
    }
    vswitch_port_down(&net.vswitch, port);
    const struct l4_session_offer offer = {
        .server = L4_START_DEVMGR,
        .doorbell = L4_START_ENDPOINT,
        .bits = 1u << port,
        .kind = L4_SESSION_NIC,
        .number = number,
        .slot = session->memory,
        .address = (uint32_t)(uintptr_t)net.uplink[port].address,
        .window = L4_NET_BYTES,
        .timeout_us = OPEN_US,
    };
    const l4_status_t status = l4_session_open(&net.uplink[port], &offer);
    if (status != L4_OK) {
        l4_log("uplink %u is down: the network device cannot be opened (%s)", (unsigned int)number,
               l4_status_text(status));
        return;
    }
    vswitch_port_up(&net.vswitch, port, VSWITCH_CLIENT, net.uplink[port].address);
}

void uplink_open_all(void)
{
    uint32_t number = 0;
    for (uint32_t i = 0; i < net.start->port_count; i++) {
        if (net.port[i].badge == L4_BADGE_NET) {
            open_one(i, number);
            number++;
        }
    }
}
